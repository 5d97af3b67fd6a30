import { wasGivenEmpty } from '../../../../../../kube/api/typed-object.ts';
import type * as core from '../../../../../../kube/api/generated/core/v1.ts';
import type { FieldErrors } from '../../../validation/field-errors.ts';
import type { FieldPath } from '../../../validation/field-path.ts';
import { compareQuantities, nanoValue, quantityText } from '../../../validation/quantities.ts';
import {
  checkContainerResourceName,
  checkPodResourceName,
  checkResourceQuantity,
  isHugePages,
  isOvercommitAllowed,
} from '../../../validation/resource-names.ts';
import { checkDnsLabel, isEmpty, sortedKeys } from '../../../validation/values.ts';
import { aggregateContainerResources } from '../pod-resources.ts';

type NameCheck = (name: string, path: FieldPath, errors: FieldErrors) => void;
export interface ResourceContext {
  readonly claimNames: ReadonlySet<string>;
  readonly allowIndivisibleHugePages: boolean;
}

export function checkContainerResources(
  resources: core.ResourceRequirements | undefined,
  path: FieldPath,
  errors: FieldErrors,
  context: ResourceContext,
): void {
  if (resources !== undefined) checkRequirements(resources, path, errors, { ...context, checkName: checkContainerResourceName });
}

function checkRequirements(
  resources: core.ResourceRequirements,
  path: FieldPath,
  errors: FieldErrors,
  context: ResourceContext & { readonly checkName: NameCheck },
): void {
  const { limits, requests } = resources;
  if (limits !== undefined) {
    for (const name of Object.keys(limits)) checkEntry(name, limits[name] ?? '0', path.child('limits').key(name), errors, context);
  }
  if (requests !== undefined) {
    for (const name of Object.keys(requests)) {
      const quantity = requests[name] ?? '0';
      const entryPath = path.child('requests').key(name);
      context.checkName(name, entryPath, errors);
      checkResourceQuantity(name, quantity, entryPath, errors);
      checkAgainstLimit({ name, quantity, limit: limits?.[name] }, path, errors);
      checkHugePages(name, quantity, entryPath, errors, context);
    }
  }
  const hasHugePages = hasKey(limits, isHugePages) || hasKey(requests, isHugePages);
  if (hasHugePages && !hasKey(limits, isCpuOrMemory) && !hasKey(requests, isCpuOrMemory)) errors.forbidden(path, 'HugePages require cpu or memory');
  if (resources.claims !== undefined) checkClaims(resources.claims, path.child('claims'), errors, context.claimNames);
}

function checkEntry(
  name: string,
  quantity: string,
  path: FieldPath,
  errors: FieldErrors,
  context: ResourceContext & { readonly checkName: NameCheck },
): void {
  context.checkName(name, path, errors);
  checkResourceQuantity(name, quantity, path, errors);
  checkHugePages(name, quantity, path, errors, context);
}

function checkHugePages(name: string, quantity: string, path: FieldPath, errors: FieldErrors, context: ResourceContext): void {
  if (!isHugePages(name) || context.allowIndivisibleHugePages) return;
  const page = nanoValue(name.slice('hugepages-'.length));
  const amount = nanoValue(quantity);
  if (page <= 0n || amount < 0n || amount % page !== 0n) {
    errors.invalid(path, quantity, `${quantity} is not positive integer multiple of ${name}`);
  }
}

function checkAgainstLimit(
  { name, quantity, limit }: { readonly name: string; readonly quantity: string; readonly limit: string | undefined },
  path: FieldPath,
  errors: FieldErrors,
): void {
  const overcommit = isOvercommitAllowed(name);
  if (limit === undefined) {
    if (!overcommit) errors.required(path.child('limits'), 'Limit must be set for non overcommitable resources');
    return;
  }
  const order = compareQuantities(quantity, limit);
  if (order !== 0 && !overcommit) errors.invalid(path.child('requests'), quantity, `must be equal to ${name} limit of ${limit}`);
  else if (order > 0) errors.invalid(path.child('requests'), quantity, `must be less than or equal to ${name} limit of ${limit}`);
}

