import { expect, test } from 'vitest';
import type { APIService } from '../../../kube/api/generated/apiregistration/v1.ts';
import { MetricsRegistry } from '../../../kube/apimachinery/metrics/metrics-registry.ts';
import { AvailabilityMetrics } from './availability-metrics.ts';

const service = (status?: string, reason = 'Passed'): APIService =>
  ({ metadata: { name: 'v1.example.com' }, spec: {}, ...(status ? { status: { conditions: [{ type: 'Available', status, reason }] } } : {}) }) as APIService;

test('an APIService that is lost is counted once, and shown until it is back', () => {
  const registry = new MetricsRegistry();
  let current = service();
  const metrics = new AvailabilityMetrics(registry, () => [current]);
  const becomes = (next: APIService): string[] => {
    metrics.changed(current, next);
    current = next;
    return registry.text().split('\n').filter((line) => line.startsWith('aggregator_'));
  };
  expect(becomes(service('True'))).toEqual(['aggregator_unavailable_apiservice{name="v1.example.com"} 0']);
  const lost = ['aggregator_unavailable_apiservice_total{name="v1.example.com",reason="MissingEndpoints"} 1'];
  expect(becomes(service('False', 'MissingEndpoints')).toSorted()).toEqual([...lost, 'aggregator_unavailable_apiservice{name="v1.example.com"} 1'].toSorted());
  expect(becomes(service('False', 'ServiceNotFound')).toSorted()).toEqual([...lost, 'aggregator_unavailable_apiservice{name="v1.example.com"} 1'].toSorted());
  expect(becomes(service('True')).toSorted()).toEqual([...lost, 'aggregator_unavailable_apiservice{name="v1.example.com"} 0'].toSorted());
});
