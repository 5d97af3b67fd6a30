import { expect, test } from 'vitest';
import type { Job } from '../../../kube/api/generated/batch/v1.ts';
import type { Pod } from '../../../kube/api/generated/core/v1.ts';
import { formatIndexes, parseIndexes } from './index-set.ts';
import { COMPLETION_INDEX, JOB_TRACKING, newJobPod } from './job-pods.ts';
import { planJob } from './plan-job.ts';

const NOW = Date.UTC(2026, 0, 1, 1);

function newJob(spec: Partial<Job['spec']>, status?: Job['status']): Job {
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'sum', namespace: 'default', uid: 'j' }, spec: { template: { spec: { containers: [{ name: 'main', image: 'sum' }], restartPolicy: 'Never' } }, parallelism: 1, completions: 1, backoffLimit: 6, ...spec }, status };
}

function pod(uid: string, phase: string, options: { readonly index?: number; readonly tracked?: boolean; readonly exitCode?: number } = {}): Pod {
  const { index, tracked = true, exitCode = phase === 'Failed' ? 1 : 0 } = options;
  const terminated = phase === 'Failed' || phase === 'Succeeded' ? { exitCode, finishedAt: '2026-01-01T00:00:00Z' } : undefined;
  return {
    apiVersion: 'v1', kind: 'Pod',
    metadata: { name: uid, uid, namespace: 'default', ...(tracked && { finalizers: [JOB_TRACKING] }), ...(index !== undefined && { annotations: { [COMPLETION_INDEX]: String(index) } }) },
    spec: { containers: [{ name: 'main', image: 'sum' }], nodeName: 'n' },
    status: { phase, ...(terminated && { containerStatuses: [{ name: 'main', image: '', imageID: '', ready: false, restartCount: 0, state: { terminated } }] }) },
  };
}

test('a finished pod is listed, then released, then counted', () => {
  const first = planJob({ job: newJob({}), pods: [pod('a', 'Succeeded')], nowMs: NOW });
  expect(first.status.uncountedTerminatedPods).toEqual({ succeeded: ['a'] });
  expect(first.status.succeeded).toBeUndefined();
  expect(first.release.map(({ metadata }) => metadata.uid)).toEqual(['a']);
  expect(first.status.conditions?.map(({ type }) => type)).toEqual(['SuccessCriteriaMet']);
  const second = planJob({ job: newJob({}, first.status), pods: [pod('a', 'Succeeded', { tracked: false })], nowMs: NOW });
  expect(second.status).toMatchObject({ succeeded: 1, uncountedTerminatedPods: {} });
  expect(second.status.conditions?.map(({ type }) => type)).toEqual(['SuccessCriteriaMet', 'Complete']);
  expect(second.events).toEqual([{ type: 'Normal', reason: 'Completed', message: 'Job completed' }]);
});

test.each([
  { name: 'as many as may run', spec: { completions: 5, parallelism: 3 }, pods: [], create: 3 },
  { name: 'no more than are missing', spec: { completions: 2, parallelism: 3 }, pods: [pod('a', 'Running')], create: 1 },
  { name: 'a work queue runs all its workers', spec: { completions: undefined, parallelism: 2 }, pods: [], create: 2 },
  { name: 'a work queue that has a success starts none', spec: { completions: undefined, parallelism: 2 }, pods: [pod('a', 'Succeeded'), pod('b', 'Running')], create: 0 },
  { name: 'none while suspended', spec: { suspend: true }, pods: [], create: 0 },
])('creates pods: $name', ({ spec, pods, create }) => {
  expect(planJob({ job: newJob(spec), pods, nowMs: NOW }).create).toHaveLength(create);
});

test('a failed pod is replaced after a back-off that doubles', () => {
  const ended = Date.UTC(2026, 0, 1);
  const plan = (failures: number, nowMs: number) => planJob({ job: newJob({}), pods: Array.from({ length: failures }, (_, i) => pod(`p${i}`, 'Failed')), nowMs });
  expect(plan(1, ended + 1_000)).toMatchObject({ create: [], requeueAfterMs: 9_000 });
  expect(plan(3, ended + 1_000)).toMatchObject({ create: [], requeueAfterMs: 39_000 });
  expect(plan(1, ended + 10_000).create).toHaveLength(1);
});

test.each([
  { name: 'too many failures', spec: { backoffLimit: 1 }, pods: [pod('a', 'Failed'), pod('b', 'Failed')], reason: 'BackoffLimitExceeded' },
  { name: 'the deadline', spec: { activeDeadlineSeconds: 60 }, pods: [pod('a', 'Running')], reason: 'DeadlineExceeded' },
  { name: 'a rule', spec: { podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } }] } }, pods: [pod('a', 'Failed', { exitCode: 42 })], reason: 'PodFailurePolicy' },
])('fails by $name', ({ spec, pods, reason }) => {
  const plan = planJob({ job: newJob(spec, { startTime: '2026-01-01T00:00:00Z' }), pods, nowMs: NOW });
  expect(plan.status.conditions?.map((condition) => [condition.type, condition.reason])).toEqual([['FailureTarget', reason]]);
  expect(plan.create).toEqual([]);
});

test('an indexed Job fills the gaps, and a success policy may end it early', () => {
  const spec = { completions: 4, parallelism: 4, completionMode: 'Indexed' };
  const pods = [pod('a', 'Succeeded', { index: 1 }), pod('b', 'Running', { index: 0 })];
  const plan = planJob({ job: newJob(spec), pods, nowMs: NOW });
  expect(plan.create.map(({ index }) => index)).toEqual([2, 3]);
  expect(plan.status.completedIndexes).toBe('1');
  const policy = { rules: [{ succeededIndexes: '1' }] };
  const early = planJob({ job: newJob({ ...spec, successPolicy: policy }), pods, nowMs: NOW });
  expect(early.status.conditions?.[0]).toMatchObject({ type: 'SuccessCriteriaMet', reason: 'SuccessPolicy' });
  expect(early.delete.map(({ metadata }) => metadata.uid)).toEqual(['b']);
});

test.each([
  { name: 'a suspended Job', spec: { parallelism: 2, completions: 2, suspend: true }, counts: false, deleted: 2 },
  { name: 'a Job that wants fewer', spec: { parallelism: 1, completions: 2 }, counts: false, deleted: 1 },
  { name: 'a Job past its deadline', spec: { parallelism: 2, completions: 2, activeDeadlineSeconds: 1 }, counts: true, deleted: 2 },
])('the deleted pods of $name count as failed: $counts', ({ spec, counts, deleted }) => {
  const plan = planJob({ job: newJob(spec, { startTime: '2025-01-01T00:00:00Z' }), pods: [pod('a', 'Running'), pod('b', 'Running')], nowMs: NOW });
  expect([plan.delete.length, plan.countsDeleted]).toEqual([deleted, counts]);
});

test('an indexed pod knows its index', () => {
  const built = newJobPod(newJob({ completionMode: 'Indexed', completions: 2 }), { index: 1 });
  expect(built.spec.hostname).toBe('sum-1');
  expect(built.spec.containers[0]?.env?.[0]?.name).toBe('JOB_COMPLETION_INDEX');
});

test.each([['0-2,4', [0, 1, 2, 4]], ['1,2', [1, 2]], ['', []]])('indexes are written %s', (text, indexes) => {
  expect(formatIndexes(indexes)).toBe(text);
  expect([...parseIndexes(text)]).toEqual(indexes);
});
