import type { Container, PodSpec, Pod } from '../../../kube/api/generated/core/v1.ts';

/** The checks of the Pod Security Standards (upstream: k8s.io/pod-security-admission/policy), each with its texts. Pure. */
export type Level = 'privileged' | 'baseline' | 'restricted';
export interface Violation {
  /** `host namespaces` */
  readonly reason: string;
  /** `hostNetwork=true` */
  readonly detail: string;
}
export interface PodParts {
  readonly metadata: Pod['metadata'] | undefined;
  readonly spec: PodSpec;
}

type SecurityContext = NonNullable<Container['securityContext']>;
type Check = (pod: PodParts) => Violation | undefined;

const BASELINE_CAPABILITIES = new Set(['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE', 'SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT']);
const SELINUX_TYPES = new Set(['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t']);
const SAFE_SYSCTLS = new Set([
  'kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.tcp_syncookies', 'net.ipv4.ping_group_range', 'net.ipv4.ip_unprivileged_port_start', 'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time', 'net.ipv4.tcp_fin_timeout', 'net.ipv4.tcp_keepalive_intvl', 'net.ipv4.tcp_keepalive_probes', 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem',
]);
const RESTRICTED_VOLUMES = new Set(['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected', 'secret', 'image']);

function all({ spec }: PodParts): Container[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...((spec.ephemeralContainers ?? []) as unknown as Container[])];
}

/** `container "a"`, `containers "a", "b"` */
function name(names: readonly string[]): string {
  return `container${names.length === 1 ? '' : 's'} ${names.map((one) => JSON.stringify(one)).join(', ')}`;
}

function quoted(values: Iterable<string>): string {
  return [...new Set(values)].sort().map((value) => JSON.stringify(value)).join(', ');
}

function offenders(pod: PodParts, test: (context: SecurityContext, container: Container) => boolean): string[] {
  return all(pod).filter((container) => test(container.securityContext ?? {}, container)).map((container) => container.name);
}

/** `pod and container "a"` */
function setters(isPod: boolean, containers: readonly string[]): string {
  return [...(isPod ? ['pod'] : []), ...(containers.length > 0 ? [name(containers)] : [])].join(' and ');
}

const appArmor: Check = (pod) => {
  const isBad = (profile: { readonly type?: string } | undefined): boolean => profile?.type === 'Unconfined';
  const isPod = isBad(pod.spec.securityContext?.appArmorProfile);
  const bad = offenders(pod, (context) => isBad(context.appArmorProfile));
  return isPod || bad.length > 0 ? { reason: 'forbidden AppArmor profile', detail: `${setters(isPod, bad)} must not set AppArmor profile type to "Unconfined"` } : undefined;
};

const baselineCapabilities: Check = (pod) => {
  const added = (context: SecurityContext): string[] => (context.capabilities?.add ?? []).filter((capability) => !BASELINE_CAPABILITIES.has(capability));
  const bad = offenders(pod, (context) => added(context).length > 0);
  const values = quoted(all(pod).flatMap(({ securityContext }) => added(securityContext ?? {})));
  return bad.length > 0 ? { reason: 'non-default capabilities', detail: `${name(bad)} must not include ${values} in securityContext.capabilities.add` } : undefined;
};

const hostNamespaces: Check = ({ spec }) => {
  const used = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field]).map((field) => `${field}=true`);
  return used.length > 0 ? { reason: 'host namespaces', detail: used.join(', ') } : undefined;
};

const hostPath: Check = ({ spec }) => {
  const bad = (spec.volumes ?? []).filter((volume) => volume.hostPath).map((volume) => volume.name);
  return bad.length > 0 ? { reason: 'hostPath volumes', detail: `volume${bad.length === 1 ? '' : 's'} ${bad.map((one) => JSON.stringify(one)).join(', ')}` } : undefined;
};

const hostPorts: Check = (pod) => {
  const bad = offenders(pod, (_context, { ports }) => ports?.some(({ hostPort }) => hostPort) ?? false);
  const ports = [...new Set(all(pod).flatMap((container) => container.ports?.flatMap(({ hostPort }) => (hostPort ? [hostPort] : [])) ?? []))].sort((a, b) => a - b);
  const verb = bad.length === 1 ? 'uses' : 'use';
  return bad.length > 0 ? { reason: 'hostPort', detail: `${name(bad)} ${verb} hostPort${ports.length === 1 ? '' : 's'} ${ports.join(', ')}` } : undefined;
};

