import { describe, expect, it } from 'vitest';
import type { Pod } from '../../kube/api/generated/core/v1.ts';
import { computePodActions } from './pod-actions.ts';
import type { ProbeResults } from './pod-actions.ts';
import type { RuntimePod } from './runtime-pod.ts';
import { testContainer, testPod, testRuntimePod } from './testing.ts';

const noProbes: ProbeResults = { startup: () => undefined, liveness: () => undefined };
const exited = 'CONTAINER_EXITED' as const;
const two = { containers: [testContainer('a'), testContainer('b')] };
const withInit = { containers: [testContainer('main')], initContainers: [testContainer('i1'), testContainer('i2')] };
const withSidecar = { containers: [testContainer('main')], initContainers: [testContainer('side', { restartPolicy: 'Always', startupProbe: { exec: { command: ['true'] } } }), testContainer('i2')] };

interface Case {
  readonly name: string;
  readonly pod: Pod;
  readonly runtimePod: RuntimePod;
  readonly probes?: Partial<ProbeResults>;
  readonly expect: { readonly kill?: boolean; readonly sandbox?: boolean; readonly start?: readonly string[]; readonly init?: readonly string[]; readonly stop?: readonly string[] };
}

const cases: readonly Case[] = [
  { name: 'a new pod gets a sandbox and all its containers', pod: testPod(two), runtimePod: testRuntimePod({ sandboxes: 0 }), expect: { kill: true, sandbox: true, start: ['a', 'b'] } },
  { name: 'a new pod with init containers starts only the first of them', pod: testPod(withInit), runtimePod: testRuntimePod({ sandboxes: 0 }), expect: { kill: true, sandbox: true, init: ['i1'] } },
  { name: 'nothing happens while all containers run', pod: testPod(two), runtimePod: testRuntimePod({ containers: [{ name: 'a' }, { name: 'b' }] }), expect: {} },
  { name: 'a container that ended is started again', pod: testPod(two), runtimePod: testRuntimePod({ containers: [{ name: 'a' }, { name: 'b', state: exited, exitCode: 1 }] }), expect: { start: ['b'] } },
  { name: 'with OnFailure a container that succeeded stays as it is', pod: testPod({ ...two, restartPolicy: 'OnFailure' }), runtimePod: testRuntimePod({ containers: [{ name: 'a' }, { name: 'b', state: exited }] }), expect: {} },
  { name: 'a pod whose containers all ended and may not restart is killed', pod: testPod({ ...two, restartPolicy: 'Never' }), runtimePod: testRuntimePod({ containers: [{ name: 'a', state: exited }, { name: 'b', state: exited, exitCode: 1 }] }), expect: { kill: true } },
  { name: 'after a reboot the sandbox is made anew and its containers with it', pod: testPod(), runtimePod: testRuntimePod({ sandboxReady: false, containers: [{ name: 'main', state: exited, exitCode: 255 }] }), expect: { kill: true, sandbox: true, start: ['main'] } },
  { name: 'after a reboot a pod that never restarts and has run gets no new sandbox', pod: testPod({ restartPolicy: 'Never' }), runtimePod: testRuntimePod({ sandboxReady: false, containers: [{ name: 'main', state: exited, exitCode: 255 }] }), expect: { kill: true } },
  { name: 'after a reboot init containers run again', pod: testPod(withInit), runtimePod: testRuntimePod({ sandboxReady: false, containers: [{ name: 'i1', state: exited }, { name: 'i2', state: exited }, { name: 'main', state: exited, exitCode: 255 }] }), expect: { kill: true, sandbox: true, init: ['i1'] } },
  { name: 'a sandbox that lost its address is replaced', pod: testPod(), runtimePod: testRuntimePod({ ip: '', containers: [{ name: 'main' }] }), expect: { kill: true, sandbox: true, start: ['main'] } },
  { name: 'the second init container waits for the first', pod: testPod(withInit), runtimePod: testRuntimePod({ containers: [{ name: 'i1' }] }), expect: {} },
  { name: 'the second init container follows the first', pod: testPod(withInit), runtimePod: testRuntimePod({ containers: [{ name: 'i1', state: exited }] }), expect: { init: ['i2'] } },
  { name: 'containers follow the last init container', pod: testPod(withInit), runtimePod: testRuntimePod({ containers: [{ name: 'i1', state: exited }, { name: 'i2', state: exited }] }), expect: { start: ['main'] } },
  { name: 'a failed init container is tried again', pod: testPod(withInit), runtimePod: testRuntimePod({ containers: [{ name: 'i1', state: exited, exitCode: 1 }] }), expect: { init: ['i1'] } },
  { name: 'a failed init container of a pod that never restarts ends the pod', pod: testPod({ ...withInit, restartPolicy: 'Never' }), runtimePod: testRuntimePod({ containers: [{ name: 'i1', state: exited, exitCode: 1 }] }), expect: { kill: true } },
  { name: 'init containers removed by garbage collection do not run again', pod: testPod(withInit), runtimePod: testRuntimePod({ containers: [{ name: 'main' }] }), expect: {} },
  { name: 'what follows a sidecar waits for its startup probe', pod: testPod(withSidecar), runtimePod: testRuntimePod({ containers: [{ name: 'side' }] }), probes: { startup: () => 'unknown' }, expect: {} },
  { name: 'what follows a sidecar runs once it has started', pod: testPod(withSidecar), runtimePod: testRuntimePod({ containers: [{ name: 'side' }] }), probes: { startup: () => 'success' }, expect: { init: ['i2'] } },
  { name: 'a sidecar that ended is started again beside running containers', pod: testPod(withSidecar), runtimePod: testRuntimePod({ containers: [{ name: 'side', state: exited }, { name: 'i2', state: exited }, { name: 'main' }] }), expect: { init: ['side'] } },
  { name: 'a sidecar does not keep a finished pod alive', pod: testPod({ ...withSidecar, restartPolicy: 'Never' }), runtimePod: testRuntimePod({ containers: [{ name: 'side' }, { name: 'i2', state: exited }, { name: 'main', state: exited }] }), probes: { startup: () => 'success' }, expect: { kill: true } },
  { name: 'a failed liveness probe restarts the container', pod: testPod(), runtimePod: testRuntimePod({ containers: [{ name: 'main' }] }), probes: { liveness: () => 'failure' }, expect: { start: ['main'], stop: ['Container main failed liveness probe, will be restarted'] } },
  { name: 'a failed startup probe of a pod that never restarts only stops it', pod: testPod({ ...two, restartPolicy: 'Never' }), runtimePod: testRuntimePod({ containers: [{ name: 'a' }, { name: 'b' }] }), probes: { startup: (id) => (id === 'a-0' ? 'failure' : undefined) }, expect: { stop: ['Container a failed startup probe'] } },
  { name: 'a changed image replaces the container', pod: testPod({ containers: [testContainer('main', { image: 'busybox:2' })] }), runtimePod: testRuntimePod({ containers: [{ name: 'main' }] }), expect: { start: ['main'], stop: ['Container main definition changed, will be restarted'] } },
  { name: 'an exit code in a restart rule restarts a container that otherwise would not', pod: testPod({ restartPolicy: 'Never', containers: [testContainer('main', { restartPolicy: 'Never', restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }] })] }), runtimePod: testRuntimePod({ containers: [{ name: 'main', state: exited, exitCode: 42 }] }), expect: { start: ['main'] } },
  { name: 'a pod that is being deleted restarts nothing', pod: testPod(two, { metadata: { name: 'web', namespace: 'default', uid: 'uid-1', deletionTimestamp: '2026-01-01T00:00:00Z' } }), runtimePod: testRuntimePod({ containers: [{ name: 'a' }, { name: 'b', state: exited }] }), expect: {} },
];

describe('computePodActions', () => {
  it.each(cases)('$name', ({ pod, runtimePod, probes, expect: wanted }) => {
    const actions = computePodActions({ pod, runtimePod, probes: { ...noProbes, ...probes } });
    expect({
      kill: actions.killPod, sandbox: actions.createSandbox, start: actions.containersToStart.map(({ name }) => name), init: actions.initToStart.map(({ name }) => name),
      stop: actions.containersToKill.map(({ message }) => message),
    }).toEqual({ kill: false, sandbox: false, start: [], init: [], stop: [], ...wanted });
  });

  it('starts an ephemeral container once', () => {
    const pod = testPod({ ephemeralContainers: [{ name: 'debug', image: 'busybox:1' }] } as Partial<Pod['spec']>);
    const names = (runtimePod: RuntimePod): readonly string[] => computePodActions({ pod, runtimePod, probes: noProbes }).ephemeralToStart.map(({ name }) => name);
    expect(names(testRuntimePod({ containers: [{ name: 'main' }] }))).toEqual(['debug']);
    expect(names(testRuntimePod({ containers: [{ name: 'main' }, { name: 'debug', state: exited }] }))).toEqual([]);
  });
});
