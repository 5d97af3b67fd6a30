import { expect, test } from 'vitest';
import type { Pod, ResourceQuota } from '../../../kube/api/generated/core/v1.ts';
import { quotaUsage } from './quota-usage.ts';

function pod(name: string, options: { readonly cpu?: string; readonly memory?: string; readonly phase?: string } = {}): Pod {
  const { cpu, memory, phase = 'Running' } = options;
  const requests = { ...(cpu && { cpu }), ...(memory && { memory }) };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers: [{ name: 'm', image: 'm', resources: { requests } }] }, status: { phase, qosClass: cpu ? 'Burstable' : 'BestEffort' } };
}

function usage(hard: Record<string, string>, options: { readonly pods?: readonly Pod[]; readonly scopes?: string[] } = {}): Record<string, string> {
  const quota: ResourceQuota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q' }, spec: { hard, scopes: options.scopes } };
  return quotaUsage(quota, { pods: options.pods ?? [], services: [], claims: [], count: (resource) => (resource === 'configmaps' ? 2 : undefined) });
}

test('requests add up in their own units, finished pods do not count', () => {
  const pods = [pod('a', { cpu: '250m', memory: '1Gi' }), pod('b', { cpu: '1', memory: '512Mi' }), pod('c', { cpu: '9', phase: 'Succeeded' })];
  expect(usage({ 'requests.cpu': '4', memory: '4Gi', pods: '10' }, { pods })).toEqual({ 'requests.cpu': '1250m', memory: '1536Mi', pods: '2' });
});

test('objects are counted, unknown resources are left out', () => {
  expect(usage({ configmaps: '5', 'count/configmaps': '5', 'count/widgets.example.com': '1' })).toEqual({ configmaps: '2', 'count/configmaps': '2' });
});

test('a scope narrows the pods', () => {
  expect(usage({ pods: '5' }, { pods: [pod('a'), pod('b', { cpu: '1' })], scopes: ['BestEffort'] })).toEqual({ pods: '1' });
});

test('objects that have no scopes are outside of a scoped quota', () => {
  expect(usage({ pods: '5', configmaps: '5', 'count/configmaps': '5' }, { pods: [pod('a')], scopes: ['BestEffort'] })).toEqual({ pods: '1', configmaps: '0', 'count/configmaps': '0' });
});
