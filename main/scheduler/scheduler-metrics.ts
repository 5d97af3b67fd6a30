import type { Counter, Histogram } from '../../kube/apimachinery/metrics/metric-values.ts';
import type { MetricVector } from '../../kube/apimachinery/metrics/metric-family.ts';
import { exponentialBounds, MetricsRegistry } from '../../kube/apimachinery/metrics/metrics-registry.ts';
import type { SchedulerCache } from './cache/scheduler-cache.ts';
import type { SchedulingQueue } from './queue/scheduling-queue.ts';

export type AttemptResult = 'scheduled' | 'unschedulable' | 'error';

/** From this number of attempts on they are counted together. */
const MANY_ATTEMPTS = 15;
const ATTEMPT_BOUNDS = exponentialBounds(0.001, 2, 15);

export interface SchedulerMetricsOptions {
  /** Absent: nobody looks at them. */
  readonly registry?: MetricsRegistry;
  readonly profile: string;
  readonly queue: SchedulingQueue;
  readonly cache: SchedulerCache;
}

/** The `scheduler_…` metrics under upstream's names (pkg/scheduler/metrics). */
export class SchedulerMetrics {
  readonly #profile: string;
  readonly #attempts: MetricVector<Counter>;
  readonly #attemptDurations: MetricVector<Histogram>;
  readonly #algorithm: Histogram;
  readonly #podAttempts: Histogram;
  readonly #podDurations: MetricVector<Histogram>;
  readonly #preemptions: Counter;
  readonly #victims: Histogram;

  constructor({ registry = new MetricsRegistry(), profile, queue, cache }: SchedulerMetricsOptions) {
    this.#profile = profile;
    const labels = ['result', 'profile'];
    this.#attempts = registry.counter({ name: 'scheduler_schedule_attempts_total', stability: 'STABLE', help: 'Attempts to schedule a pod by how they ended.', labels });
    this.#attemptDurations = registry.histogram({ name: 'scheduler_scheduling_attempt_duration_seconds', stability: 'STABLE', help: 'Time of an attempt: choosing a node, and binding.', labels, bounds: ATTEMPT_BOUNDS });
    this.#algorithm = registry.histogram({ name: 'scheduler_scheduling_algorithm_duration_seconds', stability: 'ALPHA', help: 'Time to choose a node.', bounds: ATTEMPT_BOUNDS }).with();
    this.#podAttempts = registry.histogram({ name: 'scheduler_pod_scheduling_attempts', stability: 'STABLE', help: 'Attempts that pods took until they were scheduled.', bounds: exponentialBounds(1, 2, 5) }).with();
    this.#podDurations = registry.histogram({ name: 'scheduler_pod_scheduling_sli_duration_seconds', stability: 'BETA', help: 'Time from the first attempt until the pod was scheduled.', labels: ['attempts'], bounds: exponentialBounds(0.01, 2, 20) });
    this.#preemptions = registry.counter({ name: 'scheduler_preemption_attempts_total', stability: 'STABLE', help: 'Searches for pods to evict in favour of another.' }).with();
    this.#victims = registry.histogram({ name: 'scheduler_preemption_victims', stability: 'STABLE', help: 'Pods evicted in favour of one.', bounds: exponentialBounds(1, 2, 7) }).with();
    registry.collect('gauge', { name: 'scheduler_pending_pods', stability: 'STABLE', help: 'Pods that want a node, by where they wait.', labels: ['queue'] }, () =>
      Object.entries(queue.size).map(([name, value]) => ({ labels: [name], value })));
    registry.collect('gauge', { name: 'scheduler_unschedulable_pods', stability: 'ALPHA', help: 'Pods that found no node, by the plugins that rejected it.', labels: ['plugin', 'profile'] }, () =>
      [...queue.rejections()].map(([plugin, value]) => ({ labels: [plugin, profile], value })));
    registry.collect('gauge', { name: 'scheduler_cache_size', stability: 'ALPHA', help: 'Nodes, pods and pods being bound that the scheduler knows.', labels: ['type'] }, () =>
      Object.entries({ nodes: cache.nodes().length, pods: cache.podCount, assumed_pods: cache.assumedCount }).map(([type, value]) => ({ labels: [type], value })));
  }

  attempted(result: AttemptResult, elapsedMs: number): void {
    this.#attempts.with(result, this.#profile).inc();
    this.#attemptDurations.with(result, this.#profile).observe(elapsedMs / 1000);
  }

  chosen(elapsedMs: number): void {
    this.#algorithm.observe(elapsedMs / 1000);
  }

  scheduled({ attempts, sinceFirstMs }: { readonly attempts: number; readonly sinceFirstMs: number }): void {
    this.#podAttempts.observe(attempts);
    this.#podDurations.with(attempts >= MANY_ATTEMPTS ? `${MANY_ATTEMPTS}+` : String(attempts)).observe(sinceFirstMs / 1000);
  }

  preempting(): void {
    this.#preemptions.inc();
  }

  preempted(victims: number): void {
    this.#victims.observe(victims);
  }
}
