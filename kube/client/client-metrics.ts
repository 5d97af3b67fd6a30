import type { MetricVector } from '../apimachinery/metrics/metric-family.ts';
import type { Counter, Histogram } from '../apimachinery/metrics/metric-values.ts';
import type { MetricsRegistry } from '../apimachinery/metrics/metrics-registry.ts';
import type { RestClientOptions } from './rest-client.ts';

const BOUNDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

/** What the clients of a process ask (upstream: component-base/metrics/prometheus/restclient); `host` is where they send to. */
export function clientMetrics(registry: MetricsRegistry, host: string): NonNullable<RestClientOptions['onAnswer']> {
  const requests: MetricVector<Counter> = registry.counter({ name: 'rest_client_requests_total', stability: 'ALPHA', help: 'Answers to requests of clients in this process.', labels: ['code', 'method', 'host'] });
  const durations: MetricVector<Histogram> = registry.histogram({ name: 'rest_client_request_duration_seconds', stability: 'ALPHA', help: 'Time until clients in this process had an answer.', labels: ['verb', 'host'], bounds: BOUNDS });
  return ({ method, status, elapsedMs }) => {
    requests.with(String(status), method, host).inc();
    if (elapsedMs !== undefined) durations.with(method, host).observe(elapsedMs / 1000);
  };
}
