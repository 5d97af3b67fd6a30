import type { Pod } from '../../../kube/api/generated/core/v1.ts';
import { isPodReady } from '../pod-conditions.ts';
import { groupPods, podRequestsOf } from './group-pods.ts';
import { MetricError } from './metric-error.ts';
import type { PodMetric, PodMetrics } from './metrics-client.ts';

const MAX_INT32 = 2 ** 31 - 1;

/** How far usage may be off its target before anything happens: 0.1 is a tenth. */
export interface Tolerances {
  readonly scaleDown: number;
  readonly scaleUp: number;
}

export interface Proposal {
  readonly replicas: number;
  /** Of one pod on average, or of the object; in thousandths. */
  readonly usage: number;
  /** Percent of what the pods ask for; only of metrics that are compared with it. */
  readonly utilization?: number;
}

export interface PodUsage {
  readonly pods: readonly Pod[];
  readonly metrics: PodMetrics;
  readonly currentReplicas: number;
  readonly tolerances: Tolerances;
  /** Empty for metrics that are no resource's. */
  readonly resource: string;
  readonly nowMs: number;
}

interface Measured {
  readonly ratio: number;
  readonly usage: number;
  readonly utilization?: number;
}
interface Measure {
  readonly of: (metrics: PodMetrics) => Measured;
  /** What a pod without a sample is taken to use when the others call for fewer pods. */
  readonly assumed: (podName: string) => number;
}

/** For a target in percent of the requests (upstream: GetResourceReplicas). */
export function computeUtilizationReplicas(usage: PodUsage, target: { readonly percent: number; readonly container: string }): Proposal {
  return computeReplicas(usage, () => {
    const requests = podRequestsOf(usage.pods, { container: target.container, resource: usage.resource });
    return {
      of: (metrics) => measureUtilization(metrics, { requests, percent: target.percent }),
      assumed: (name) => Math.trunc(((requests.get(name) ?? 0) * Math.max(100, target.percent)) / 100),
    };
  });
}

/** For a target amount for each pod, in thousandths (upstream: calcPlainMetricReplicas). */
export function computeAverageReplicas(usage: PodUsage, target: number): Proposal {
  return computeReplicas(usage, () => ({ of: (metrics) => measureAverage(metrics, target), assumed: () => target }));
}

/**
 * Pods without a sample, and those that start, can only dampen: they count as using nothing when more pods seem needed, and as using their
 * full share when fewer do. Where that would turn the direction, nothing happens.
 */
function computeReplicas(usage: PodUsage, newMeasure: () => Measure): Proposal {
  const { pods, currentReplicas, tolerances } = usage;
  if (pods.length === 0) throw new MetricError('no pods returned by selector while calculating replica count');
  const { readyCount, unready, missing, ignored } = groupPods(pods, usage);
  const counted = new Map([...usage.metrics].filter(([name]) => !ignored.has(name) && !unready.has(name)));
  if (counted.size === 0) throw new MetricError('did not receive metrics for targeted pods (pods might be unready)');
  const measure = newMeasure();
  const { ratio, ...measured } = measure.of(counted);
  const unchanged = { replicas: currentReplicas, ...measured };
  const isUpWithUnready = unready.size > 0 && ratio > 1;
  if (!isUpWithUnready && missing.size === 0) return isWithin(tolerances, ratio) ? unchanged : { replicas: toInt32(ratio * readyCount), ...measured };
  if (ratio !== 1) for (const name of missing) counted.set(name, assumedSample(ratio < 1 ? measure.assumed(name) : 0));
  if (isUpWithUnready) for (const name of unready) counted.set(name, assumedSample(0));
  const { ratio: newRatio } = measure.of(counted);
  if (isWithin(tolerances, newRatio) || isTurned(ratio, newRatio)) return unchanged;
  const replicas = toInt32(newRatio * counted.size);
  return isTurned(newRatio, replicas / currentReplicas) ? unchanged : { replicas, ...measured };
}

function assumedSample(value: number): PodMetric {
  return { value, timestampMs: 0, windowMs: 0 };
}

function isWithin({ scaleDown, scaleUp }: Tolerances, ratio: number): boolean {
  return 1 - scaleDown <= ratio && ratio <= 1 + scaleUp;
}

function isTurned(before: number, after: number): boolean {
  return (before < 1 && after > 1) || (before > 1 && after < 1);
}

function measureUtilization(metrics: PodMetrics, { requests, percent }: { readonly requests: ReadonlyMap<string, number>; readonly percent: number }): Measured {
  const known = [...metrics].filter(([name]) => requests.has(name));
  const used = known.reduce((sum, [, { value }]) => sum + value, 0);
  const requested = known.reduce((sum, [name]) => sum + (requests.get(name) ?? 0), 0);
  if (requested === 0) throw new MetricError('no metrics returned matched known pods');
  const utilization = Math.trunc((used * 100) / requested);
  return { ratio: utilization / percent, utilization, usage: Math.trunc(used / known.length) };
}

function measureAverage(metrics: PodMetrics, target: number): Measured {
  const usage = Math.trunc([...metrics.values()].reduce((sum, { value }) => sum + value, 0) / metrics.size);
  return { ratio: usage / target, usage };
}

/** For one value that all ready pods share (upstream: GetObjectMetricReplicas, GetExternalMetricReplicas); from zero pods it needs no pod. */
export function computeSharedReplicas(value: { readonly usage: number; readonly target: number }, { pods, currentReplicas, tolerances }: Pick<PodUsage, 'pods' | 'currentReplicas' | 'tolerances'>): Proposal {
  const { usage, target } = value;
  const ratio = usage / target;
  if (currentReplicas === 0) return { replicas: toInt32(ratio), usage };
  if (isWithin(tolerances, ratio)) return { replicas: currentReplicas, usage };
  if (pods.length === 0) throw new MetricError('unable to calculate ready pods: no pods returned by selector while calculating replica count');
  const ready = pods.filter((pod) => pod.status?.phase === 'Running' && isPodReady(pod)).length;
  return { replicas: toInt32(ratio * ready), usage };
}

/** For one value of which each pod is to get a share (upstream: GetObjectPerPodMetricReplicas, GetExternalPerPodMetricReplicas). */
export function computeShareReplicas(value: { readonly usage: number; readonly target: number }, { statusReplicas, tolerances }: { readonly statusReplicas: number; readonly tolerances: Tolerances }): Proposal {
  const { usage, target } = value;
  const isEnough = isWithin(tolerances, usage / (target * statusReplicas));
  return { replicas: isEnough ? statusReplicas : toInt32(usage / target), usage: statusReplicas === 0 ? 0 : Math.ceil(usage / statusReplicas) };
}

/** The next whole number that fits into the API's field. */
function toInt32(value: number): number {
  return Math.min(MAX_INT32, Math.ceil(value));
}
