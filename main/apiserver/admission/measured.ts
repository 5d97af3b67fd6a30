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
    const time = <T>(type: 'admit' | 'validate', attributes: AdmissionAttributes, call: () => Promise<T> | T): Promise<T> | T => {
      const startMs = this.#clock.monotonicMs();
      const observe = (rejected: boolean): void => this.#durations.with(plugin.name, attributes.operation, String(rejected), type).observe((this.#clock.monotonicMs() - startMs) / 1000);
      const finished = (value: T): T => {
        observe(false);
        return value;
      };
      const refused = (error: unknown): never => {
        observe(true);
        throw error;
      };
      try {
        const result = call();
        return result instanceof Promise ? result.then(finished, refused) : finished(result);
      } catch (error) {
        return refused(error);
      }
    };
    return {
      name: plugin.name,
      ...(plugin.isDynamic === undefined ? {} : { isDynamic: plugin.isDynamic }),
      handles: (attributes) => plugin.handles(attributes),
      ...(plugin.mutate ? { mutate: (attributes, signal) => time('admit', attributes, () => plugin.mutate?.(attributes, signal) as ReturnType<NonNullable<AdmissionPlugin['mutate']>>) } : {}),
      ...(plugin.admitDeletion ? { admitDeletion: async (attributes, signal) => time('admit', attributes, () => plugin.admitDeletion?.(attributes, signal)) } : {}),
      ...(plugin.validate ? { validate: (attributes, signal) => time('validate', attributes, () => plugin.validate?.(attributes, signal)) } : {}),
    };
  }
}
