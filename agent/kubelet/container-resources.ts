import type { Container, Pod } from '../../kube/api/generated/core/v1.ts';
import type { LinuxContainerResources } from '../runtime/cri-types.ts';
import { oomScoreAdjust, podQOS } from './qos.ts';
import { milliValue, wholeValue } from './quantity-value.ts';

const MIN_SHARES = 2;
const MAX_SHARES = 262_144;
const QUOTA_PERIOD_US = 100_000;
const MIN_QUOTA_US = 1000;

export interface ResourceAmounts { readonly cpuRequestMilli: number; readonly cpuLimitMilli: number; readonly memoryLimitBytes: number }

export function cpuShares(milliCPU: number): number {
  if (milliCPU === 0) return MIN_SHARES;
  return Math.min(Math.max(Math.floor((milliCPU * 1024) / 1000), MIN_SHARES), MAX_SHARES);
}

export function cpuQuota(milliCPU: number): number {
  return milliCPU === 0 ? 0 : Math.max(Math.floor((milliCPU * QUOTA_PERIOD_US) / 1000), MIN_QUOTA_US);
}

export function containerAmounts(container: Container): ResourceAmounts {
  const { requests = {}, limits = {} } = container.resources ?? {};
  return {
    cpuRequestMilli: milliValue(requests['cpu'] ?? limits['cpu']),
    cpuLimitMilli: milliValue(limits['cpu']),
    memoryLimitBytes: wholeValue(limits['memory']),
  };
}

export interface ContainerResourcesOptions {
  readonly pod: Pod;
  readonly container: Container;
  readonly memoryCapacityBytes: number;
  readonly cgroupVersion?: 1 | 2;
}

export function containerResources(options: ContainerResourcesOptions): LinuxContainerResources {
  const resources = { ...linuxResources(containerAmounts(options.container)), oomScoreAdj: oomScoreAdjust(options) };
  // Out of memory ends the whole container, not one process of it (upstream's default for cgroup v2).
  return options.cgroupVersion === 2 ? { ...resources, unified: { 'memory.oom.group': '1' } } : resources;
}

export function linuxResources(amounts: ResourceAmounts): LinuxContainerResources {
  return {
    cpuPeriod: QUOTA_PERIOD_US,
    cpuQuota: cpuQuota(amounts.cpuLimitMilli),
    cpuShares: cpuShares(amounts.cpuRequestMilli),
    memoryLimitInBytes: amounts.memoryLimitBytes,
  };
}

/**
 * What the pod's parent cgroup allows: the sum over containers that run together, or the largest init container where that is more.
 * A limit holds only when every container has one (upstream: ResourceConfigForPod).
 */
export function podAmounts(pod: Pod): ResourceAmounts {
  const init = pod.spec.initContainers ?? [];
  const sidecars = init.filter((container) => container.restartPolicy === 'Always').map(containerAmounts);
  const together = [...pod.spec.containers.map(containerAmounts), ...sidecars];
  const single = init.filter((container) => container.restartPolicy !== 'Always').map(containerAmounts);
  const most = (pick: (amounts: ResourceAmounts) => number): number =>
    Math.max(together.reduce((sum, amounts) => sum + pick(amounts), 0), ...single.map(pick), 0);
  const bounded = (pick: (amounts: ResourceAmounts) => number): number => ([...together, ...single].every((amounts) => pick(amounts) > 0) ? most(pick) : 0);
  const own = pod.spec.resources;
  const summed = { cpuRequestMilli: most((a) => a.cpuRequestMilli), cpuLimitMilli: bounded((a) => a.cpuLimitMilli), memoryLimitBytes: bounded((a) => a.memoryLimitBytes) };
  if (own === undefined) return summed;
  return {
    cpuRequestMilli: milliValue(own.requests?.['cpu'] ?? own.limits?.['cpu']) || summed.cpuRequestMilli,
    cpuLimitMilli: milliValue(own.limits?.['cpu']) || summed.cpuLimitMilli,
    memoryLimitBytes: wholeValue(own.limits?.['memory']) || summed.memoryLimitBytes,
  };
}

/** The pod's cgroup below the root: `/kubepods/burstable/pod<uid>` (cgroupfs driver's spelling). */
export function podCgroup(pod: Pod): string {
  const qos = podQOS(pod);
  return `/kubepods${qos === 'Guaranteed' ? '' : `/${qos.toLowerCase()}`}/pod${pod.metadata.uid ?? ''}`;
}
