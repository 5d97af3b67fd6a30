import { expect, test } from 'vitest';
import type { Node, Taint } from '../../../kube/api/generated/core/v1.ts';
import { CidrSet } from '../node-ipam/cidr-set.ts';
import { evictionTimeMs } from '../taint-eviction/taint-eviction-controller.ts';
import { desiredTaints, NODE_GRACE_MS, observeHeartbeat, silentNodeConditions } from './node-health.ts';

const NOW = Date.UTC(2026, 0, 1);

function node(ready: string | undefined, taints: readonly Taint[] = []): Node {
  const conditions = ready === undefined ? [] : [{ type: 'Ready', status: ready, lastHeartbeatTime: '2026-01-01T00:00:00Z' }];
  return { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', creationTimestamp: '2026-01-01T00:00:00Z' }, spec: { taints: [...taints] }, status: { conditions } };
}

test('a node is Unknown only after the grace period without a sign of life', () => {
  const heartbeat = observeHeartbeat(undefined, { node: node('True'), leaseRenewTime: 'a', monotonicMs: 0 });
  expect(silentNodeConditions(node('True'), { heartbeat, monotonicMs: NODE_GRACE_MS, nowMs: NOW })).toBeUndefined();
  const silent = silentNodeConditions(node('True'), { heartbeat, monotonicMs: NODE_GRACE_MS + 1, nowMs: NOW });
  expect(silent?.map(({ type, status, reason }) => [type, status, reason])).toEqual([
    ['Ready', 'Unknown', 'NodeStatusUnknown'],
    ['MemoryPressure', 'Unknown', 'NodeStatusNeverUpdated'],
    ['DiskPressure', 'Unknown', 'NodeStatusNeverUpdated'],
    ['PIDPressure', 'Unknown', 'NodeStatusNeverUpdated'],
  ]);
});

test.each([1, -1])('a clock that is set by %d day is no silence', (days) => {
  const heartbeat = observeHeartbeat(undefined, { node: node('True'), leaseRenewTime: 'a', monotonicMs: 0 });
  const nowMs = NOW + days * 86_400_000;
  expect(silentNodeConditions(node('True'), { heartbeat, monotonicMs: NODE_GRACE_MS, nowMs })).toBeUndefined();
  expect(silentNodeConditions(node('True'), { heartbeat, monotonicMs: NODE_GRACE_MS + 1, nowMs })).toBeDefined();
});

test('a renewed lease is a sign of life, the same lease is none', () => {
  const first = observeHeartbeat(undefined, { node: node('True'), leaseRenewTime: 'a', monotonicMs: 0 });
  expect(observeHeartbeat(first, { node: node('True'), leaseRenewTime: 'a', monotonicMs: 9 })).toBe(first);
  expect(observeHeartbeat(first, { node: node('True'), leaseRenewTime: 'b', monotonicMs: 9 }).seenMs).toBe(9);
});

test.each([
  { name: 'a ready node has none', ready: 'True', evict: true, expected: [] },
  { name: 'an unready node', ready: 'False', evict: true, expected: ['not-ready:NoSchedule', 'not-ready:NoExecute'] },
  { name: 'a silent node', ready: 'Unknown', evict: true, expected: ['unreachable:NoSchedule', 'unreachable:NoExecute'] },
  { name: 'nobody is evicted when all are down', ready: 'Unknown', evict: false, expected: ['unreachable:NoSchedule'] },
])('taints: $name', ({ ready, evict, expected }) => {
  const taints = desiredTaints(node(ready), { evict, nowMs: NOW });
  expect(taints.map(({ key, effect }) => `${key.replace('node.kubernetes.io/', '')}:${effect}`)).toEqual(expected);
});

test('taints of others stay, and unchanged ones are the same list', () => {
  const foreign = { key: 'team', value: 'a', effect: 'NoSchedule' };
  const current = node('True', [foreign]);
  expect(desiredTaints(current, { evict: true, nowMs: NOW })).toBe(current.spec?.taints);
  const recovered = node('True', [foreign, { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }]);
  expect(desiredTaints(recovered, { evict: true, nowMs: NOW })).toEqual([foreign]);
});

test.each([
  { name: 'not tolerated: now', tolerations: [], due: NOW + 60_000 },
  { name: 'for a while', tolerations: [{ key: 'x', operator: 'Exists', tolerationSeconds: 300 }], due: NOW + 300_000 },
  { name: 'for ever', tolerations: [{ key: 'x', operator: 'Exists' }], due: Number.POSITIVE_INFINITY },
])('eviction: $name', ({ tolerations, due }) => {
  const taints = [{ key: 'x', effect: 'NoExecute', timeAdded: '2026-01-01T00:00:00Z' }];
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [], tolerations } };
  expect(evictionTimeMs(pod, { taints, nowMs: NOW + 60_000 })).toBe(due);
});

test('pod CIDRs are handed out once and come back', () => {
  const set = new CidrSet('10.244.0.0/22', 24);
  set.occupy('10.244.1.0/24');
  expect([set.allocate(), set.allocate(), set.allocate(), set.allocate()]).toEqual(['10.244.0.0/24', '10.244.2.0/24', '10.244.3.0/24', undefined]);
  set.release('10.244.2.0/24');
  expect(set.allocate()).toBe('10.244.2.0/24');
});