/** Where probes and hooks may reach beyond the pod. */
const probeHosts: Check = (pod) => {
  const hostsOf = ({ lifecycle, livenessProbe, readinessProbe, startupProbe }: Container): string[] =>
    [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop].flatMap((action) => [action?.httpGet?.host, action?.tcpSocket?.host].filter((host) => !!host) as string[]);
  const bad = offenders(pod, (_context, container) => hostsOf(container).length > 0);
  const hosts = [...new Set(all(pod).flatMap(hostsOf))];
  const verb = bad.length === 1 ? 'uses' : 'use';
  return bad.length > 0 ? { reason: 'probe or lifecycle host', detail: `${name(bad)} ${verb} probe or lifecycle host${hosts.length === 1 ? '' : 's'} ${quoted(hosts)}` } : undefined;
};

const privileged: Check = (pod) => {
  const bad = offenders(pod, (context) => context.privileged === true);
  return bad.length > 0 ? { reason: 'privileged', detail: `${name(bad)} must not set securityContext.privileged=true` } : undefined;
};

const procMount: Check = (pod) => {
  if (pod.spec.hostUsers === false) return undefined;
  const isBad = (mount: string | undefined): boolean => mount !== undefined && mount !== 'Default';
  const bad = offenders(pod, (context) => isBad(context.procMount));
  const values = quoted(all(pod).flatMap(({ securityContext }) => (isBad(securityContext?.procMount) ? [securityContext?.procMount ?? ''] : [])));
  return bad.length > 0 ? { reason: 'procMount', detail: `${name(bad)} must not set securityContext.procMount to ${values}` } : undefined;
};

const seLinux: Check = (pod) => {
  const problemsOf = (options: { readonly type?: string; readonly user?: string; readonly role?: string } | undefined): string[] => [
    ...(options?.type && !SELINUX_TYPES.has(options.type) ? [`type ${JSON.stringify(options.type)}`] : []),
    ...(options?.user ? ['user may not be set'] : []),
    ...(options?.role ? ['role may not be set'] : []),
  ];
  const own = problemsOf(pod.spec.securityContext?.seLinuxOptions);
  const bad = offenders(pod, (context) => problemsOf(context.seLinuxOptions).length > 0);
  const problems = [...new Set([...own, ...all(pod).flatMap(({ securityContext }) => problemsOf(securityContext?.seLinuxOptions))])];
  return problems.length > 0 ? { reason: 'seLinuxOptions', detail: `${setters(own.length > 0, bad)} set forbidden securityContext.seLinuxOptions: ${problems.join('; ')}` } : undefined;
};

const baselineSeccomp: Check = (pod) => {
  const isPod = pod.spec.securityContext?.seccompProfile?.type === 'Unconfined';
  const bad = offenders(pod, (context) => context.seccompProfile?.type === 'Unconfined');
  return isPod || bad.length > 0 ? { reason: 'seccompProfile', detail: `${setters(isPod, bad)} must not set securityContext.seccompProfile.type to "Unconfined"` } : undefined;
};

const sysctls: Check = ({ spec }) => {
  const bad = (spec.securityContext?.sysctls ?? []).filter((sysctl) => !SAFE_SYSCTLS.has(sysctl.name)).map((sysctl) => sysctl.name);
  return bad.length > 0 ? { reason: 'forbidden sysctls', detail: bad.join(', ') } : undefined;
};

const hostProcess: Check = (pod) => {
  const isPod = pod.spec.securityContext?.windowsOptions?.hostProcess === true;
  const bad = offenders(pod, (context) => context.windowsOptions?.hostProcess === true);
  return isPod || bad.length > 0 ? { reason: 'hostProcess', detail: `${setters(isPod, bad)} must not set securityContext.windowsOptions.hostProcess=true` } : undefined;
};

const privilegeEscalation: Check = (pod) => {
  const bad = offenders(pod, (context) => context.allowPrivilegeEscalation !== false);
  return bad.length > 0 ? { reason: 'allowPrivilegeEscalation != false', detail: `${name(bad)} must set securityContext.allowPrivilegeEscalation=false` } : undefined;
};

