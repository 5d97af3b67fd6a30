import type { Pod } from '../../kube/api/generated/core/v1.ts';

export interface DNSSettings { servers: string[]; searches: string[]; options: string[] }

/** Upstream's limits (validation.MaxDNS…). */
const MAX_NAMESERVERS = 3;
const MAX_SEARCHES = 32;

export function parseResolvConf(text: string): DNSSettings {
  const settings: DNSSettings = { servers: [], searches: [], options: [] };
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line.trim().split(/\s+/);
    if (keyword === 'nameserver' && values[0] !== undefined) settings.servers.push(values[0]);
    else if (keyword === 'search') settings.searches = values.map((value) => (value === '.' ? value : value.replace(/\.$/, '')));
    else if (keyword === 'options') settings.options = values;
  }
  return settings;
}

/** What a pod's /etc/resolv.conf says (upstream: pkg/kubelet/network/dns). `host` is the node's own file. */
export function podDNS(options: { readonly pod: Pod; readonly host: DNSSettings; readonly clusterDNS: readonly string[]; readonly clusterDomain: string }): DNSSettings {
  const { pod, host, clusterDNS, clusterDomain } = options;
  const policy = pod.spec.dnsPolicy ?? 'ClusterFirst';
  let dns: DNSSettings;
  if (policy === 'None') dns = { servers: [], searches: [], options: [] };
  else if (clusterDNS.length > 0 && (policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && pod.spec.hostNetwork !== true))) {
    const own = [`${pod.metadata.namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain];
    dns = { servers: [...clusterDNS], searches: unique([...own, ...host.searches]), options: ['ndots:5'] };
  } else dns = { servers: [...host.servers], searches: [...host.searches], options: [...host.options] };
  const config = pod.spec.dnsConfig;
  if (config !== undefined) {
    dns.servers = unique([...dns.servers, ...(config.nameservers ?? [])]);
    dns.searches = unique([...dns.searches, ...(config.searches ?? [])]);
    dns.options = mergeOptions(dns.options, config.options ?? []);
  }
  return { servers: dns.servers.slice(0, MAX_NAMESERVERS), searches: dns.searches.slice(0, MAX_SEARCHES), options: dns.options };
}

function mergeOptions(base: readonly string[], added: readonly { readonly name?: string; readonly value?: string }[]): string[] {
  const merged = new Map<string, string>();
  for (const option of base) merged.set(option.split(':')[0] ?? option, option);
  for (const { name, value } of added) if (name !== undefined) merged.set(name, value === undefined || value === '' ? name : `${name}:${value}`);
  return [...merged.values()];
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
