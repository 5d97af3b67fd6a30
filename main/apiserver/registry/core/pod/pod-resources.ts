import type * as core from '../../../../../kube/api/generated/core/v1.ts';
import { isZeroQuantity, nanoValue } from '../../validation/quantities.ts';

/** Sums by resource name, in billionths. */
export type ResourceSums = Record<string, bigint>;
type Field = 'requests' | 'limits';

/**
 * What the containers of a pod need together: containers and sidecars run at once; each other init container runs alone, beside the
 * sidecars that started before it (upstream: component-helpers/resource).
 */
export function aggregateContainerResources(spec: core.PodSpec, field: Field): ResourceSums {
  const sums: ResourceSums = {};
  for (const container of spec.containers ?? []) add(sums, container, field);
  const sidecars: ResourceSums = {};
  const peak: ResourceSums = {};
  for (const container of spec.initContainers ?? []) {
    const now = { ...sidecars };
    add(now, container, field);
    for (const [name, amount] of Object.entries(now)) if (amount > (peak[name] ?? -1n)) peak[name] = amount;
    if (container.restartPolicy !== 'Always') continue;
    add(sums, container, field);
    add(sidecars, container, field);
  }
  for (const [name, amount] of Object.entries(peak)) if (amount > (sums[name] ?? -1n)) sums[name] = amount;
  return sums;
}

function add(sums: ResourceSums, container: core.Container, field: Field): void {
  const list = container.resources?.[field];
  if (list === undefined) return;
  for (const name of Object.keys(list)) sums[name] = (sums[name] ?? 0n) + nanoValue(list[name]);
}

/** Guaranteed, Burstable or BestEffort, of the resources in the spec (upstream: pkg/apis/core/v1/helper/qos). */
export function computeQosClass(spec: core.PodSpec): string {
  const containers: readonly core.Container[] = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  const levels = spec.resources !== undefined && (spec.resources.requests ?? spec.resources.limits) !== undefined ? [spec.resources] : undefined;
  const requirements = levels ?? containers.map(({ resources }) => resources ?? {});
  const requests: ResourceSums = {};
  const limits: ResourceSums = {};
  let guaranteed = true;
  for (const requirement of requirements) {
    collect(requests, requirement.requests);
    const limited = collect(limits, requirement.limits);
    if (limited < COMPUTE.length) guaranteed = false;
  }
  if (Object.keys(requests).length === 0 && Object.keys(limits).length === 0) return 'BestEffort';
  if (!guaranteed) return 'Burstable';
  for (const name of Object.keys(requests)) if (limits[name] !== requests[name]) return 'Burstable';
  return Object.keys(requests).length === Object.keys(limits).length ? 'Guaranteed' : 'Burstable';
}
const COMPUTE = ['cpu', 'memory'];

function collect(sums: ResourceSums, list: Readonly<Record<string, string>> | undefined): number {
  let found = 0;
  for (const name of COMPUTE) {
    const quantity = list?.[name];
    if (isZeroQuantity(quantity)) continue;
    sums[name] = (sums[name] ?? 0n) + nanoValue(quantity);
    found++;
  }
  return found;
}
