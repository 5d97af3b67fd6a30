import type { MetricVector } from '../../../../../kube/apimachinery/metrics/metric-family.ts';
import type { Counter, Histogram } from '../../../../../kube/apimachinery/metrics/metric-values.ts';
import type { MetricsRegistry } from '../../../../../kube/apimachinery/metrics/metrics-registry.ts';
import type { IpAllocator } from './ip-allocator.ts';
import type { PortAllocator } from './port-allocator.ts';

const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** `static`: somebody asked for that one. */
export type AllocationScope = 'static' | 'dynamic';

/** What is taken and left of the service ranges (upstream: pkg/registry/core/service/ipallocator/metrics.go and …/portallocator/metrics.go). */
export class AllocatorMetrics {
  readonly #addresses: MetricVector<Counter>;
  readonly #addressErrors: MetricVector<Counter>;
  readonly #durations: MetricVector<Histogram>;
  readonly #ports: MetricVector<Counter>;
  readonly #portErrors: MetricVector<Counter>;

  constructor(registry: MetricsRegistry, { ips, ports }: { readonly ips: readonly IpAllocator[]; readonly ports: PortAllocator }) {
    const ip = 'kube_apiserver_clusterip_allocator_';
    const labels = ['cidr', 'scope'];
    this.#addresses = registry.counter({ name: `${ip}allocation_total`, stability: 'ALPHA', help: 'Cluster IPs that were handed out.', labels });
    this.#addressErrors = registry.counter({ name: `${ip}allocation_errors_total`, stability: 'ALPHA', help: 'Cluster IPs that could not be handed out.', labels });
    this.#durations = registry.histogram({ name: `${ip}allocation_duration_seconds`, stability: 'ALPHA', help: 'Time that it took to find a cluster IP.', labels: ['cidr'], bounds: BOUNDS });
    registry.collect('gauge', { name: `${ip}allocated_ips`, stability: 'ALPHA', help: 'Cluster IPs that Services have.', labels: ['cidr'] }, () => ips.map(({ cidr, used }) => ({ labels: [cidr], value: used })));
    registry.collect('gauge', { name: `${ip}available_ips`, stability: 'ALPHA', help: 'Cluster IPs that are free.', labels: ['cidr'] }, () => ips.map(({ cidr, free }) => ({ labels: [cidr], value: free })));
    const port = 'kube_apiserver_nodeport_allocator_';
    this.#ports = registry.counter({ name: `${port}allocation_total`, stability: 'ALPHA', help: 'Node ports that were handed out.', labels: ['scope'] });
    this.#portErrors = registry.counter({ name: `${port}allocation_errors_total`, stability: 'ALPHA', help: 'Node ports that could not be handed out.', labels: ['scope'] });
    registry.collect('gauge', { name: `${port}allocated_ports`, stability: 'ALPHA', help: 'Node ports that Services have.' }, () => [{ value: ports.used }]);
    registry.collect('gauge', { name: `${port}available_ports`, stability: 'ALPHA', help: 'Node ports that are free.' }, () => [{ value: ports.free }]);
  }

  address({ cidr }: Pick<IpAllocator, 'cidr'>, { scope, elapsedMs }: { readonly scope: AllocationScope; readonly elapsedMs: number | undefined }): void {
    (elapsedMs === undefined ? this.#addressErrors : this.#addresses).with(cidr, scope).inc();
    if (elapsedMs !== undefined) this.#durations.with(cidr).observe(elapsedMs / 1000);
  }

  port({ scope, failed }: { readonly scope: AllocationScope; readonly failed: boolean }): void {
    (failed ? this.#portErrors : this.#ports).with(scope).inc();
  }
}
