import type * as core from '../../../../../../kube/api/generated/core/v1.ts';
import { isValidUserId } from '../../../../../../kube/apimachinery/name-validation.ts';
import { internalValue } from '../../../validation/internal-shape.ts';
import type { FieldErrors } from '../../../validation/field-errors.ts';
import type { FieldPath } from '../../../validation/field-path.ts';
import { checkLocalDescendingPath, isEmpty } from '../../../validation/values.ts';
import { checkWindowsOptions } from './windows.ts';

const PROFILE_TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined'];
const FS_GROUP_POLICIES = ['Always', 'OnRootMismatch'];
const SUPPLEMENTAL_GROUPS_POLICIES = ['Merge', 'Strict'];
const PROC_MOUNTS = ['Default', 'Unmasked'];
const SYSCTL_PATTERN = '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$';
const SYSCTL = new RegExp(SYSCTL_PATTERN);
const SYSCTL_MAX_LENGTH = 253;
const MAX_PROFILE_LENGTH = 4095;

function checkId(id: number | undefined, path: FieldPath, errors: FieldErrors): void {
  if (id !== undefined) errors.invalidEach(path, id, isValidUserId(id));
}

export function checkContainerSecurityContext(
  context: core.SecurityContext | undefined,
  path: FieldPath,
  errors: FieldErrors,
  hostUsers: boolean,
): void {
  if (context === undefined) return;
  checkId(context.runAsUser, path.child('runAsUser'), errors);
  checkId(context.runAsGroup, path.child('runAsGroup'), errors);
  const { procMount } = context;
  if (procMount !== undefined) {
    if (!PROC_MOUNTS.includes(procMount)) errors.notSupported(path.child('procMount'), procMount, PROC_MOUNTS);
    if (hostUsers && procMount === 'Unmasked') {
      errors.invalid(path.child('procMount'), procMount, '`hostUsers` must be false to use `Unmasked`');
    }
  }
  checkSeccompProfile(context.seccompProfile, path.child('seccompProfile'), errors);
  if (context.allowPrivilegeEscalation === false) {
    if (context.privileged) {
      errors.invalid(path, internalValue('SecurityContext', context), 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true');
    }
    for (const capability of context.capabilities?.add ?? []) {
      if (capability !== 'CAP_SYS_ADMIN') continue;
      const detail = 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN';
      errors.invalid(path, internalValue('SecurityContext', context), detail);
    }
  }
  checkWindowsOptions(context.windowsOptions, path.child('windowsOptions'), errors);
  checkAppArmorProfile(context.appArmorProfile, path.child('appArmorProfile'), errors);
}

export function checkPodSecurityContext(spec: core.PodSpec, path: FieldPath, errors: FieldErrors): void {
  const context = spec.securityContext;
  if (context === undefined) return;
  checkId(context.fsGroup, path.child('fsGroup'), errors);
  checkId(context.runAsUser, path.child('runAsUser'), errors);
  checkId(context.runAsGroup, path.child('runAsGroup'), errors);
  for (const [index, group] of (context.supplementalGroups ?? []).entries()) checkId(group, path.child('supplementalGroups').index(index), errors);
  if (spec.shareProcessNamespace && spec.hostPID) {
    errors.invalid(path.child('shareProcessNamespace'), true, 'ShareProcessNamespace and HostPID cannot both be enabled');
  }
  if (!isEmpty(context.sysctls)) checkSysctls(spec, context.sysctls ?? [], path.child('sysctls'), errors);
  const { fsGroupChangePolicy, supplementalGroupsPolicy, seLinuxChangePolicy } = context;
  if (fsGroupChangePolicy !== undefined && !FS_GROUP_POLICIES.includes(fsGroupChangePolicy)) {
    errors.notSupported(path.child('fsGroupChangePolicy'), fsGroupChangePolicy, FS_GROUP_POLICIES);
  }
  checkSeccompProfile(context.seccompProfile, path.child('seccompProfile'), errors);
  checkWindowsOptions(context.windowsOptions, path.child('windowsOptions'), errors);
  checkAppArmorProfile(context.appArmorProfile, path.child('appArmorProfile'), errors);
  if (supplementalGroupsPolicy !== undefined && !SUPPLEMENTAL_GROUPS_POLICIES.includes(supplementalGroupsPolicy)) {
    errors.notSupported(path.child('supplementalGroupsPolicy'), supplementalGroupsPolicy, SUPPLEMENTAL_GROUPS_POLICIES);
  }
  if (seLinuxChangePolicy !== undefined && seLinuxChangePolicy !== 'Recursive') {
    errors.notSupported(path.child('seLinuxChangePolicy'), seLinuxChangePolicy, ['Recursive']);
  }
}

function checkSysctls(spec: core.PodSpec, sysctls: readonly core.Sysctl[], path: FieldPath, errors: FieldErrors): void {
  const seen = new Set<string>();
  for (const [index, { name = '' }] of sysctls.entries()) {
    const namePath = path.index(index).child('name');
    if (name === '') errors.required(namePath);
    else if (name.length > SYSCTL_MAX_LENGTH || !SYSCTL.test(name)) {
      errors.invalid(namePath, name, `must have at most ${SYSCTL_MAX_LENGTH} characters and match regex ${SYSCTL_PATTERN}`);
    } else if (seen.has(name)) errors.duplicate(namePath, name);
    const namespace = sysctlNamespace(name);
    if (spec.hostNetwork && namespace === 'net') errors.invalid(namePath, name, "may not be specified when 'hostNetwork' is true");
    else if (spec.hostIPC && namespace === 'ipc') errors.invalid(namePath, name, "may not be specified when 'hostIPC' is true");
    seen.add(name);
  }
}
/** Slashes and dots are interchangeable; only the first separator tells which one separates. */
function sysctlNamespace(sysctl: string): 'net' | 'ipc' | undefined {
  const slash = sysctl.indexOf('/');
  const dot = sysctl.indexOf('.');
  const name = slash >= 0 && (dot < 0 || slash < dot) ? sysctl.replaceAll('/', '.') : sysctl;
  if (name === 'kernel.sem' || name.startsWith('kernel.shm') || name.startsWith('kernel.msg') || name.startsWith('fs.mqueue.')) return 'ipc';
  return name.startsWith('net.') ? 'net' : undefined;
}

export function checkSeccompProfile(profile: core.SeccompProfile | undefined, path: FieldPath, errors: FieldErrors): void {
  if (profile === undefined) return;
  if (isEmpty(profile.type)) errors.required(path.child('type'), 'type is required when seccompProfile is set');
  else if (!PROFILE_TYPES.includes(profile.type)) errors.notSupported(path.child('type'), profile.type, PROFILE_TYPES);
  const { localhostProfile } = profile;
  if (profile.type === 'Localhost') {
    if (localhostProfile === undefined) errors.required(path.child('localhostProfile'), 'must be set when seccomp type is Localhost');
    else checkLocalDescendingPath(localhostProfile, path.child('localhostProfile'), errors);
  } else if (localhostProfile !== undefined) {
    const value = internalValue('SeccompProfile', profile);
    errors.invalid(path.child('localhostProfile'), value, 'can only be set when seccomp type is Localhost');
  }
}

export function checkAppArmorProfile(profile: core.AppArmorProfile | undefined, path: FieldPath, errors: FieldErrors): void {
  if (profile === undefined) return;
  const profilePath = path.child('localhostProfile');
  const { localhostProfile } = profile;
  switch (profile.type) {
    case 'Localhost': {
      if (localhostProfile === undefined) {
        errors.required(profilePath, 'must be set when AppArmor type is Localhost');
        return;
      }
      const trimmed = localhostProfile.trim();
      if (trimmed !== localhostProfile) errors.invalid(profilePath, localhostProfile, 'must not be padded with whitespace');
      else if (trimmed === '') errors.required(profilePath, 'must be set when AppArmor type is Localhost');
      if (localhostProfile.length > MAX_PROFILE_LENGTH) errors.tooLong(profilePath, MAX_PROFILE_LENGTH);
      return;
    }
    case 'RuntimeDefault':
    case 'Unconfined':
      if (localhostProfile !== undefined) errors.invalid(profilePath, localhostProfile, 'can only be set when AppArmor type is Localhost');
      return;
    case '':
    case undefined:
      errors.required(path.child('type'), 'type is required when appArmorProfile is set');
      return;
    default:
      errors.notSupported(path.child('type'), profile.type, PROFILE_TYPES);
  }
}
