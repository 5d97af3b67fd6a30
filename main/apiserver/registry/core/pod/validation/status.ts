import type * as core from '../../../../../../kube/api/generated/core/v1.ts';
import { isValidUserId } from '../../../../../../kube/apimachinery/name-validation.ts';
import { FieldErrors } from '../../../validation/field-errors.ts';
import { STATUS_PATH, type FieldPath } from '../../../validation/field-path.ts';
import { internalValue } from '../../../validation/internal-shape.ts';
import { checkLegacyIp, isDualStack } from '../../../validation/ip.ts';
import { checkImmutable, checkObjectName, checkQualifiedName } from '../../../validation/values.ts';
import { checkAllocatedResources, checkExtendedResourceClaim } from './status-resources.ts';
import { checkAnnotationUpdates } from './update.ts';

const SYSTEM_CONDITIONS: ReadonlySet<string> = new Set(['PodScheduled', 'Ready', 'Initialized']);

export function validatePodStatusUpdate(next: core.Pod, previous: core.Pod): FieldErrors {
  const errors = new FieldErrors();
  const status = next.status ?? {};
  const before = previous.status ?? {};
  checkAnnotationUpdates(next, previous, errors);
  for (const [index, condition] of (status.conditions ?? []).entries()) {
    const path = STATUS_PATH.child('conditions').index(index);
    if ((condition.observedGeneration ?? 0) < 0) {
      errors.invalid(path.child('observedGeneration'), condition.observedGeneration, 'must be a non-negative integer');
    }
    if (!SYSTEM_CONDITIONS.has(condition.type)) checkQualifiedName(condition.type ?? '', path.child('Type'), errors);
  }
  if (next.spec.nodeName !== previous.spec.nodeName) errors.forbidden(STATUS_PATH.child('nodeName'), 'may not be changed directly');
  checkNominatedNode(status.nominatedNodeName, before.nominatedNodeName, previous.spec.nodeName, errors);
  if ((status.observedGeneration ?? 0) < 0) {
    errors.invalid(STATUS_PATH.child('observedGeneration'), status.observedGeneration, 'must be a non-negative integer');
  }
  checkImmutable(status.qosClass ?? '', before.qosClass ?? '', STATUS_PATH.child('qosClass'), errors);
  checkTransitions(status, before, previous.spec, errors);
  checkClaimStatuses(status.resourceClaimStatuses, next.spec, STATUS_PATH.child('resourceClaimStatuses'), errors);
  checkExtendedResourceClaim(status.extendedResourceClaimStatus, next.spec, errors);
  checkAddresses(status, before, errors);
  for (const field of STATUS_FIELDS) checkUsers(status[field], STATUS_PATH.child(field), errors, next.spec.os?.name ?? 'linux');
  checkAllocatedResources(status, next.spec, errors);
  return errors;
}

function checkNominatedNode(name: string | undefined, before: string | undefined, boundTo: string | undefined, errors: FieldErrors): void {
  if (!name || name === before) return;
  const path = STATUS_PATH.child('nominatedNodeName');
  checkObjectName(name, path, errors);
  if (boundTo) errors.forbidden(path, 'may not be set on pods that are already bound to a node');
}

const STATUS_FIELDS = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const;

/** A terminated container stays so, unless its restart policy lets it run again. */
function checkTransitions(status: core.PodStatus, before: core.PodStatus, spec: core.PodSpec, errors: FieldErrors): void {
  for (const field of STATUS_FIELDS) {
    for (const [index, old] of (before[field] ?? []).entries()) {
      const terminated = old.state?.terminated;
      if (terminated === undefined) continue;
      const now = status[field]?.find(({ name }) => name === old.name);
      if (now === undefined || now.state?.terminated !== undefined) continue;
      if (field !== 'ephemeralContainerStatuses' && mayRestart(spec, field, old.name, terminated.exitCode)) continue;
      errors.forbidden(STATUS_PATH.child(field).index(index).child('state'), 'may not be transitioned to non-terminated state');
    }
  }
}

