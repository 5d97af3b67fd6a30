import type { APIService } from '../../../kube/api/generated/apiregistration/v1.ts';
import type { MetricVector } from '../../../kube/apimachinery/metrics/metric-family.ts';
import type { Counter } from '../../../kube/apimachinery/metrics/metric-values.ts';
import type { MetricsRegistry } from '../../../kube/apimachinery/metrics/metrics-registry.ts';

/** Which APIServices cannot be reached (upstream: kube-aggregator/pkg/controllers/status/metrics). */
export class AvailabilityMetrics {
  readonly #lost: MetricVector<Counter>;

  constructor(registry: MetricsRegistry, services: () => Iterable<APIService>) {
    this.#lost = registry.counter({ name: 'aggregator_unavailable_apiservice_total', stability: 'ALPHA', help: 'How often APIServices became unavailable, by reason.', labels: ['name', 'reason'] });
    registry.collect('gauge', { name: 'aggregator_unavailable_apiservice', stability: 'ALPHA', help: '1 for APIServices that are not available.', labels: ['name'] }, function* () {
      for (const service of services()) yield { labels: [service.metadata.name], value: isAvailable(service) ? 0 : 1 };
    });
  }

  changed(before: APIService | undefined, after: APIService): void {
    if (!isAvailable(before) || isAvailable(after)) return;
    this.#lost.with(after.metadata.name, availability(after)?.reason ?? 'UnknownReason').inc();
  }
}

const availability = (service: APIService | undefined) => service?.status?.conditions?.find(({ type }) => type === 'Available');
const isAvailable = (service: APIService | undefined): boolean => availability(service)?.status === 'True';
