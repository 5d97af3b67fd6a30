import { describe, expect, it } from 'vitest';
import type { ContainerStatus, Pod } from '../kube/api/generated/core/v1.ts';
import { describeContainer, summarizePod } from './pod-summary.ts';

function container(changes: Partial<ContainerStatus>): ContainerStatus {
  return { name: 'app', image: 'nginx', imageID: '', ready: false, restartCount: 0, ...changes };
}

function pod(status: Pod['status'], changes: Partial<Pod['spec']> = {}): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'default' }, spec: { containers: [{ name: 'app', image: 'nginx' }], ...changes }, status };
}

const ready = [{ type: 'Ready', status: 'True' }];

describe('summing up a pod as kubectl get pods does', () => {
  it.each([
    { name: 'running and ready', object: pod({ phase: 'Running', conditions: ready, containerStatuses: [container({ ready: true, state: { running: {} } })] }), status: 'Running', tone: 'good', ready: 1 },
    { name: 'running, not ready', object: pod({ phase: 'Running', containerStatuses: [container({ state: { running: {} } })] }), status: 'Running', tone: 'busy', ready: 0 },
    { name: 'waiting for its image', object: pod({ phase: 'Pending', containerStatuses: [container({ state: { waiting: { reason: 'ImagePullBackOff' } } })] }), status: 'ImagePullBackOff', tone: 'bad', ready: 0 },
    { name: 'crashing', object: pod({ phase: 'Running', containerStatuses: [container({ restartCount: 4, state: { waiting: { reason: 'CrashLoopBackOff' } } })] }), status: 'CrashLoopBackOff', tone: 'bad', ready: 0 },
    { name: 'done', object: pod({ phase: 'Succeeded', containerStatuses: [container({ state: { terminated: { exitCode: 0, reason: 'Completed' } } })] }), status: 'Completed', tone: 'idle', ready: 0 },
    { name: 'failed without a reason', object: pod({ phase: 'Failed', containerStatuses: [container({ state: { terminated: { exitCode: 3 } } })] }), status: 'ExitCode:3', tone: 'bad', ready: 0 },
    { name: 'initializing', object: pod({ phase: 'Pending', initContainerStatuses: [container({ name: 'init', state: { running: {} } })] }, { initContainers: [{ name: 'init' }, { name: 'second' }] }), status: 'Init:0/2', tone: 'busy', ready: 0 },
    { name: 'held by a gate', object: pod({ phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] }), status: 'SchedulingGated', tone: 'busy', ready: 0 },
  ])('$name → $status', ({ object, ...expected }) => {
    const { name: _name, ...wanted } = expected;
    expect(summarizePod(object)).toMatchObject(wanted);
  });

  it('shows a pod that is being deleted as Terminating, whatever runs in it', () => {
    const object = pod({ phase: 'Running', conditions: ready });
    expect(summarizePod({ ...object, metadata: { ...object.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }).status).toBe('Terminating');
  });

  it('counts restarts of init containers too', () => {
    expect(summarizePod(pod({ phase: 'Running', containerStatuses: [container({ restartCount: 2 })], initContainerStatuses: [container({ restartCount: 3, state: { terminated: { exitCode: 0 } } })] })).restarts).toBe(5);
  });
});

describe('describing a container', () => {
  it('gives the exit code and the message of its end', () => {
    expect(describeContainer(container({ state: { terminated: { exitCode: 137, reason: 'OOMKilled', message: 'killed' } } }))).toEqual({ text: 'OOMKilled (exit code 137)', tone: 'bad', detail: 'killed' });
  });
});
