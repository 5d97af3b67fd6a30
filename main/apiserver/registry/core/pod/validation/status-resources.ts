import type * as core from '../../../../../../kube/api/generated/core/v1.ts';
import type { FieldErrors } from '../../../validation/field-errors.ts';
import { STATUS_PATH, type FieldPath } from '../../../validation/field-path.ts';
import { checkDnsLabel, checkObjectName, isEmpty } from '../../../validation/values.ts';

const HEALTH = ['Healthy', 'Unhealthy', 'Unknown'];
/** Upstream: core/v1 ResourceHealthMessageMaxLength. */
const MAX_HEALTH_MESSAGE = 1024;

/** What a status says of the devices and claims of its containers (upstream: pkg/apis/core/validation, ValidatePodStatusUpdate). */
export function checkAllocatedResources(status: core.PodStatus, spec: core.PodSpec, errors: FieldErrors): void {
  for (const [field, containers] of [['containerStatuses', spec.containers], ['initContainerStatuses', spec.initContainers ?? []]] as const) {
    for (const [index, { name, allocatedResourcesStatus = [] }] of (status[field] ?? []).entries()) {
      const path = STATUS_PATH.child(field).index(index).child('allocatedResourcesStatus');
      const container = containers.find((candidate) => candidate.name === name);
      for (const [at, resource] of allocatedResourcesStatus.entries()) checkResource(resource, container, path.index(at), errors);
    }
  }
  for (const [index, { allocatedResourcesStatus }] of (status.ephemeralContainerStatuses ?? []).entries()) {
    const path = STATUS_PATH.child('ephemeralContainerStatuses').index(index).child('allocatedResourcesStatus');
    if (!isEmpty(allocatedResourcesStatus)) errors.forbidden(path, 'must not be specified in container status');
  }
}

/** Statuses of containers that are not in the spec are let pass. */
function checkResource({ name = '', resources = [] }: core.ResourceStatus, container: core.Container | undefined, path: FieldPath, errors: FieldErrors): void {
  const isClaim = name.startsWith('claim:');
  const claims = (container?.resources?.claims ?? []).map((claim) => `claim:${claim.name}${claim.request ? `/${claim.request}` : ''}`);
  const known = isClaim ? claims : Object.keys(container?.resources?.requests ?? {});
  const ofClaims = "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty";
  if (container !== undefined && !known.includes(name)) errors.invalid(path.child('name'), name, isClaim ? ofClaims : "must match one of the container's resource requests");
  const seen = new Set<string>();
  for (const [index, { health = '', message, resourceID = '' }] of resources.entries()) {
    const at = path.child('resources').index(index);
    if (!HEALTH.includes(health)) errors.notSupported(at.child('health'), health, HEALTH);
    if (message === '') errors.required(at.child('message'), 'must be non-empty if specified');
    else if (message !== undefined && message.length > MAX_HEALTH_MESSAGE) errors.tooLong(at.child('message'), MAX_HEALTH_MESSAGE);
    if (seen.has(resourceID)) errors.duplicate(at.child('resourceID'), resourceID);
    seen.add(resourceID);
  }
}

/** The claim that the scheduler made for a pod's extended resources. */
export function checkExtendedResourceClaim(status: core.PodExtendedResourceClaimStatus | undefined, spec: core.PodSpec, errors: FieldErrors): void {
  if (status === undefined) return;
  const path = STATUS_PATH.child('extendedResourceClaimStatus');
  const mappings = path.child('requestMappings');
  const containers = new Map([...(spec.initContainers ?? []), ...spec.containers].map((container) => [container.name, container]));
  if (isEmpty(status.requestMappings)) errors.required(mappings, 'at least one request mapping is required');
  const seen = new Set<string>();
  for (const [index, { containerName = '', resourceName = '', requestName = '' }] of (status.requestMappings ?? []).entries()) {
    const at = mappings.index(index);
    const container = containers.get(containerName);
    if (container === undefined) errors.invalid(at.child('containerName'), containerName, 'must match the name of an entry in spec.initContainers.name or spec.containers.name');
    else if (container.resources?.requests?.[resourceName] === undefined) {
      errors.invalid(at.child('resourceName'), resourceName, 'must match the extended resource name of an entry in spec.initContainers.resources.requests or spec.containers.resources.requests');
    }
    checkDnsLabel(requestName, path.child('requestName'), errors);
    const key = JSON.stringify([containerName, resourceName, requestName]);
    if (seen.has(key)) for (const [field, value] of Object.entries({ containerName, resourceName, requestName })) errors.duplicate(at.child(field), value);
    seen.add(key);
  }
  if (isEmpty(status.resourceClaimName)) errors.required(path.child('resourceClaimName'));
  else checkObjectName(status.resourceClaimName, path.child('resourceClaimName'), errors);
}
