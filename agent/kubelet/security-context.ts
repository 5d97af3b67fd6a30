import type { Container, Pod, SeccompProfile } from '../../kube/api/generated/core/v1.ts';
import type { LinuxContainerSecurityContext, NamespaceOption, SecurityProfile } from '../runtime/cri-types.ts';

const MASKED_PATHS = ['/proc/asound', '/proc/acpi', '/proc/kcore', '/proc/keys', '/proc/latency_stats', '/proc/timer_list', '/proc/timer_stats', '/proc/sched_debug', '/proc/scsi', '/sys/firmware', '/sys/devices/virtual/powercap'];
const READONLY_PATHS = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** What the image says about its user, for runAsNonRoot and for the default user. */
export interface ImageUser { readonly uid?: number; readonly username?: string }

export function namespaceOptions(pod: Pod): NamespaceOption {
  return {
    network: pod.spec.hostNetwork === true ? 'NODE' : 'POD',
    ipc: pod.spec.hostIPC === true ? 'NODE' : 'POD',
    pid: pod.spec.hostPID === true ? 'NODE' : pod.spec.shareProcessNamespace === true ? 'POD' : 'CONTAINER',
  };
}

export function seccompProfile(profile: SeccompProfile | undefined, privileged: boolean): SecurityProfile {
  if (privileged || profile === undefined || profile.type === 'Unconfined') return { profileType: 'Unconfined' };
  if (profile.type === 'Localhost') return { profileType: 'Localhost', localhostRef: `/var/lib/kubelet/seccomp/${profile.localhostProfile ?? ''}` };
  return { profileType: 'RuntimeDefault' };
}

/** Pod and container settings merged; the container's win (upstream: pkg/securitycontext DetermineEffectiveSecurityContext). */
export function effectiveSecurity(pod: Pod, container: Container) {
  const own = container.securityContext ?? {};
  const common = pod.spec.securityContext ?? {};
  return {
    privileged: own.privileged ?? false,
    runAsUser: own.runAsUser ?? common.runAsUser,
    runAsGroup: own.runAsGroup ?? common.runAsGroup,
    runAsNonRoot: own.runAsNonRoot ?? common.runAsNonRoot ?? false,
    seccomp: own.seccompProfile ?? common.seccompProfile,
    selinux: own.seLinuxOptions ?? common.seLinuxOptions,
    readOnlyRootFilesystem: own.readOnlyRootFilesystem ?? false,
    allowPrivilegeEscalation: own.allowPrivilegeEscalation ?? true,
    capabilities: own.capabilities,
    procMount: own.procMount ?? 'Default',
  };
}

/** Undefined when runAsNonRoot is kept; otherwise why not, in upstream's words. */
export function violatesNonRoot(pod: Pod, container: Container, image: ImageUser): string | undefined {
  const { runAsNonRoot, runAsUser } = effectiveSecurity(pod, container);
  if (!runAsNonRoot) return undefined;
  const where = `(pod: "${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})", container: ${container.name})`;
  if (runAsUser !== undefined) return runAsUser === 0 ? `container's runAsUser breaks non-root policy ${where}` : undefined;
  if (image.uid === 0) return `container has runAsNonRoot and image will run as root ${where}`;
  if (image.uid === undefined && image.username !== undefined && image.username !== '') {
    return `container has runAsNonRoot and image has non-numeric user (${image.username}), cannot verify user is non-root ${where}`;
  }
  return undefined;
}

export function linuxSecurityContext(options: { readonly pod: Pod; readonly container: Container; readonly image: ImageUser; readonly targetId?: string; readonly supplementalGroups?: readonly number[] }): LinuxContainerSecurityContext {
  const { pod, container, image, targetId, supplementalGroups = [] } = options;
  const security = effectiveSecurity(pod, container);
  const common = pod.spec.securityContext ?? {};
  const namespaces = namespaceOptions(pod);
  if (targetId !== undefined) Object.assign(namespaces, { pid: 'TARGET', targetId });
  const groups = [...(common.supplementalGroups ?? []), ...(common.fsGroup !== undefined ? [common.fsGroup] : []), ...supplementalGroups];
  return {
    privileged: security.privileged,
    namespaceOptions: namespaces,
    readonlyRootfs: security.readOnlyRootFilesystem,
    noNewPrivs: !security.allowPrivilegeEscalation && !security.privileged,
    supplementalGroups: groups,
    supplementalGroupsPolicy: common.supplementalGroupsPolicy === 'Strict' ? 'Strict' : 'Merge',
    maskedPaths: security.privileged || security.procMount === 'Unmasked' ? [] : MASKED_PATHS,
    readonlyPaths: security.privileged || security.procMount === 'Unmasked' ? [] : READONLY_PATHS,
    seccomp: seccompProfile(security.seccomp, security.privileged),
    ...(security.capabilities !== undefined && { capabilities: { addCapabilities: [...(security.capabilities.add ?? [])], dropCapabilities: [...(security.capabilities.drop ?? [])] } }),
    ...(security.selinux !== undefined && { selinuxOptions: security.selinux }),
    ...(security.runAsGroup !== undefined && { runAsGroup: { value: security.runAsGroup } }),
    ...runAs(security.runAsUser, image),
  };
}

function runAs(runAsUser: number | undefined, image: ImageUser): Pick<LinuxContainerSecurityContext, 'runAsUser' | 'runAsUsername'> {
  const uid = runAsUser ?? image.uid;
  if (uid !== undefined) return { runAsUser: { value: uid } };
  return image.username !== undefined && image.username !== '' ? { runAsUsername: image.username } : {};
}
