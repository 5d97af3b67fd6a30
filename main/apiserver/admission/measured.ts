import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { MetricVector } from '../../../kube/apimachinery/metrics/metric-family.ts';
import type { Histogram } from '../../../kube/apimachinery/metrics/metric-values.ts';
import type { MetricsRegistry } from '../../../kube/apimachinery/metrics/metrics-registry.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';
import { PodSecurityMetrics } from './pod-security-metrics.ts';

const BOUNDS = [0.005, 0.025, 0.1, 0.5, 1, 2.5];

/** How long each plugin takes, and whether it refuses (upstream: apiserver/pkg/admission/metrics). */
export class AdmissionMetrics {
  readonly #clock: Clock;
  readonly #durations: MetricVector<Histogram>;
  readonly #steps: MetricVector<Histogram>;
  readonly podSecurity: PodSecurityMetrics;

  constructor(registry: MetricsRegistry, clock: Clock) {
    this.#clock = clock;
    this.podSecurity = new PodSecurityMetrics(registry);
    this.#durations = registry.histogram({
      name: 'apiserver_admission_controller_admission_duration_seconds', stability: 'STABLE', help: 'Time that an admission plugin took.',
      labels: ['name', 'operation', 'rejected', 'type'], bounds: BOUNDS,
    });
    this.#steps = registry.histogram({
      name: 'apiserver_admission_step_admission_duration_seconds', stability: 'STABLE', help: 'Time that a phase of admission took.', labels: ['operation', 'rejected', 'type'], bounds: BOUNDS,
    });
  }

  /** A phase of admission, with all plugins that have a part in it. */
  async step<T>(type: 'admit' | 'validate', { operation }: AdmissionAttributes, run: () => Promise<T>): Promise<T> {
    const startMs = this.#clock.monotonicMs();
    let rejected = true;
    try {
      const result = await run();
      rejected = false;
      return result;
    } finally {
      this.#steps.with(operation, String(rejected), type).observe((this.#clock.monotonicMs() - startMs) / 1000);
    }
  }

  /** The plugin, timed. */
  measured(plugin: AdmissionPlugin): AdmissionPlugin {
    const timer = new PluginTimer({ name: plugin.name, clock: this.#clock, durations: this.#durations });
    const mutate = plugin.mutate?.bind(plugin);
    const admitDeletion = plugin.admitDeletion?.bind(plugin);
    const validate = plugin.validate?.bind(plugin);
    return {
      name: plugin.name,
      ...(plugin.isDynamic === undefined ? {} : { isDynamic: plugin.isDynamic }),
      handles: (attributes) => plugin.handles(attributes),
      ...(mutate ? { mutate: (attributes, signal) => timer.run('admit', mutate, attributes, signal) } : {}),
      ...(admitDeletion ? { admitDeletion: async (attributes, signal) => timer.run('admit', admitDeletion, attributes, signal) } : {}),
      ...(validate ? { validate: (attributes, signal) => timer.run('validate', validate, attributes, signal) } : {}),
    };
  }
}

type Phase = 'admit' | 'validate';
type Call<T> = (attributes: AdmissionAttributes, signal?: AbortSignal) => Promise<T> | T;

/** Thirty plugins have a part in a create, and most of them are done in a microsecond: measuring must cost less. */
class PluginTimer {
  readonly #name: string;
  readonly #clock: Clock;
  readonly #durations: MetricVector<Histogram>;
  /** By operation: what is not refused, as nearly everything. */
  readonly #accepted: Readonly<Record<Phase, Map<string, Histogram>>> = { admit: new Map(), validate: new Map() };

  constructor({ name, clock, durations }: { readonly name: string; readonly clock: Clock; readonly durations: MetricVector<Histogram> }) {
    this.#name = name;
    this.#clock = clock;
    this.#durations = durations;
  }

  run<T>(phase: Phase, call: Call<T>, attributes: AdmissionAttributes, signal: AbortSignal | undefined): Promise<T> | T {
    const startMs = this.#clock.monotonicMs();
    const { operation } = attributes;
    let result: Promise<T> | T;
    try {
      result = call(attributes, signal);
    } catch (error) {
      this.#refused(phase, operation, startMs);
      throw error;
    }
    if (result instanceof Promise) return this.#followed(result, { phase, operation, startMs });
    this.#took(phase, operation, startMs);
    return result;
  }

  async #followed<T>(result: Promise<T>, { phase, operation, startMs }: { readonly phase: Phase; readonly operation: string; readonly startMs: number }): Promise<T> {
    try {
      const value = await result;
      this.#took(phase, operation, startMs);
      return value;
    } catch (error) {
      this.#refused(phase, operation, startMs);
      throw error;
    }
  }

  #took(phase: Phase, operation: string, startMs: number): void {
    const known = this.#accepted[phase];
    let histogram = known.get(operation);
    if (histogram === undefined) known.set(operation, (histogram = this.#durations.with(this.#name, operation, 'false', phase)));
    histogram.observe((this.#clock.monotonicMs() - startMs) / 1000);
  }

  #refused(phase: Phase, operation: string, startMs: number): void {
    this.#durations.with(this.#name, operation, 'true', phase).observe((this.#clock.monotonicMs() - startMs) / 1000);
  }
}
