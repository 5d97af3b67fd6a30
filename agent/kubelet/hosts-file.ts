import type { Pod } from '../../kube/api/generated/core/v1.ts';

const MANAGED_HEADER = '# Kubernetes-managed hosts file.\n';
const MANAGED_HEADER_WITH_HOST_NETWORK = '# Kubernetes-managed hosts file (host network).\n';

export interface PodHostname { readonly hostname: string; readonly domain: string }

/** The pod's host name and, when it has a subdomain, the domain of its A record. */
export function podHostname(pod: Pod, clusterDomain: string): PodHostname {
  const { hostname, subdomain, hostnameOverride, setHostnameAsFQDN } = pod.spec as Pod['spec'] & { readonly hostnameOverride?: string };
  if (hostnameOverride !== undefined && hostnameOverride !== '') return { hostname: hostnameOverride, domain: '' };
  const short = hostname !== undefined && hostname !== '' ? hostname : pod.metadata.name.slice(0, 63).replace(/[-.]+$/, '');
  const domain = subdomain !== undefined && subdomain !== '' ? `${subdomain}.${pod.metadata.namespace}.svc.${clusterDomain}` : '';
  return { hostname: setHostnameAsFQDN === true && domain !== '' ? `${short}.${domain}` : short, domain };
}

/** /etc/hosts of a pod (upstream: pkg/kubelet/kubelet_pods.go). `hostFile` is the node's, used on the host's network. */
export function hostsFile(options: { readonly pod: Pod; readonly podIPs: readonly string[]; readonly hostFile: string; readonly clusterDomain: string }): string {
  const { pod, podIPs, hostFile, clusterDomain } = options;
  let text: string;
  if (pod.spec.hostNetwork === true) text = MANAGED_HEADER_WITH_HOST_NETWORK + hostFile;
  else {
    const { hostname, domain } = podHostname(pod, clusterDomain);
    const short = hostname.split('.')[0] ?? hostname;
    text = MANAGED_HEADER;
    text += '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n';
    text += 'fe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n';
    for (const ip of podIPs) text += domain === '' ? `${ip}\t${hostname}\n` : `${ip}\t${short}.${domain}\t${short}\n`;
  }
  const aliases = pod.spec.hostAliases ?? [];
  if (aliases.length > 0) text += '\n# Entries added by HostAliases.\n';
  for (const { ip, hostnames } of aliases) text += `${ip}\t${(hostnames ?? []).join('\t')}\n`;
  return text;
}