function hasKey(map: Readonly<Record<string, unknown>> | undefined, accepts: (name: string) => boolean): boolean {
  if (map === undefined) return false;
  for (const name of Object.keys(map)) if (accepts(name)) return true;
  return false;
}
function isCpuOrMemory(name: string): boolean {
  return name === 'cpu' || name === 'memory';
}

function checkClaims(claims: readonly core.ResourceClaim[], path: FieldPath, errors: FieldErrors, claimNames: ReadonlySet<string>): void {
  const seen = new Set<string>();
  for (const [index, { name, request }] of claims.entries()) {
    const claimPath = path.index(index);
    if (isEmpty(name)) {
      errors.required(claimPath);
      continue;
    }
    if (seen.has(name)) errors.duplicate(claimPath, name);
    else {
      const key = isEmpty(request) ? name : `${name}/${request}`;
      if (!isEmpty(request)) checkDnsLabel(request as string, claimPath.child('request'), errors);
      if (seen.has(key)) errors.duplicate(claimPath, key);
      else if (isEmpty(request)) for (const other of seen) if (other.startsWith(`${name}/`)) errors.duplicate(claimPath, name);
      seen.add(key);
    }
    if (!claimNames.has(name)) {
      const known = claimNames.size === 0 ? ' which is empty' : `: ${[...claimNames].sort().join(', ')}`;
      errors.notFound(claimPath, name, `must be one of the names in pod.spec.resourceClaims${known}`);
    }
  }
}

/** Resources of the whole pod (KEP-2837). */
export function checkPodLevelResources(spec: core.PodSpec, path: FieldPath, errors: FieldErrors, context: ResourceContext): void {
  const { resources } = spec;
  if (resources === undefined) return;
  const resourcesPath = path.child('resources');
  if (spec.os?.name === 'windows') {
    errors.forbidden(resourcesPath, 'may not be set for a windows pod');
    return;
  }
  if (resources.claims !== undefined || wasGivenEmpty(resources, 'claims')) errors.forbidden(resourcesPath.child('claims'), 'claims may not be set for Resources at pod-level');
  checkRequirements(resources, resourcesPath, errors, { ...context, checkName: checkPodResourceName });
  checkConsistency(spec, resources, resourcesPath, errors);
}

function checkConsistency(spec: core.PodSpec, resources: core.ResourceRequirements, path: FieldPath, errors: FieldErrors): void {
  const requests = aggregateContainerResources(spec, 'requests');
  for (const name of sortedKeys(requests)) {
    const ofPod = resources.requests?.[name];
    const sum = requests[name];
    if (ofPod === undefined || sum === undefined || sum <= nanoValue(ofPod)) continue;
    const text = quantityText(sum, ofPod);
    errors.invalid(path.child('requests').key(name), ofPod, `must be greater than or equal to aggregate container requests of ${text}`);
  }
  const limits = aggregateContainerResources(spec, 'limits');
  for (const name of sortedKeys(limits).filter(isHugePages)) {
    const ofPod = resources.limits?.[name];
    const sum = limits[name];
    if (ofPod === undefined || sum === undefined || sum <= nanoValue(ofPod)) continue;
    const text = quantityText(sum, ofPod);
    errors.invalid(path.child('limits').key(name), ofPod, `must be greater than or equal to aggregate container limits of ${text}`);
  }
  for (const [index, container] of spec.containers.entries()) {
    for (const [name, limit] of Object.entries(container.resources?.limits ?? {})) {
      const ofPod = resources.limits?.[name];
      if (ofPod === undefined || compareQuantities(limit, ofPod) <= 0) continue;
      const limitPath = path.child('containers').index(index).key(name).child('limits');
      errors.invalid(limitPath, limit, `must be less than or equal to pod limits of ${ofPod}`);
    }
  }
}
