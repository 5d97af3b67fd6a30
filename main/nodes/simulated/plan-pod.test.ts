import { expect, test } from 'vitest';
import type { Pod } from '../../../kube/api/generated/core/v1.ts';
import { EXIT_CODE, planPod, type PodStep, RUN_SECONDS, STOP_SECONDS } from './plan-pod.ts';

const NOW = Date.UTC(2026, 0, 1);

interface PodParts {
  readonly metadata?: Partial<Pod['metadata']>;
  readonly spec?: Partial<Pod['spec']>;
  readonly status?: Pod['status'];
}

function plan(pod: PodParts, nowMs = NOW): PodStep {
  const full: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', uid: 'u', ...pod.metadata }, spec: { containers: [{ name: 'main', image: 'nginx' }], ...pod.spec }, status: pod.status };
  return planPod(full, { hostIP: '10.89.0.11', podIP: () => '10.244.0.2', nowMs });
}
const running = { phase: 'Running', startTime: '2026-01-01T00:00:00Z', conditions: [{ type: 'Ready', status: 'True' }] };

test('a new pod becomes Running and ready, with an address', () => {
  const step = plan({});
  expect(step).toMatchObject({ action: 'status', status: { phase: 'Running', podIP: '10.244.0.2', hostIP: '10.89.0.11', startTime: '2026-01-01T00:00:00Z' } });
  expect(step.action === 'status' && step.status.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True');
});

const deleted = { deletionTimestamp: '2026-01-01T00:00:30Z', deletionGracePeriodSeconds: 30 };

test.each<{ readonly name: string; readonly pod: PodParts; readonly expected: object }>([
  { name: 'a running pod is left alone', pod: { status: running }, expected: { action: 'nothing' } },
  { name: 'a finished pod is left alone', pod: { status: { phase: 'Succeeded' } }, expected: { action: 'nothing' } },
  { name: 'a pod with a run time is waited for', pod: { metadata: { annotations: { [RUN_SECONDS]: '5' } }, status: running }, expected: { action: 'wait', delayMs: 5000 } },
  { name: 'and fails with its exit code', pod: { metadata: { annotations: { [RUN_SECONDS]: '0', [EXIT_CODE]: '3' } }, status: running }, expected: { action: 'status', status: { phase: 'Failed' } } },
  { name: 'a deleted pod takes a moment to stop', pod: { metadata: deleted, status: running }, expected: { action: 'wait', delayMs: 500 } },
  { name: 'but no longer than its grace period', pod: { metadata: { ...deleted, deletionGracePeriodSeconds: 0 }, status: running }, expected: { action: 'status', status: { phase: 'Succeeded' } } },
  { name: 'or as long as it was told to take', pod: { metadata: { ...deleted, annotations: { [STOP_SECONDS]: '7' } }, status: running }, expected: { action: 'wait', delayMs: 7000 } },
  { name: 'a pod that has stopped is removed', pod: { metadata: deleted, status: { ...running, phase: 'Succeeded' } }, expected: { action: 'remove' } },
  { name: 'and so is one that never began', pod: { metadata: deleted, status: { phase: 'Pending' } }, expected: { action: 'remove' } },
  { name: 'a pod with a deadline is waited for', pod: { spec: { activeDeadlineSeconds: 5 }, status: running }, expected: { action: 'wait', delayMs: 5000 } },
  { name: 'a pod beyond its deadline fails', pod: { spec: { activeDeadlineSeconds: 5 }, status: { ...running, startTime: '2025-12-31T23:59:55Z' } }, expected: { action: 'status', status: { phase: 'Failed', reason: 'DeadlineExceeded' } } },
  { name: 'a host network pod has the address of its node', pod: { spec: { hostNetwork: true } }, expected: { action: 'status', status: { podIP: '10.89.0.11' } } },
])('$name', ({ pod, expected }) => {
  expect(plan(pod)).toMatchObject(expected);
});

test('a pod that stops shows how its containers ended, before it is removed', () => {
  const status = { ...running, containerStatuses: [{ name: 'main', image: 'nginx', imageID: '', ready: true, restartCount: 2, state: { running: { startedAt: '2026-01-01T00:00:00Z' } } }] };
  const step = plan({ metadata: { ...deleted, deletionGracePeriodSeconds: 0 }, status });
  expect(step.action === 'status' && step.status.containerStatuses).toMatchObject([{ name: 'main', ready: false, restartCount: 2, state: { terminated: { exitCode: 0, reason: 'Completed', startedAt: '2026-01-01T00:00:00Z' } } }]);
});

test('a new image restarts the container, and the status says which generation it shows', () => {
  const before = plan({ metadata: { generation: 1 } });
  const status = before.action === 'status' ? before.status : {};
  expect(plan({ metadata: { generation: 1 }, status })).toEqual({ action: 'nothing' });
  const step = plan({ metadata: { generation: 2 }, spec: { containers: [{ name: 'main', image: 'nginx:2' }] }, status });
  expect(step).toMatchObject({ action: 'status', status: { observedGeneration: 2, containerStatuses: [{ image: 'nginx:2', restartCount: 1, lastState: { terminated: { exitCode: 0 } } }] } });
  expect(step.action === 'status' && step.status.conditions?.every(({ observedGeneration }) => observedGeneration === 2)).toBe(true);
});

test('new resources reach the running container', () => {
  const resources = { requests: { cpu: '2' }, limits: { cpu: '2' } };
  const before = plan({ metadata: { generation: 1 } });
  const step = plan({ metadata: { generation: 2 }, spec: { containers: [{ name: 'main', image: 'nginx', resources }] }, status: before.action === 'status' ? before.status : {} });
  expect(step).toMatchObject({ action: 'status', status: { containerStatuses: [{ restartCount: 0, resources, allocatedResources: { cpu: '2' } }] } });
});

test('a refused pod fails with the reason, and never has containers', () => {
  const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [{ name: 'main', image: 'nginx' }] }, status: { phase: 'Pending' } };
  const step = planPod(pod, { hostIP: '10.89.0.11', podIP: () => '10.244.0.2', nowMs: NOW, admit: () => ({ reason: 'NodePorts', message: 'taken' }) });
  expect(step).toMatchObject({ action: 'status', status: { phase: 'Failed', reason: 'NodePorts', message: 'Pod was rejected: taken' } });
  expect(step.action === 'status' && step.status.containerStatuses).toBeUndefined();
});
