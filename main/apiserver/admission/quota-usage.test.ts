import { expect, test } from 'vitest';
import type { Pod, ResourceQuota } from '../../../kube/api/generated/core/v1.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { formatQuantity } from '../../../kube/apimachinery/quantity.ts';
import { isInScope, missingOf, usageOf } from './quota-usage.ts';

const PODS = { group: '', resource: 'pods' };
const pod = (spec: Partial<NonNullable<Pod['spec']>>, status: Pod['status'] = {}) =>
  ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [{ name: 'c' }], ...spec }, status }) as unknown as Pod;
const usage = (object: unknown, resource = PODS): Record<string, string> =>
  Object.fromEntries([...usageOf(resource, object as KubernetesObject)].map(([name, quantity]) => [name, formatQuantity(quantity)]));

test('a pod takes its containers together, or a larger init container', () => {
  const containers = [{ name: 'a', resources: { requests: { cpu: '100m' } } }, { name: 'b', resources: { requests: { cpu: '200m' }, limits: { memory: '1Gi' } } }];
  const initContainers = [{ name: 'i', resources: { requests: { cpu: '1' } } }];
  expect(usage(pod({ containers: containers as never, initContainers: initContainers as never }))).toEqual({
    'count/pods': '1', pods: '1', 'requests.cpu': '1', cpu: '1', 'limits.memory': '1Gi',
  });
});

test('a pod that has ended takes its place in the count alone', () => {
  expect(usage(pod({}, { phase: 'Succeeded' }))).toEqual({ 'count/pods': '1' });
});

test('a service of type LoadBalancer takes node ports too', () => {
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { type: 'LoadBalancer', ports: [{ port: 80 }, { port: 81 }] } };
  expect(usage(service, { group: '', resource: 'services' })).toEqual({ 'count/services': '1', services: '1', 'services.nodeports': '2', 'services.loadbalancers': '1' });
});

test('every container must say what a quota demands', () => {
  expect(missingOf(pod({}), ['limits.cpu', 'pods', 'requests.memory'])).toBe('limits.cpu for: c; requests.memory for: c');
  expect(missingOf(pod({ containers: [{ name: 'c', resources: { limits: { cpu: '1' } } }] as never }), ['limits.cpu'])).toBeUndefined();
});

test('scopes pick pods by quality, deadline and priority, and nothing else', () => {
  const quota = (spec: ResourceQuota['spec']) => ({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q' }, spec }) as unknown as ResourceQuota;
  const besteffort = pod({ priorityClassName: 'high' }, { qosClass: 'BestEffort' }) as unknown as KubernetesObject;
  expect(isInScope(quota({ scopes: ['BestEffort'] }), PODS, besteffort)).toBe(true);
  expect(isInScope(quota({ scopes: ['BestEffort', 'Terminating'] }), PODS, besteffort)).toBe(false);
  const selector = { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] };
  expect(isInScope(quota({ scopeSelector: selector } as never), PODS, besteffort)).toBe(true);
  expect(isInScope(quota({ scopes: ['BestEffort'] }), { group: '', resource: 'services' }, besteffort)).toBe(false);
});
