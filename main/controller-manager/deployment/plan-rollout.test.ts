import { expect, test } from 'vitest';
import type { Deployment, ReplicaSet } from '../../../kube/api/generated/apps/v1.ts';
import { computeDeploymentStatus, isComplete } from './deployment-status.ts';
import { planHistoryCleanup, planRollout } from './plan-rollout.ts';
import { planScale } from './plan-scale.ts';
import { buildReplicaSet } from './replica-sets-of.ts';

const NOW = Date.UTC(2026, 0, 1);

function newDeployment(spec: { readonly replicas: number; readonly image?: string; readonly maxSurge?: number | string; readonly maxUnavailable?: number | string; readonly type?: string; readonly paused?: boolean }): Deployment {
  const { replicas, image = 'web:2', maxSurge = '25%', maxUnavailable = '25%', type = 'RollingUpdate', paused } = spec;
  return {
    apiVersion: 'apps/v1', kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default', uid: 'd', generation: 1 },
    spec: {
      replicas, paused, progressDeadlineSeconds: 600, revisionHistoryLimit: 1,
      selector: { matchLabels: { app: 'web' } },
      strategy: type === 'RollingUpdate' ? { type, rollingUpdate: { maxSurge, maxUnavailable } } : { type },
      template: { metadata: { name: '', labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image }] } },
    },
  };
}

/** The ReplicaSet of the Deployment with another image, of some size and availability. */
function replicaSet(deployment: Deployment, options: { readonly image: string; readonly size: number; readonly available?: number; readonly revision?: number }): ReplicaSet {
  const { image, size, available = size, revision = 1 } = options;
  const template = { ...deployment.spec.template, spec: { containers: [{ name: 'web', image }] } };
  const built = buildReplicaSet({ ...deployment, spec: { ...deployment.spec, template } }, { revision: BigInt(revision), replicas: size });
  return { ...built, metadata: { ...built.metadata, uid: image, creationTimestamp: `2026-01-01T00:00:0${revision}Z` }, status: { replicas: size, readyReplicas: available, availableReplicas: available } };
}

test('a new Deployment creates its first ReplicaSet at full size', () => {
  const deployment = newDeployment({ replicas: 3 });
  const plan = planRollout({ deployment, replicaSets: [], oldPodsRunning: false });
  expect(plan.create?.spec.replicas).toBe(3);
  expect(plan.revision).toBe('1');
  expect(plan.create?.metadata.annotations).toMatchObject({ 'deployment.kubernetes.io/revision': '1', 'deployment.kubernetes.io/desired-replicas': '3', 'deployment.kubernetes.io/max-replicas': '4' });
});

test('revisions beyond what a number holds are counted on exactly', () => {
  const deployment = newDeployment({ replicas: 1 });
  const old = replicaSet(deployment, { image: 'web:1', size: 1 });
  const annotations = { ...old.metadata.annotations, 'deployment.kubernetes.io/revision': '3546343826724305832' };
  const plan = planRollout({ deployment, replicaSets: [{ ...old, metadata: { ...old.metadata, annotations } }], oldPodsRunning: false });
  expect(plan.revision).toBe('3546343826724305833');
});

test.each([
  { name: 'a new image starts with what the surge allows', old: 4, oldAvailable: 4, current: undefined, surge: 1, unavailable: 1, expected: { create: 1, steps: [] } },
  { name: 'old pods go as new ones are there', old: 4, oldAvailable: 4, current: [1, 1], surge: 1, unavailable: 0, expected: { steps: [['web:1', 4, 3]] } },
  { name: 'nothing goes while new pods are not ready', old: 4, oldAvailable: 4, current: [1, 0], surge: 1, unavailable: 0, expected: { steps: [] } },
  { name: 'the new one grows when there is room', old: 3, oldAvailable: 3, current: [1, 1], surge: 1, unavailable: 0, expected: { steps: [['web:2', 1, 2]] } },
  { name: 'unhealthy old pods go first', old: 4, oldAvailable: 2, current: [1, 1], surge: 1, unavailable: 1, expected: { steps: [['web:1', 4, 2]] } },
] as const)('$name', ({ old, oldAvailable, current, surge, unavailable, expected }) => {
  const deployment = newDeployment({ replicas: 4, maxSurge: surge, maxUnavailable: unavailable });
  const sets = [replicaSet(deployment, { image: 'web:1', size: old, available: oldAvailable })];
  if (current !== undefined) sets.push(replicaSet(deployment, { image: 'web:2', size: current[0], available: current[1], revision: 2 }));
  const plan = planRollout({ deployment, replicaSets: sets, oldPodsRunning: false });
  expect(plan.create?.spec.replicas).toBe('create' in expected ? expected.create : undefined);
  expect(plan.scale.map(({ replicaSet: { metadata }, from, to }) => [metadata.uid, from, to])).toEqual(expected.steps);
});

