import type { Histogram } from '../../../kube/apimachinery/metrics/metric-values.ts';
import type { MetricsRegistry } from '../../../kube/apimachinery/metrics/metrics-registry.ts';
import type { CelMeter } from '../cel/cel-meter.ts';

const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Times the rules of custom resources (upstream: apiserver/pkg/cel/metrics). */
export class CelMetrics implements CelMeter {
  readonly #compilations: Histogram;
  readonly #evaluations: Histogram;

  constructor(registry: MetricsRegistry) {
    this.#compilations = registry.histogram({ name: 'apiserver_cel_compilation_duration_seconds', stability: 'BETA', help: 'Time that it took to compile the rules of a part of a schema.', bounds: BOUNDS }).with();
    this.#evaluations = registry.histogram({ name: 'apiserver_cel_evaluation_duration_seconds', stability: 'BETA', help: 'Time that it took to evaluate the rules of an object.', bounds: BOUNDS }).with();
  }

  compiled(elapsedMs: number): void {
    this.#compilations.observe(elapsedMs / 1000);
  }

  evaluated(elapsedMs: number): void {
    this.#evaluations.observe(elapsedMs / 1000);
  }
}
