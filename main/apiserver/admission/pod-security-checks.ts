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
const SELINUX_TYPES = ['', 'container_t', 'container_init_t', 'container_kvm_t'];
const SYSCTLS = ['kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.tcp_syncookies', 'net.ipv4.ping_group_range', 'net.ipv4.ip_unprivileged_port_start'];
const SYSCTLS_27 = [...SYSCTLS, 'net.ipv4.ip_local_reserved_ports'];
const SYSCTLS_29 = [...SYSCTLS_27, 'net.ipv4.tcp_keepalive_time', 'net.ipv4.tcp_fin_timeout', 'net.ipv4.tcp_keepalive_intvl', 'net.ipv4.tcp_keepalive_probes'];
const SYSCTLS_32 = [...SYSCTLS_29, 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem'];
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

/** `key="value"` of the annotations that are meant, in order. */
function annotated({ metadata }: PodParts, test: (key: string, value: string) => boolean): string[] {
  return Object.entries(metadata?.annotations ?? {}).filter(([key, value]) => test(key, value)).map(([key, value]) => `${key}=${JSON.stringify(value)}`).sort();
}

const APPARMOR_ANNOTATION = 'container.apparmor.security.beta.kubernetes.io/';

const appArmor: Check = (pod) => {
  const isBad = (profile: { readonly type?: string } | undefined): boolean => profile !== undefined && profile.type !== 'RuntimeDefault' && profile.type !== 'Localhost';
  const own = pod.spec.securityContext?.appArmorProfile;
  const bad = offenders(pod, (context) => isBad(context.appArmorProfile));
  const annotations = annotated(pod, (key, value) => key.startsWith(APPARMOR_ANNOTATION) && value !== '' && value !== 'runtime/default' && !value.startsWith('localhost/'));
  const profiles = [own, ...all(pod).map(({ securityContext }) => securityContext?.appArmorProfile)].filter(isBad).map((profile) => profile?.type ?? '');
  const values = [...new Set(profiles)].sort().concat(annotations);
  if (values.length === 0) return undefined;
  const who = [setters(isBad(own), bad), annotations.length === 0 ? '' : `annotation${annotations.length === 1 ? '' : 's'}`].filter((one) => one !== '').join(' and ');
  return { reason: `forbidden AppArmor profile${values.length === 1 ? '' : 's'}`, detail: `${who} must not set AppArmor profile type to ${values.map((value) => `"${value}"`).join(', ')}` };
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
  const bad = [...new Set(offenders(pod, (_context, container) => hostsOf(container).length > 0))].sort();
  const hosts = [...new Set(all(pod).flatMap(hostsOf))];
  const verb = bad.length === 1 ? 'uses' : 'use';
  return bad.length > 0 ? { reason: 'probe or lifecycle host', detail: `${name(bad)} ${verb} probe or lifecycle host${hosts.length === 1 ? '' : 's'} ${quoted(hosts)}` } : undefined;
};

const privileged: Check = (pod) => {
  const bad = offenders(pod, (context) => context.privileged === true);
  return bad.length > 0 ? { reason: 'privileged', detail: `${name(bad)} must not set securityContext.privileged=true` } : undefined;
};

const procMount: Check = (pod) => {
  const isBad = (mount: string | undefined): boolean => mount !== undefined && mount !== 'Default';
  const bad = offenders(pod, (context) => isBad(context.procMount));
  const values = quoted(all(pod).flatMap(({ securityContext }) => (isBad(securityContext?.procMount) ? [securityContext?.procMount ?? ''] : [])));
  return bad.length > 0 ? { reason: 'procMount', detail: `${name(bad)} must not set securityContext.procMount to ${values}` } : undefined;
};

type SeLinuxOptions = NonNullable<SecurityContext['seLinuxOptions']>;

function seLinux(types: ReadonlySet<string>): Check {
  const isBad = ({ type, user, role }: SeLinuxOptions): boolean => !types.has(type ?? '') || !!user || !!role;
  return (pod) => {
    const own = pod.spec.securityContext?.seLinuxOptions;
    const bad = offenders(pod, ({ seLinuxOptions }) => seLinuxOptions !== undefined && isBad(seLinuxOptions));
    const options = [own, ...all(pod).map(({ securityContext }) => securityContext?.seLinuxOptions)].flatMap((one) => one ?? []);
    const badTypes = new Set(options.flatMap(({ type }) => (types.has(type ?? '') ? [] : [type ?? ''])));
    const problems = [
      ...(badTypes.size > 0 ? [`type${badTypes.size === 1 ? '' : 's'} ${quoted(badTypes)}`] : []),
      ...(options.some(({ user }) => user) ? ['user may not be set'] : []),
      ...(options.some(({ role }) => role) ? ['role may not be set'] : []),
    ];
    const isPod = own !== undefined && isBad(own);
    return problems.length > 0 ? { reason: 'seLinuxOptions', detail: `${setters(isPod, bad)} set forbidden securityContext.seLinuxOptions: ${problems.join('; ')}` } : undefined;
  };
}

const SECCOMP_ANNOTATION = 'seccomp.security.alpha.kubernetes.io/pod';

/** Before seccomp profiles had fields. */
const annotatedSeccomp: Check = (pod) => {
  const keys = new Set([SECCOMP_ANNOTATION, ...all(pod).map((container) => `container.seccomp.security.alpha.kubernetes.io/${container.name}`)]);
  const bad = annotated(pod, (key, value) => keys.has(key) && value !== 'runtime/default' && value !== 'docker/default' && !value.startsWith('localhost/'));
  return bad.length > 0 ? { reason: 'seccompProfile', detail: `forbidden annotation${bad.length === 1 ? '' : 's'} ${bad.join(', ')}` } : undefined;
};

const baselineSeccomp: Check = (pod) => {
  const isPod = pod.spec.securityContext?.seccompProfile?.type === 'Unconfined';
  const bad = offenders(pod, (context) => context.seccompProfile?.type === 'Unconfined');
  return isPod || bad.length > 0 ? { reason: 'seccompProfile', detail: `${setters(isPod, bad)} must not set securityContext.seccompProfile.type to "Unconfined"` } : undefined;
};

function sysctls(safe: ReadonlySet<string>): Check {
  return ({ spec }) => {
    const bad = (spec.securityContext?.sysctls ?? []).filter((sysctl) => !safe.has(sysctl.name)).map((sysctl) => sysctl.name);
    return bad.length > 0 ? { reason: 'forbidden sysctls', detail: bad.join(', ') } : undefined;
  };
}

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
  if (own === false || explicit.length > 0) return { reason: 'runAsNonRoot != true', detail: `${setters(own === false, explicit)} must not set securityContext.runAsNonRoot=false` };
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

/** Not asked of pods in user namespaces. */
const unlessOwnUsers = (check: Check): Check => (pod) => (pod.spec.hostUsers === false ? undefined : check(pod));
/** What Windows has no settings for. */
const unlessWindows = (check: Check): Check => (pod) => (pod.spec.os?.name === 'windows' ? undefined : check(pod));

/** The check from a minor version on: the last one that is old enough counts. */
type Since = readonly [minor: number, check: Check];
interface VersionedCheck {
  readonly versions: readonly Since[];
  /** The restricted check of the same matter takes the place of baseline's from this minor version on. */
  readonly restrictedSince?: number;
}

const BASELINE: readonly VersionedCheck[] = [
  { versions: [[0, appArmor]] },
  { versions: [[0, baselineCapabilities]], restrictedSince: 22 },
  { versions: [[0, hostNamespaces]] },
  { versions: [[0, hostPath]], restrictedSince: 0 },
  { versions: [[0, hostPorts]] },
  { versions: [[34, probeHosts]] },
  { versions: [[0, privileged]] },
  { versions: [[0, procMount], [35, unlessOwnUsers(procMount)]], restrictedSince: 35 },
  { versions: [[0, seLinux(new Set(SELINUX_TYPES))], [31, seLinux(new Set([...SELINUX_TYPES, 'container_engine_t']))]] },
  { versions: [[0, annotatedSeccomp], [19, baselineSeccomp]], restrictedSince: 19 },
  { versions: [[0, sysctls(new Set(SYSCTLS))], [27, sysctls(new Set(SYSCTLS_27))], [29, sysctls(new Set(SYSCTLS_29))], [32, sysctls(new Set(SYSCTLS_32))]] },
  { versions: [[0, hostProcess]] },
];
const RESTRICTED: readonly VersionedCheck[] = [
  { versions: [[8, privilegeEscalation], [25, unlessWindows(privilegeEscalation)]] },
  { versions: [[22, restrictedCapabilities], [25, unlessWindows(restrictedCapabilities)]] },
  { versions: [[35, procMount]] },
  { versions: [[0, restrictedVolumes]] },
  { versions: [[0, runAsNonRoot], [35, unlessOwnUsers(runAsNonRoot)]] },
  { versions: [[23, runAsUser], [35, unlessOwnUsers(runAsUser)]] },
  { versions: [[19, restrictedSeccomp], [25, unlessWindows(restrictedSeccomp)]] },
];

/** `version`: `latest` or `v1.x`; later ones than there are mean the latest. */
export function podSecurityViolations({ level, version }: { readonly level: Level; readonly version: string }, pod: PodParts): readonly Violation[] {
  if (level === 'privileged') return [];
  const minor = version === 'latest' ? Infinity : Number(version.slice('v1.'.length));
  const baseline = level === 'baseline' ? BASELINE : BASELINE.filter(({ restrictedSince }) => restrictedSince === undefined || minor < restrictedSince);
  return [...baseline, ...(level === 'baseline' ? [] : RESTRICTED)].flatMap(({ versions }) => versions.findLast(([since]) => since <= minor)?.[1](pod) ?? []);
}