test('Recreate waits until the old pods are gone', () => {
  const deployment = newDeployment({ replicas: 2, type: 'Recreate' });
  const old = replicaSet(deployment, { image: 'web:1', size: 2 });
  expect(planRollout({ deployment, replicaSets: [old], oldPodsRunning: true }).scale.map(({ to }) => to)).toEqual([0]);
  const empty = replicaSet(deployment, { image: 'web:1', size: 0 });
  const waiting = planRollout({ deployment, replicaSets: [empty], oldPodsRunning: true });
  expect([waiting.scale, waiting.create]).toEqual([[], undefined]);
  expect(planRollout({ deployment, replicaSets: [empty], oldPodsRunning: false }).create?.spec.replicas).toBe(2);
});

test('a paused Deployment only scales', () => {
  const deployment = newDeployment({ replicas: 5, paused: true });
  const plan = planRollout({ deployment, replicaSets: [replicaSet(deployment, { image: 'web:1', size: 2 })], oldPodsRunning: false });
  expect(plan.create).toBeUndefined();
  expect(plan.scale.map(({ to }) => to)).toEqual([5]);
});

test('scaling in the middle of a rollout is shared out in proportion', () => {
  const before = newDeployment({ replicas: 10, maxSurge: 3, maxUnavailable: 2 });
  const old = replicaSet(before, { image: 'web:1', size: 8 });
  const current = replicaSet(before, { image: 'web:2', size: 5, available: 0, revision: 2 });
  const after = newDeployment({ replicas: 15, maxSurge: 3, maxUnavailable: 2 });
  expect(planScale(after, { current, old: [old] }).map(({ to }) => to)).toEqual([11, 7]);
});

test('history beyond the limit is deleted, oldest first, once empty', () => {
  const deployment = newDeployment({ replicas: 1 });
  const old = [1, 2, 3].map((revision) => replicaSet(deployment, { image: `web:0.${revision}`, size: revision === 2 ? 1 : 0, revision }));
  expect(planHistoryCleanup(deployment, old).map(({ metadata }) => metadata.uid)).toEqual(['web:0.1']);
});

test('the status tells of a rollout that is done, and of one that hangs', () => {
  const deployment = newDeployment({ replicas: 2 });
  const done = computeDeploymentStatus({ deployment, current: replicaSet(deployment, { image: 'web:2', size: 2 }), old: [], trackProgress: true, nowMs: NOW });
  expect(isComplete(deployment, done)).toBe(true);
  expect(done.conditions?.map(({ type, status, reason }) => [type, status, reason])).toEqual([['Available', 'True', 'MinimumReplicasAvailable'], ['Progressing', 'True', 'NewReplicaSetAvailable']]);
  const current = replicaSet(deployment, { image: 'web:2', size: 2, available: 0 });
  const started = computeDeploymentStatus({ deployment, current, old: [], trackProgress: true, nowMs: NOW });
  const later = computeDeploymentStatus({ deployment: { ...deployment, status: started }, current, old: [], trackProgress: true, nowMs: NOW + 601_000 });
  expect(later.conditions?.find(({ type }) => type === 'Progressing')).toMatchObject({ status: 'False', reason: 'ProgressDeadlineExceeded' });
});
