import type { Pod } from '../../kube/api/generated/core/v1.ts';
import type { PodSandboxConfig, PortMapping } from '../runtime/cri-types.ts';
import { linuxResources, podAmounts } from './container-resources.ts';
import { podHostname } from './hosts-file.ts';
import { POD_NAMESPACE_LABEL, POD_NAME_LABEL, POD_UID_LABEL } from './runtime-labels.ts';
import type { DNSSettings } from './resolv-conf.ts';
import { namespaceOptions, seccompProfile } from './security-context.ts';

export interface SandboxOptions {
  readonly pod: Pod;
  readonly attempt: number;
  readonly dns: DNSSettings;
  readonly clusterDomain: string;
  readonly logDirectory: string;
  readonly cgroupParent: string;
}

/** Upstream: kuberuntime_sandbox.go generatePodSandboxConfig. */
export function sandboxConfig({ pod, attempt, dns, clusterDomain, logDirectory, cgroupParent }: SandboxOptions): PodSandboxConfig {
  const { name, namespace = '', uid = '', labels = {}, annotations = {} } = pod.metadata;
  const security = pod.spec.securityContext ?? {};
  const privileged = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].some((container) => container.securityContext?.privileged === true);
  return {
    metadata: { name, namespace, uid, attempt },
    // The runtime refuses a host name on the node's own UTS namespace.
    hostname: pod.spec.hostNetwork === true ? '' : podHostname(pod, clusterDomain).hostname,
    logDirectory,
    dnsConfig: dns,
    portMappings: portMappings(pod),
    labels: { ...labels, [POD_NAME_LABEL]: name, [POD_NAMESPACE_LABEL]: namespace, [POD_UID_LABEL]: uid },
    annotations: { ...annotations },
    linux: {
      cgroupParent,
      sysctls: Object.fromEntries((security.sysctls ?? []).map(({ name: key, value }) => [key, value])),
      securityContext: {
        privileged,
        namespaceOptions: namespaceOptions(pod),
        supplementalGroups: [...(security.fsGroup !== undefined ? [security.fsGroup] : []), ...(security.supplementalGroups ?? [])],
        seccomp: { profileType: 'RuntimeDefault', ...(privileged && seccompProfile(undefined, true)) },
        ...(security.runAsUser !== undefined && { runAsUser: { value: security.runAsUser } }),
        ...(security.runAsGroup !== undefined && { runAsGroup: { value: security.runAsGroup } }),
        ...(security.seLinuxOptions !== undefined && { selinuxOptions: security.seLinuxOptions }),
      },
      resources: linuxResources(podAmounts(pod)),
    },
  };
}

function portMappings(pod: Pod): PortMapping[] {
  if (pod.spec.hostNetwork === true) return [];
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always')];
  return containers.flatMap((container) => (container.ports ?? []).flatMap((port) =>
    port.hostPort === undefined || port.hostPort === 0 ? [] : [{
      protocol: (port.protocol ?? 'TCP') as PortMapping['protocol'], containerPort: port.containerPort, hostPort: port.hostPort, hostIp: port.hostIP ?? '',
    }]));
}
