import { expect, test } from 'vitest';
import type { Pod } from '../../../kube/api/generated/core/v1.ts';
import { EXIT_CODE, planPod, type PodStep, RUN_SECONDS } from './plan-pod.ts';

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

test.each<{ readonly name: string; readonly pod: PodParts; readonly expected: object }>([
  { name: 'a running pod is left alone', pod: { status: running }, expected: { action: 'nothing' } },
  { name: 'a finished pod is left alone', pod: { status: { phase: 'Succeeded' } }, expected: { action: 'nothing' } },
  { name: 'a pod with a run time is waited for', pod: { metadata: { annotations: { [RUN_SECONDS]: '5' } }, status: running }, expected: { action: 'wait', delayMs: 5000 } },
  { name: 'and fails with its exit code', pod: { metadata: { annotations: { [RUN_SECONDS]: '0', [EXIT_CODE]: '3' } }, status: running }, expected: { action: 'status', status: { phase: 'Failed' } } },
  { name: 'a deleted pod is removed', pod: { metadata: { deletionTimestamp: '2026-01-01T00:00:30Z', deletionGracePeriodSeconds: 30 }, status: running }, expected: { action: 'remove' } },
  { name: 'a host network pod has the address of its node', pod: { spec: { hostNetwork: true } }, expected: { action: 'status', status: { podIP: '10.89.0.11' } } },
])('$name', ({ pod, expected }) => {
  expect(plan(pod)).toMatchObject(expected);
});