function mayRestart(spec: core.PodSpec, field: (typeof STATUS_FIELDS)[number], name: string, exitCode: number): boolean {
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  if (containers.some(({ restartPolicyRules }) => restartPolicyRules?.some(({ action }) => action === 'RestartAllContainers'))) return true;
  const list: readonly core.Container[] | undefined = field === 'containerStatuses' ? spec.containers : spec.initContainers;
  const container = list?.find((candidate) => candidate.name === name);
  if (container?.restartPolicy !== undefined) {
    const rule = container.restartPolicyRules?.find(({ exitCodes }) => {
      const listed = exitCodes?.values?.includes(exitCode) ?? false;
      return exitCodes !== undefined && (exitCodes.operator === 'In' ? listed : !listed);
    });
    if (rule !== undefined) return true;
    return container.restartPolicy === 'Always' || (container.restartPolicy === 'OnFailure' && exitCode !== 0);
  }
  return spec.restartPolicy === 'Always' || (spec.restartPolicy === 'OnFailure' && exitCode !== 0);
}

function checkClaimStatuses(
  statuses: readonly core.PodResourceClaimStatus[] | undefined,
  spec: core.PodSpec,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const seen = new Set<string>();
  for (const [index, { name, resourceClaimName }] of (statuses ?? []).entries()) {
    const namePath = path.index(index).child('name');
    if (!spec.resourceClaims?.some((claim) => claim.name === name)) {
      errors.invalid(namePath, name, 'must match the name of an entry in `spec.resourceClaims`');
    }
    if (seen.has(name)) errors.duplicate(namePath, name);
    seen.add(name);
    if (resourceClaimName !== undefined) checkObjectName(resourceClaimName, namePath, errors);
  }
}

function checkAddresses(status: core.PodStatus, before: core.PodStatus, errors: FieldErrors): void {
  checkAddressList(status.podIPs, before.podIPs, { path: STATUS_PATH.child('podIPs'), shape: 'PodIP' }, errors);
  const hostIPs = status.hostIPs ?? [];
  const first = hostIPs[0];
  if (first === undefined) return;
  const path = STATUS_PATH.child('hostIPs');
  if (status.hostIP !== first.ip) errors.invalid(path.index(0).child('ip'), first.ip, 'must be equal to `hostIP`');
  checkAddressList(hostIPs, before.hostIPs, { path, shape: 'HostIP' }, errors);
}
function checkAddressList(
  addresses: readonly { ip: string }[] | undefined,
  before: readonly { ip: string }[] | undefined,
  { path, shape }: { readonly path: FieldPath; readonly shape: string },
  errors: FieldErrors,
): void {
  if (addresses === undefined) return;
  const known = before?.map(({ ip }) => ip) ?? [];
  for (const [index, { ip }] of addresses.entries()) checkLegacyIp(ip ?? '', path.index(index), errors, known);
  if (addresses.length > 2 || (addresses.length === 2 && !isDualStack(addresses.map(({ ip }) => ip)))) {
    const value = addresses.map((address) => internalValue(shape, address));
    errors.invalid(path, value, 'may specify no more than one IP for each IP family');
  }
}

function checkUsers(statuses: readonly core.ContainerStatus[] | undefined, path: FieldPath, errors: FieldErrors, os: string): void {
  for (const [index, { user }] of (statuses ?? []).entries()) {
    const linux = user?.linux;
    if (linux === undefined) continue;
    const userPath = path.index(index).child('user').child('linux');
    if (os === 'windows') {
      errors.forbidden(userPath, 'cannot be set for a windows pod');
      continue;
    }
    errors.invalidEach(userPath.child('uid'), linux.uid, isValidUserId(linux.uid));
    errors.invalidEach(userPath.child('gid'), linux.gid, isValidUserId(linux.gid));
    for (const [groupIndex, group] of (linux.supplementalGroups ?? []).entries()) {
      errors.invalidEach(userPath.child('supplementalGroups').index(groupIndex), group, isValidUserId(group));
    }
  }
}
