import { describe, expect, it } from 'vitest';
import type { NodeAgentConfiguration } from '../../../kube/api/coracle/v1/node-agent-configuration.ts';
import { VirtualClock } from '../../../kube/apimachinery/virtual-clock.ts';
import { FakeRuntime } from '../../runtime/fake.ts';
import { admitPod } from '../pod-admission.ts';
import { testContainer, testPod } from '../testing.ts';
import { newNode, nodeStatus, sameStatus } from './node-status.ts';
import type { NodeStatusInput } from './node-status.ts';
import { rankForEviction } from './pressure.ts';
import { RuntimeState } from './runtime-state.ts';

const config = { nodeName: 'worker-1', nodeIP: '10.89.0.11', kubeletPort: 10_250, maxPods: 2, labels: { tier: 'gold' }, taints: [{ key: 'k', effect: 'NoSchedule' }] } as unknown as NodeAgentConfiguration;
const machine = { cpus: 2, memoryBytes: 2 ** 30, ephemeralStorageBytes: 10 * 2 ** 30, architecture: 'amd64', kernelVersion: '6.12', osImage: 'Debian', machineID: 'm', systemUUID: 's', bootID: 'b', hugepageSizes: [] };
const input: NodeStatusInput = { config, machine, runtimeVersion: { runtimeName: 'containerd', runtimeVersion: '1.7.24', runtimeApiVersion: 'v1' }, handlers: [], images: [], problems: [], pressure: { memory: false, disk: false, pid: false }, previous: undefined, nowMs: Date.UTC(2026, 0, 1) };

describe('the Node', () => {
  it('registers with its labels and taints', () => {
    const node = newNode({ config, machine });
    expect(node.metadata.labels).toMatchObject({ 'kubernetes.io/hostname': 'worker-1', 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64', tier: 'gold' });
    expect(node.spec.taints).toEqual([{ key: 'k', effect: 'NoSchedule' }]);
  });

  it('reports what the machine has, and keeps some memory back', () => {
    const status = nodeStatus(input);
    expect(status.capacity).toMatchObject({ cpu: '2', memory: '1048576Ki', pods: '2' });
    expect(status.allocatable).toMatchObject({ memory: '946176Ki' });
    expect(status.nodeInfo).toMatchObject({ containerRuntimeVersion: 'containerd://1.7.24', architecture: 'amd64' });
  });

  it.each([
    { name: 'is ready', given: {}, type: 'Ready', expected: { status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' } },
    { name: 'says why it is not ready', given: { problems: ['a', 'b'] }, type: 'Ready', expected: { status: 'False', reason: 'KubeletNotReady', message: '[a, b]' } },
    { name: 'tells of memory pressure', given: { pressure: { memory: true, disk: false, pid: false } }, type: 'MemoryPressure', expected: { status: 'True', reason: 'KubeletHasInsufficientMemory' } },
  ])('$name', ({ given, type, expected }) => {
    expect(nodeStatus({ ...input, ...given }).conditions?.find((condition) => condition.type === type)).toMatchObject(expected);
  });

  it('is written again only when more than its heartbeat changed', () => {
    const before = nodeStatus(input);
    const later = nodeStatus({ ...input, previous: before, nowMs: input.nowMs + 60_000 });
    expect(sameStatus(before, later)).toBe(true);
    expect(later.conditions?.[0]?.lastTransitionTime).toBe(before.conditions?.[0]?.lastTransitionTime);
    expect(sameStatus(before, nodeStatus({ ...input, problems: ['x'] }))).toBe(false);
  });
});

it('the runtime state waits for a podCIDR and for the runtime', async () => {
  const clock = new VirtualClock();
  let changes = 0;
  const state = new RuntimeState({ runtime: new FakeRuntime(), clock, onChange: () => changes++ });
  expect(state.networkProblem()).toContain('lack of PodCIDR');
  const stop = new AbortController();
  const run = state.run(stop.signal);
  await clock.advance(1);
  expect(state.problems()).toEqual(['container runtime network not ready: Kubenet does not have netConfig. This is most likely due to lack of PodCIDR']);
  state.setPodCIDR('10.244.0.0/24');
  expect([state.problems(), changes]).toEqual([[], 2]);
  stop.abort(new Error('done'));
  await run;
});

describe('admission', () => {
  const cpu = (amount: string) => testPod({ containers: [testContainer('a', { resources: { requests: { cpu: amount } }, ports: [{ containerPort: 1, hostPort: 80 }] })] });
  it.each([
    { name: 'takes what fits', pod: cpu('1'), others: [], reason: undefined },
    { name: 'counts what is there', pod: cpu('1500m'), others: [cpu('600m')], reason: 'OutOfcpu' },
    { name: 'counts pods', pod: testPod(), others: [testPod(), testPod()], reason: 'OutOfpods' },
    { name: 'refuses a host port that is taken', pod: cpu('1'), others: [cpu('1')], reason: 'NodePorts' },
  ])('$name', ({ pod, others, reason }) => {
    expect(admitPod({ pod, others, config, machine })?.reason).toBe(reason);
  });
});

it('evicts first who uses more than asked, then the less important, never the critical', () => {
  const pod = (uid: string, priority: number, memory?: string) => testPod({ priority, containers: [testContainer('a', memory === undefined ? {} : { resources: { requests: { memory } } })] }, { metadata: { name: uid, uid } });
  const pods = [pod('within', 0, '100Mi'), pod('above-important', 10), pod('above', 0), pod('far-above', 0), pod('critical', 2_000_001_000)];
  const mebibytes = (count: number): number => count * 2 ** 20;
  const usage = new Map([['within', mebibytes(50)], ['above-important', mebibytes(90)], ['above', mebibytes(10)], ['far-above', mebibytes(20)], ['critical', mebibytes(999)]]);
  expect(rankForEviction(pods, 'memory', usage).map(({ metadata }) => metadata.name)).toEqual(['far-above', 'above', 'above-important', 'within']);
});
