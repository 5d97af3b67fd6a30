import type { MetricVector } from '../apimachinery/metrics/metric-family.ts';
import type { Counter } from '../apimachinery/metrics/metric-values.ts';
import type { MetricsRegistry } from '../apimachinery/metrics/metrics-registry.ts';
import type { RestClientOptions } from './rest-client.ts';

/** `rest_client_requests_total` of a process (upstream: component-base/metrics/prometheus/restclient); `host` is where its clients send to. */
export function clientMetrics(registry: MetricsRegistry, host: string): NonNullable<RestClientOptions['onAnswer']> {
  const requests: MetricVector<Counter> = registry.counter({ name: 'rest_client_requests_total', stability: 'ALPHA', help: 'Answers to requests of clients in this process.', labels: ['code', 'method', 'host'] });
  return ({ method, status }) => requests.with(String(status), method, host).inc();
}
