import { describe, expect, it } from 'vitest';
import type { AggregatingRole } from './bootstrap-policy.ts';
import type { Binding } from './rbac.ts';
import { reconciledBinding, reconciledRole } from './reconciled-policy.ts';

const marks = { annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' }, labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } };
const rule = (verb: string): { verbs: string[]; apiGroups: string[]; resources: string[] } => ({ verbs: [verb], apiGroups: [''], resources: ['pods'] });
const role = (changes: Partial<AggregatingRole> = {}): AggregatingRole => ({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'r', ...marks }, rules: [rule('get'), rule('list')], ...changes });
const selector = (value: string): { matchLabels: Record<string, string> } => ({ matchLabels: { 'aggregate-to': value } });
const aggregating = (...values: string[]): Partial<AggregatingRole> => ({ aggregationRule: { clusterRoleSelectors: values.map(selector) } });
const bindingTo = (name: string, changes: Partial<Binding> = {}): Binding => ({
  apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: 'b', ...marks },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name }, subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'g' }], ...changes,
});

describe('a default role', () => {
  it.each<{ name: string; stored: AggregatingRole; expected?: AggregatingRole; want: unknown }>([
    { name: 'stays as it is when nothing is missing', stored: role({ rules: [rule('*')] }), want: { action: 'none' } },
    { name: 'gets back the rules that it lacks, and keeps others', stored: role({ rules: [rule('get'), rule('delete')] }), want: { action: 'update', object: { rules: [rule('get'), rule('delete'), rule('list')] } } },
    { name: 'is left alone when its owner says so', stored: role({ rules: [], metadata: { name: 'r', annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' } } as AggregatingRole['metadata'] }), want: { action: 'none' } },
    { name: 'gets back labels and annotations', stored: role({ metadata: { name: 'r', labels: { own: 'x', 'kubernetes.io/bootstrapping': 'mine' } } as unknown as AggregatingRole['metadata'] }), want: { action: 'update', object: { metadata: { labels: { own: 'x', 'kubernetes.io/bootstrapping': 'mine' }, annotations: marks.annotations } } } },
    { name: 'gets back selectors of its aggregation, not rules', stored: role({ rules: [], ...aggregating('mine') }), expected: role(aggregating('view')), want: { action: 'update', object: { rules: [], ...aggregating('mine', 'view') } } },
    { name: 'aggregates again', stored: role(), expected: role(aggregating('view')), want: { action: 'update', object: aggregating('view') } },
  ])('$name', ({ stored, expected = role(), want }) => {
    expect(reconciledRole(stored, expected)).toMatchObject(want as object);
  });

  it('does not aggregate when it was never meant to', () => {
    const result = reconciledRole(role(aggregating('mine')), role());
    expect(result).toEqual({ action: 'update', object: role() });
  });
});

describe('a default binding', () => {
  it.each<{ name: string; stored: Binding; want: unknown }>([
    { name: 'stays as it is with further subjects', stored: bindingTo('r', { subjects: [...(bindingTo('r').subjects ?? []), { kind: 'User', name: 'u' }] }), want: { action: 'none' } },
    { name: 'gets back its subjects', stored: bindingTo('r', { subjects: [{ kind: 'User', name: 'u' }] }), want: { action: 'update', object: { subjects: [{ kind: 'User', name: 'u' }, ...(bindingTo('r').subjects ?? [])] } } },
    { name: 'is made anew when it refers to another role', stored: bindingTo('other'), want: { action: 'recreate', object: bindingTo('r') } },
  ])('$name', ({ stored, want }) => {
    expect(reconciledBinding(stored, bindingTo('r'))).toMatchObject(want as object);
  });
});
