import { expect, test } from 'vitest';
import type { KubernetesObject, OwnerReference } from '../../../kube/apimachinery/object-meta.ts';
import { FOREGROUND, ObjectGraph, ORPHAN } from './object-graph.ts';
import { planDeletion } from './plan-deletion.ts';

function object(uid: string, owners: readonly string[] = [], metadata: Partial<KubernetesObject['metadata']> = {}): KubernetesObject {
  const ownerReferences = owners.map((owner): OwnerReference => ({ apiVersion: 'v1', kind: 'Thing', name: owner, uid: owner, blockOwnerDeletion: true }));
  return { apiVersion: 'v1', kind: 'Thing', metadata: { name: uid, namespace: 'n', uid, ownerReferences, ...metadata } };
}
const uids = (nodes: readonly { readonly uid: string }[]): string[] => nodes.map(({ uid }) => uid);

test('a dependent of an unknown owner is looked at, one of a known owner is not', () => {
  const graph = new ObjectGraph();
  expect(uids(graph.upsert(object('pod', ['set'])).toDelete)).toEqual(['pod']);
  graph.upsert(object('set'));
  expect(graph.upsert(object('other', ['set'])).toDelete).toEqual([]);
});

test('dependents are looked at when their owner goes', () => {
  const graph = new ObjectGraph();
  graph.upsert(object('set'));
  graph.upsert(object('pod', ['set']));
  expect(uids(graph.remove('set').toDelete)).toEqual(['pod']);
  graph.remove('pod');
  expect(graph.size).toBe(0);
});

test('foreground deletion looks at dependents, and at the owner when the last is gone', () => {
  const graph = new ObjectGraph();
  graph.upsert(object('set'));
  graph.upsert(object('pod', ['set']));
  const going = object('set', [], { deletionTimestamp: 'now', finalizers: [FOREGROUND] });
  expect(uids(graph.upsert(going).toDelete)).toEqual(['pod', 'set']);
  expect(uids(graph.remove('pod').toDelete)).toEqual(['set']);
});

test('an owner that orphans is handed out once', () => {
  const graph = new ObjectGraph();
  const going = object('set', [], { deletionTimestamp: 'now', finalizers: [ORPHAN] });
  expect(uids(graph.upsert(going).toOrphan)).toEqual(['set']);
  expect(graph.upsert(going).toOrphan).toEqual([]);
});

test.each([
  { name: 'keeps what has a living owner', states: ['solid'], dependents: [], step: { action: 'keep' } },
  { name: 'drops owners that are gone while another lives', states: ['solid', 'absent'], dependents: [], step: { action: 'dropOwners', uids: ['1'] } },
  { name: 'deletes what lost its last owner', states: ['absent'], dependents: [], step: { action: 'delete', policy: 'Background' } },
  { name: 'passes foreground deletion on', states: ['waitingForDependents'], dependents: [false], step: { action: 'delete', policy: 'Foreground' } },
  { name: 'breaks what may be a circle of foreground deletions', states: ['waitingForDependents'], dependents: [false, true], step: { action: 'delete', policy: 'Foreground', unblock: true } },
] as const)('$name', ({ states, dependents, step }) => {
  const owners = states.map((state, i) => ({ reference: { apiVersion: 'v1', kind: 'Thing', name: `${i}`, uid: `${i}` }, state }));
  expect(planDeletion(object('pod'), { owners, dependents: dependents.map((deletingDependents) => ({ deletingDependents })) })).toEqual(step);
});
