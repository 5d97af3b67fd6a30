import { expect, test } from 'vitest';
import { deepFreeze } from '../../../../kube/apimachinery/json.ts';
import type { ObjectMeta } from '../../../../kube/apimachinery/object-meta.ts';
import { planDeletion, type DeleteOptions } from './deletion.ts';
import { defaultStrategy } from './default-strategy.ts';
import type { Strategy } from './strategy.ts';

const nowMs = Date.parse('2026-01-01T00:00:00Z');
const plain = defaultStrategy({ namespaced: true, hasStatus: false, hasSpec: false });
const graceful: Strategy = { ...plain, gracePeriodSeconds: (_object, requested) => requested ?? 30 };

function plan(meta: Partial<ObjectMeta>, options: DeleteOptions, strategy: Strategy = plain) {
  const object = deepFreeze({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', ...meta } });
  const result = planDeletion(object, options, { strategy, nowMs });
  if (result.action === 'alreadyPending') return [result.action];
  const { finalizers, deletionTimestamp, deletionGracePeriodSeconds, generation } = result.object.metadata;
  return [result.action, { finalizers, deletionTimestamp, deletionGracePeriodSeconds, generation }];
}

test.each([
  { name: 'an object without finalizers goes at once', meta: {}, options: {}, want: ['remove', {}] },
  {
    name: 'a finalizer marks it as terminating, and the generation counts on', meta: { finalizers: ['a/b'], generation: 1 }, options: {},
    want: ['update', { finalizers: ['a/b'], deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 0, generation: 2 }],
  },
  {
    name: 'a second delete changes nothing', meta: { finalizers: ['a/b'], deletionTimestamp: '2025-12-31T00:00:00Z', deletionGracePeriodSeconds: 0 }, options: {},
    want: ['alreadyPending'],
  },
  {
    name: 'orphaning is asked for by a finalizer', meta: {}, options: { propagationPolicy: 'Orphan' },
    want: ['update', { finalizers: ['orphan'], deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 0 }],
  },
  {
    name: 'foreground replaces orphan', meta: { finalizers: ['orphan'] }, options: { propagationPolicy: 'Foreground' },
    want: ['update', { finalizers: ['foregroundDeletion'], deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 0 }],
  },
  { name: 'background takes the orphan finalizer off', meta: { finalizers: ['orphan'] }, options: { propagationPolicy: 'Background' }, want: ['remove', {}] },
])('$name', ({ meta, options, want }) => {
  expect(plan(meta, options)).toEqual(want);
});

test.each([
  { name: 'the default grace period sets the time of the end', meta: {}, options: {}, want: ['update', { deletionTimestamp: '2026-01-01T00:00:30Z', deletionGracePeriodSeconds: 30 }] },
  { name: 'no grace ends it now', meta: {}, options: { gracePeriodSeconds: 0 }, want: ['remove', { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 0 }] },
  {
    name: 'a shorter grace moves the end forward', meta: { deletionTimestamp: '2026-01-01T00:00:30Z', deletionGracePeriodSeconds: 30 }, options: { gracePeriodSeconds: 5 },
    want: ['update', { deletionTimestamp: '2026-01-01T00:00:05Z', deletionGracePeriodSeconds: 5 }],
  },
  { name: 'a longer one does not move it back', meta: { deletionTimestamp: '2026-01-01T00:00:30Z', deletionGracePeriodSeconds: 30 }, options: { gracePeriodSeconds: 60 }, want: ['alreadyPending'] },
])('$name', ({ meta, options, want }) => {
  expect(plan(meta, options, graceful)).toEqual(want);
});
