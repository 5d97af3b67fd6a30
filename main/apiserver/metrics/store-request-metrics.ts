import type { MetricVector } from '../../../kube/apimachinery/metrics/metric-family.ts';
import type { Counter, Histogram } from '../../../kube/apimachinery/metrics/metric-values.ts';
import type { MetricsRegistry } from '../../../kube/apimachinery/metrics/metrics-registry.ts';
import type { StoreMeter, StoreOperation } from '../storage/store-meter.ts';

const BOUNDS = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];

interface OperationMetrics {
  readonly requests: Counter;
  readonly durations: Histogram;
}

/**
 * Counts what is asked of the store (upstream: storage/etcd3/metrics). The names say etcd, whatever the store: dashboards and alerts look for them.
 * Lists come from the watch cache and ask nothing.
 */
export class StoreRequestMetrics {
  readonly #requests: MetricVector<Counter>;
  readonly #errors: MetricVector<Counter>;
  readonly #durations: MetricVector<Histogram>;

  constructor(registry: MetricsRegistry) {
    const labels = ['operation', 'group', 'resource'];
    this.#requests = registry.counter({ name: 'etcd_requests_total', stability: 'ALPHA', help: 'Requests to the store.', labels });
    this.#errors = registry.counter({ name: 'etcd_request_errors_total', stability: 'ALPHA', help: 'Requests to the store that failed.', labels });
    this.#durations = registry.histogram({ name: 'etcd_request_duration_seconds', stability: 'ALPHA', help: 'Time until the store had answered; of writes, until they were on the disk.', labels, bounds: BOUNDS });
  }

  meterOf({ group, resource }: { readonly group: string; readonly resource: string }): StoreMeter {
    const known: Partial<Record<StoreOperation, OperationMetrics>> = {};
    const metricsOf = (operation: StoreOperation): OperationMetrics =>
      (known[operation] ??= { requests: this.#requests.with(operation, group, resource), durations: this.#durations.with(operation, group, resource) });
    return {
      asked: (operation, { elapsedMs, failed }) => {
        const { requests, durations } = metricsOf(operation);
        requests.inc();
        durations.observe(elapsedMs / 1000);
        if (failed) this.#errors.with(operation, group, resource).inc();
      },
    };
  }
}