const restrictedCapabilities: Check = (pod) => {
  const missing = offenders(pod, (context) => !context.capabilities?.drop?.includes('ALL'));
  const added = (context: SecurityContext): string[] => (context.capabilities?.add ?? []).filter((capability) => capability !== 'NET_BIND_SERVICE');
  const adding = offenders(pod, (context) => added(context).length > 0);
  const values = quoted(all(pod).flatMap(({ securityContext }) => added(securityContext ?? {})));
  const details = [
    ...(missing.length > 0 ? [`${name(missing)} must set securityContext.capabilities.drop=["ALL"]`] : []),
    ...(adding.length > 0 ? [`${name(adding)} must not include ${values} in securityContext.capabilities.add`] : []),
  ];
  return details.length > 0 ? { reason: 'unrestricted capabilities', detail: details.join('; ') } : undefined;
};

const restrictedVolumes: Check = ({ spec }) => {
  const typeOf = (volume: object): string => Object.keys(volume).find((key) => key !== 'name') ?? 'emptyDir';
  const bad = (spec.volumes ?? []).filter((volume) => !RESTRICTED_VOLUMES.has(typeOf(volume)));
  if (bad.length === 0) return undefined;
  const types = [...new Set(bad.map(typeOf))].sort();
  const names = `volume${bad.length === 1 ? '' : 's'} ${bad.map((volume) => JSON.stringify(volume.name)).join(', ')}`;
  return { reason: 'restricted volume types', detail: `${names} ${bad.length === 1 ? 'uses' : 'use'} restricted volume type${types.length === 1 ? '' : 's'} ${quoted(types)}` };
};

const runAsNonRoot: Check = (pod) => {
  const own = pod.spec.securityContext?.runAsNonRoot;
  const explicit = offenders(pod, (context) => context.runAsNonRoot === false);
  const missing = own === true ? [] : offenders(pod, (context) => context.runAsNonRoot === undefined);
  if (explicit.length > 0) return { reason: 'runAsNonRoot != true', detail: `${setters(own === false, explicit)} must not set securityContext.runAsNonRoot=false` };
  return missing.length > 0 ? { reason: 'runAsNonRoot != true', detail: `pod or ${name(missing)} must set securityContext.runAsNonRoot=true` } : undefined;
};

const runAsUser: Check = (pod) => {
  const isPod = pod.spec.securityContext?.runAsUser === 0;
  const bad = offenders(pod, (context) => context.runAsUser === 0);
  return isPod || bad.length > 0 ? { reason: 'runAsUser=0', detail: `${setters(isPod, bad)} must not set runAsUser=0` } : undefined;
};

const restrictedSeccomp: Check = (pod) => {
  const isGood = (type: string | undefined): boolean => type === 'RuntimeDefault' || type === 'Localhost';
  const own = pod.spec.securityContext?.seccompProfile?.type;
  const explicit = offenders(pod, (context) => context.seccompProfile?.type !== undefined && !isGood(context.seccompProfile.type));
  const missing = isGood(own) ? [] : offenders(pod, (context) => context.seccompProfile?.type === undefined);
  if (explicit.length > 0 || (own !== undefined && !isGood(own))) {
    return { reason: 'seccompProfile', detail: `${setters(own !== undefined && !isGood(own), explicit)} must not set securityContext.seccompProfile.type to "Unconfined"` };
  }
  return missing.length > 0 ? { reason: 'seccompProfile', detail: `pod or ${name(missing)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"` } : undefined;
};

const COMMON = [hostPorts, probeHosts, privileged, procMount, seLinux];
const BASELINE: readonly Check[] = [appArmor, baselineCapabilities, hostNamespaces, hostPath, ...COMMON, baselineSeccomp, sysctls, hostProcess];
/** Stricter checks of the same take the place of baseline's. */
const RESTRICTED: readonly Check[] = [
  appArmor, hostNamespaces, ...COMMON, sysctls, hostProcess, privilegeEscalation, restrictedCapabilities, restrictedVolumes, runAsNonRoot, runAsUser, restrictedSeccomp,
];

export function podSecurityViolations(level: Level, pod: PodParts): readonly Violation[] {
  const checks = level === 'restricted' ? RESTRICTED : level === 'baseline' ? BASELINE : [];
  return checks.flatMap((check) => check(pod) ?? []);
}
