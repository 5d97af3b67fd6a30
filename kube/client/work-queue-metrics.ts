import type { Clock } from '../apimachinery/clock.ts';
import type { MetricVector } from '../apimachinery/metrics/metric-family.ts';
import type { Counter, Histogram } from '../apimachinery/metrics/metric-values.ts';
import { exponentialBounds, type MetricsRegistry } from '../apimachinery/metrics/metrics-registry.ts';

/** What a queue tells of its keys. */
export interface QueueMeter<K = unknown> {
  added(key: K): void;
  taken(key: K): void;
  done(key: K): void;
  retried(): void;
}

const BOUNDS = exponentialBounds(10e-9, 10, 10);

/** The `workqueue_…` metrics of all queues of a process, by name of the queue (upstream: component-base/metrics/prometheus/workqueue). */
export class WorkQueueMetrics {
  readonly #clock: Clock;
  readonly #queues = new Map<string, Meter>();
  readonly #adds: MetricVector<Counter>;
  readonly #retries: MetricVector<Counter>;
  readonly #waits: MetricVector<Histogram>;
  readonly #works: MetricVector<Histogram>;

  constructor(registry: MetricsRegistry, clock: Clock) {
    this.#clock = clock;
    const labels = ['name'];
    const described = (name: string, help: string): { name: string; help: string; labels: string[]; stability: 'BETA' } => ({ name: `workqueue_${name}`, help, labels, stability: 'BETA' });
    this.#adds = registry.counter(described('adds_total', 'Keys that were put into a queue.'));
    this.#retries = registry.counter(described('retries_total', 'Keys that were put back after a failure.'));
    this.#waits = registry.histogram({ ...described('queue_duration_seconds', 'Time from adding a key to taking it.'), bounds: BOUNDS });
    this.#works = registry.histogram({ ...described('work_duration_seconds', 'Time that work on a key took.'), bounds: BOUNDS });
    const gauge = (name: string, help: string, value: (meter: Meter) => number): void =>
      registry.collect('gauge', described(name, help), () => [...this.#queues].map(([queue, meter]) => ({ labels: [queue], value: value(meter) })));
    gauge('depth', 'Keys that wait.', (meter) => meter.depth);
    gauge('unfinished_work_seconds', 'Time that work under way has taken, summed up: what is stuck makes it grow.', (meter) => meter.workingSeconds().reduce((sum, seconds) => sum + seconds, 0));
    gauge('longest_running_processor_seconds', 'Time that the longest work under way has taken.', (meter) => Math.max(0, ...meter.workingSeconds()));
  }

  /** Of one queue. Queues of one name are counted together. */
  meterOf(name: string): QueueMeter {
    const known = this.#queues.get(name);
    if (known) return known;
    const meter = new Meter(this.#clock, { adds: this.#adds.with(name), retries: this.#retries.with(name), waits: this.#waits.with(name), works: this.#works.with(name) });
    this.#queues.set(name, meter);
    return meter;
  }
}

interface MeterValues {
  readonly adds: Counter;
  readonly retries: Counter;
  readonly waits: Histogram;
  readonly works: Histogram;
}

class Meter implements QueueMeter {
  readonly #clock: Clock;
  readonly #values: MeterValues;
  readonly #waitingSinceMs = new Map<unknown, number>();
  readonly #workingSinceMs = new Map<unknown, number>();

  constructor(clock: Clock, values: MeterValues) {
    this.#clock = clock;
    this.#values = values;
  }

  get depth(): number {
    return this.#waitingSinceMs.size;
  }

  workingSeconds(): number[] {
    const nowMs = this.#clock.monotonicMs();
    return [...this.#workingSinceMs.values()].map((sinceMs) => (nowMs - sinceMs) / 1000);
  }

  added(key: unknown): void {
    this.#values.adds.inc();
    this.#waitingSinceMs.set(key, this.#clock.monotonicMs());
  }

  taken(key: unknown): void {
    const nowMs = this.#clock.monotonicMs();
    const sinceMs = this.#waitingSinceMs.get(key) ?? nowMs;
    this.#waitingSinceMs.delete(key);
    this.#values.waits.observe((nowMs - sinceMs) / 1000);
    this.#workingSinceMs.set(key, nowMs);
  }

  done(key: unknown): void {
    const sinceMs = this.#workingSinceMs.get(key);
    if (sinceMs === undefined) return;
    this.#workingSinceMs.delete(key);
    this.#values.works.observe((this.#clock.monotonicMs() - sinceMs) / 1000);
  }

  retried(): void {
    this.#values.retries.inc();
  }
}
