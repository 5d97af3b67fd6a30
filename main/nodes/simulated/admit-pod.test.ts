import { expect, test } from 'vitest';
import type { Container, Node, Pod } from '../../../kube/api/generated/core/v1.ts';
import { admitPod } from './admit-pod.ts';

const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, spec: {}, status: { allocatable: { cpu: '600m', memory: '1Gi', pods: '2' } } };

function pod(container: Partial<Container>, spec: Partial<Pod['spec']> = {}): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [{ name: 'main', image: 'i', ...container }], ...spec } };
}
const port = (hostPort: number, hostIP?: string) => ({ containerPort: 80, hostPort, ...(hostIP !== undefined && { hostIP }) });
const ports = (...wanted: ReturnType<typeof port>[]): Pod => pod({ ports: wanted });
const cpu = (amount: string): Pod => pod({ resources: { requests: { cpu: amount } } });

test.each<{ readonly name: string; readonly pod: Pod; readonly others: readonly Pod[]; readonly reason: string | undefined }>([
  { name: 'a pod without wishes is let in', pod: pod({}), others: [], reason: undefined },
  { name: 'one pod too many is not', pod: pod({}), others: [pod({}), pod({})], reason: 'OutOfpods' },
  { name: 'what fits exactly is let in', pod: cpu('200m'), others: [cpu('400m')], reason: undefined },
  { name: 'more CPU than is left is not', pod: cpu('300m'), others: [cpu('400m')], reason: 'OutOfcpu' },
  { name: 'the largest init container counts', pod: pod({}, { initContainers: [{ name: 'i', image: 'i', resources: { requests: { memory: '2Gi' } } }] }), others: [], reason: 'OutOfmemory' },
  { name: 'a host port is had once', pod: ports(port(8080)), others: [ports(port(8080))], reason: 'NodePorts' },
  { name: 'on all addresses is on each of them', pod: ports(port(8080, '10.0.0.1')), others: [ports(port(8080))], reason: 'NodePorts' },
  { name: 'different addresses do not collide', pod: ports(port(8080, '10.0.0.1')), others: [ports(port(8080, '10.0.0.2'))], reason: undefined },
])('$name', ({ pod: candidate, others, reason }) => {
  expect(admitPod(candidate, { node, others })?.reason).toBe(reason);
});

test('a refusal counts in the units that upstream counts in', () => {
  expect(admitPod(cpu('300m'), { node, others: [cpu('400m')] })?.message).toBe("Node didn't have enough resource: cpu, requested: 300, used: 400, capacity: 600");
});
