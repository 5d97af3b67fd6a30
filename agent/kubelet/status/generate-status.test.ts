import { describe, expect, it } from 'vitest';
import type { Pod, PodStatus } from '../../../kube/api/generated/core/v1.ts';
import type { RuntimePod } from '../runtime-pod.ts';
import { testContainer, testPod, testRuntimePod } from '../testing.ts';
import { generatePodStatus } from './generate-status.ts';
import type { StatusInput } from './generate-status.ts';

const exited = 'CONTAINER_EXITED' as const;
const never = { restartPolicy: 'Never' };
const generate = (pod: Pod, runtimePod: RuntimePod, overrides: Partial<StatusInput> = {}): PodStatus => generatePodStatus({
  pod, runtimePod, reasons: new Map(), probes: { readiness: () => undefined, startup: () => undefined }, hostIPs: ['10.89.0.11'], nowMs: Date.UTC(2026, 0, 2), podIsTerminal: false,
  terminationMessage: () => '', ...overrides,
});
const condition = (status: PodStatus, type: string) => status.conditions?.find((candidate) => candidate.type === type);

describe('pod phase', () => {
  it.each([
    { name: 'Pending before anything runs', pod: testPod(), runtimePod: testRuntimePod({ sandboxes: 0 }), phase: 'Pending' },
    { name: 'Running while a container runs', pod: testPod(), runtimePod: testRuntimePod({ containers: [{ name: 'main' }] }), phase: 'Running' },
    { name: 'Running between restarts', pod: testPod(), runtimePod: testRuntimePod({ containers: [{ name: 'main', state: exited, exitCode: 1 }] }), phase: 'Running' },
    { name: 'Succeeded when all ended well and nothing restarts', pod: testPod(never), runtimePod: testRuntimePod({ containers: [{ name: 'main', state: exited }] }), phase: 'Succeeded' },
    { name: 'Failed when one ended badly and nothing restarts', pod: testPod(never), runtimePod: testRuntimePod({ containers: [{ name: 'main', state: exited, exitCode: 2 }] }), phase: 'Failed' },
    { name: 'Running with OnFailure after a failure', pod: testPod({ restartPolicy: 'OnFailure' }), runtimePod: testRuntimePod({ containers: [{ name: 'main', state: exited, exitCode: 2 }] }), phase: 'Running' },
    { name: 'Pending while init containers run', pod: testPod({ initContainers: [testContainer('init')] }), runtimePod: testRuntimePod({ containers: [{ name: 'init' }] }), phase: 'Pending' },
    { name: 'Failed when an init container failed for good', pod: testPod({ ...never, initContainers: [testContainer('init')] }), runtimePod: testRuntimePod({ containers: [{ name: 'init', state: exited, exitCode: 1 }] }), phase: 'Failed' },
    { name: 'Succeeded beside a sidecar that was killed', pod: testPod({ ...never, initContainers: [testContainer('side', { restartPolicy: 'Always' })] }), runtimePod: testRuntimePod({ containers: [{ name: 'side', state: exited, exitCode: 137 }, { name: 'main', state: exited }] }), phase: 'Succeeded' },
  ])('is $name', ({ pod, runtimePod, phase }) => {
    expect(generate(pod, runtimePod).phase).toBe(phase);
  });

  it('is Failed for a deleted pod whose container was killed, whatever its policy', () => {
    const runtimePod = testRuntimePod({ sandboxReady: false, containers: [{ name: 'main', state: exited, exitCode: 137 }] });
    expect(generate(testPod(), runtimePod, { podIsTerminal: true }).phase).toBe('Failed');
  });

  it('never leaves Succeeded or Failed', () => {
    expect(generate(testPod({}, { status: { phase: 'Failed' } }), testRuntimePod({ containers: [{ name: 'main' }] })).phase).toBe('Failed');
  });
});

