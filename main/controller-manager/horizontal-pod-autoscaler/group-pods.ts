import type { Pod } from '../../../kube/api/generated/core/v1.ts';
import { parseQuantity, quantityMilliValue } from '../../../kube/apimachinery/quantity.ts';
import { parseTime } from '../../../kube/apimachinery/time.ts';
import { podCondition } from '../pod-conditions.ts';
import { MetricError } from './metric-error.ts';
import type { PodMetric, PodMetrics } from './metrics-client.ts';

/** Upstream: --horizontal-pod-autoscaler-cpu-initialization-period and --horizontal-pod-autoscaler-initial-readiness-delay. */
const CPU_INITIALIZATION_MS = 5 * 60_000;
const INITIAL_READINESS_DELAY_MS = 30_000;

export interface PodGroups {
  readonly readyCount: number;
  /** Their samples say nothing yet. */
  readonly unready: ReadonlySet<string>;
  /** No sample came for these. */
  readonly missing: ReadonlySet<string>;
  /** Failed or on their way out. */
  readonly ignored: ReadonlySet<string>;
}

/** Upstream: groupPods of podautoscaler/replica_calculator.go. `resource` is empty for metrics that are no resource's. */
export function groupPods(pods: readonly Pod[], { metrics, resource, nowMs }: { readonly metrics: PodMetrics; readonly resource: string; readonly nowMs: number }): PodGroups {
  const [unready, missing, ignored] = [new Set<string>(), new Set<string>(), new Set<string>()];
  let readyCount = 0;
  for (const pod of pods) {
    const { name } = pod.metadata;
    const metric = metrics.get(name);
    if (pod.metadata.deletionTimestamp !== undefined || pod.status?.phase === 'Failed') ignored.add(name);
    else if (pod.status?.phase === 'Pending') unready.add(name);
    else if (metric === undefined) missing.add(name);
    else if (resource === 'cpu' && isStartingUp(pod, { metric, nowMs })) unready.add(name);
    else readyCount += 1;
  }
  return { readyCount, unready, missing, ignored };
}

/** A pod that starts burns more than it will: its first samples, and those from before it became ready, are left out. */
function isStartingUp(pod: Pod, { metric, nowMs }: { readonly metric: PodMetric; readonly nowMs: number }): boolean {
  const ready = podCondition(pod, 'Ready');
  const startMs = parseTime(pod.status?.startTime);
  if (ready === undefined || startMs === undefined) return true;
  const changedMs = parseTime(ready.lastTransitionTime) ?? 0;
  const isUnready = ready.status === 'False';
  if (startMs + CPU_INITIALIZATION_MS > nowMs) return isUnready || metric.timestampMs < changedMs + metric.windowMs;
  return isUnready && startMs + INITIAL_READINESS_DELAY_MS > changedMs;
}

/** What each pod, or its container of that name, asks for, in thousandths. Throws when one asks for nothing. */
export function podRequestsOf(pods: readonly Pod[], { container, resource }: { readonly container: string; readonly resource: string }): ReadonlyMap<string, number> {
  return new Map(pods.map((pod) => [pod.metadata.name, container === '' && hasPodLevelRequests(pod) ? podLevelRequest(pod, resource) : containersRequest(pod, { container, resource })]));
}

function hasPodLevelRequests({ spec }: Pod): boolean {
  return Object.keys(spec.resources?.requests ?? {}).some((name) => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-'));
}

function podLevelRequest({ metadata, spec }: Pod, resource: string): number {
  const request = spec.resources?.requests?.[resource];
  if (request === undefined) throw new MetricError(`missing pod-level request for ${resource} in Pod ${metadata.name}`);
  return milliOf(request) + milliOf(spec.overhead?.[resource] ?? '0');
}

function containersRequest({ metadata, spec }: Pod, { container, resource }: { readonly container: string; readonly resource: string }): number {
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const wanted = [...spec.containers, ...sidecars].filter(({ name }) => container === '' || name === container);
  if (container !== '' && wanted.length === 0) throw new MetricError(`container ${container} not found in Pod ${metadata.name}`);
  return wanted.reduce((sum, { name, resources }) => {
    const request = resources?.requests?.[resource];
    if (request === undefined) throw new MetricError(`missing request for ${resource} in container ${name} of Pod ${metadata.name}`);
    return sum + milliOf(request);
  }, 0);
}

function milliOf(text: string | number): number {
  return quantityMilliValue(parseQuantity(text));
}