describe('container statuses', () => {
  it('wait as ContainerCreating, or as PodInitializing behind init containers', () => {
    expect(generate(testPod(), testRuntimePod()).containerStatuses?.[0]?.state?.waiting?.reason).toBe('ContainerCreating');
    expect(generate(testPod({ initContainers: [testContainer('init')] }), testRuntimePod()).containerStatuses?.[0]?.state?.waiting?.reason).toBe('PodInitializing');
  });

  it('show CrashLoopBackOff with the last end behind it', () => {
    const status = generate(testPod(), testRuntimePod({ containers: [{ name: 'main', state: exited, exitCode: 3, attempt: 2 }] }), { reasons: new Map([['main', { reason: 'CrashLoopBackOff', message: 'back-off 20s' }]]) });
    expect(status.containerStatuses?.[0]).toMatchObject({ restartCount: 2, ready: false, state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 20s' } }, lastState: { terminated: { exitCode: 3, reason: 'Error' } } });
  });

  it('show why an image cannot be pulled', () => {
    const status = generate(testPod(), testRuntimePod(), { reasons: new Map([['main', { reason: 'ErrImagePull', message: 'no such host' }]]) });
    expect(status.containerStatuses?.[0]?.state).toEqual({ waiting: { reason: 'ErrImagePull', message: 'no such host' } });
  });

  it('keep the previous attempt as lastState', () => {
    const status = generate(testPod(), testRuntimePod({ containers: [{ name: 'main', state: exited, exitCode: 1 }, { name: 'main', attempt: 1 }] }));
    expect(status.containerStatuses?.[0]).toMatchObject({ restartCount: 1, state: { running: {} }, lastState: { terminated: { exitCode: 1 } } });
  });

  it('keep what was reported of a finished container that the runtime has forgotten', () => {
    const terminated = { exitCode: 0, reason: 'Completed', containerID: 'containerd://x' };
    const pod = testPod(never, { status: { phase: 'Running', containerStatuses: [{ name: 'main', image: 'busybox:1', imageID: '', ready: false, restartCount: 0, state: { terminated } }] } });
    expect(generate(pod, testRuntimePod({ sandboxes: 0 })).containerStatuses?.[0]?.state).toEqual({ terminated });
  });

  it('carry the termination message', () => {
    const status = generate(testPod(never), testRuntimePod({ containers: [{ name: 'main', state: exited }] }), { terminationMessage: () => 'done' });
    expect(status.containerStatuses?.[0]?.state?.terminated).toMatchObject({ message: 'done', reason: 'Completed', exitCode: 0 });
  });
});

describe('pod conditions', () => {
  const running = testRuntimePod({ containers: [{ name: 'main' }] });
  const probed = testPod({ containers: [testContainer('main', { readinessProbe: { tcpSocket: { port: 80 } } })] });

  it('are all true for a running pod', () => {
    expect(generate(testPod(), running).conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual(['PodReadyToStartContainers=True', 'Initialized=True', 'Ready=True', 'ContainersReady=True', 'PodScheduled=True']);
  });

  it('wait for the readiness probe', () => {
    expect(condition(generate(probed, running), 'Ready')).toMatchObject({ status: 'False', reason: 'ContainersNotReady', message: 'containers with unready status: [main]' });
    expect(condition(generate(probed, running, { probes: { readiness: () => 'success', startup: () => undefined } }), 'Ready')?.status).toBe('True');
  });

  it('wait for readiness gates', () => {
    const pod = testPod({ readinessGates: [{ conditionType: 'example.com/lb' }] });
    expect(condition(generate(pod, running), 'Ready')).toMatchObject({ status: 'False', reason: 'ReadinessGatesNotReady', message: 'corresponding condition of pod readiness gate "example.com/lb" does not exist.' });
  });

  it('name the init containers that are not done', () => {
    const pod = testPod({ initContainers: [testContainer('i1'), testContainer('i2')] });
    expect(condition(generate(pod, testRuntimePod({ containers: [{ name: 'i1', state: exited }] })), 'Initialized')).toMatchObject({ status: 'False', reason: 'ContainersNotInitialized', message: 'containers with incomplete status: [i2]' });
  });

  it('say PodCompleted when the pod has succeeded', () => {
    const status = generate(testPod(never), testRuntimePod({ containers: [{ name: 'main', state: exited }] }));
    expect(condition(status, 'Ready')).toMatchObject({ status: 'False', reason: 'PodCompleted' });
    expect(condition(status, 'Initialized')).toMatchObject({ status: 'True', reason: 'PodCompleted' });
  });

  it('keep their transition time until they flip', () => {
    const before = generate(testPod(), running, { nowMs: Date.UTC(2025, 0, 1) });
    const after = generate(testPod({}, { status: before }), running);
    expect(condition(after, 'Ready')?.lastTransitionTime).toBe('2025-01-01T00:00:00Z');
  });
});

it('reports an eviction as Failed with its reason', () => {
  const status = generate(testPod(), testRuntimePod({ containers: [{ name: 'main' }] }), { failure: { reason: 'Evicted', message: 'The node was low on resource: memory. ' } });
  expect(status).toMatchObject({ phase: 'Failed', reason: 'Evicted' });
});
