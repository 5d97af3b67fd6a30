import { expect, test } from 'vitest';
import { aggregatedRules, bootstrapPolicy } from './bootstrap-policy.ts';
import type { Attributes } from './authorizer.ts';
import { ruleAllows, type PolicyRule } from './rbac.ts';
import { uncoveredRules } from './rule-covers.ts';

const ask = (changes: Partial<Attributes>): Attributes => ({
  user: { name: 'u', groups: [] }, verb: 'get', isResourceRequest: true, path: '', apiGroup: '', apiVersion: 'v1', namespace: 'a', resource: 'pods', subresource: '', name: 'p', ...changes,
});
const rule = (changes: Partial<PolicyRule>): PolicyRule => ({ verbs: ['get'], apiGroups: [''], resources: ['pods'], ...changes });

test.each([
  { name: 'the named resource', rule: rule({}), ask: ask({}), want: true },
  { name: 'another verb', rule: rule({}), ask: ask({ verb: 'list' }), want: false },
  { name: 'a subresource is not its resource', rule: rule({}), ask: ask({ subresource: 'log' }), want: false },
  { name: 'one subresource of all resources', rule: rule({ resources: ['*/scale'] }), ask: ask({ subresource: 'scale' }), want: true },
  { name: 'everything', rule: rule({ resources: ['*'] }), ask: ask({ subresource: 'exec' }), want: true },
  { name: 'another name', rule: rule({ resourceNames: ['q'] }), ask: ask({}), want: false },
  { name: 'a path below a pattern', rule: { verbs: ['get'], nonResourceURLs: ['/apis/*'] }, ask: ask({ isResourceRequest: false, path: '/apis/apps' }), want: true },
  { name: 'a path beside a pattern', rule: { verbs: ['get'], nonResourceURLs: ['/api'] }, ask: ask({ isResourceRequest: false, path: '/apis' }), want: false },
])('a rule decides on $name', ({ rule: given, ask: question, want }) => {
  expect(ruleAllows(question, given)).toBe(want);
});

test.each([
  { name: 'the same rule', owned: [rule({})], wanted: [rule({})], missing: 0 },
  { name: 'two rules that cover the parts of one', owned: [rule({}), rule({ verbs: ['list'] })], wanted: [rule({ verbs: ['get', 'list'] })], missing: 0 },
  { name: 'all names from one name', owned: [rule({ resourceNames: ['p'] })], wanted: [rule({})], missing: 1 },
  { name: 'a star from single verbs', owned: [rule({ verbs: ['get', 'list'] })], wanted: [rule({ verbs: ['*'] })], missing: 1 },
])('covering $name leaves $missing parts', ({ owned, wanted, missing }) => {
  expect(uncoveredRules(owned, wanted)).toHaveLength(missing);
});

test('the default policy names each role once, and its bindings refer to roles that exist', () => {
  const { clusterRoles, clusterRoleBindings } = bootstrapPolicy();
  const names = clusterRoles.map(({ metadata }) => metadata.name);
  expect(new Set(names).size).toBe(names.length);
  expect(clusterRoleBindings.filter(({ roleRef }) => !names.includes(roleRef.name))).toEqual([]);
});

test('edit aggregates view, and admin aggregates both', () => {
  const roles = bootstrapPolicy().clusterRoles;
  const resolved = roles.map((role) => (role.aggregationRule ? { ...role, rules: aggregatedRules(role, roles) } : role));
  const edit = resolved.find(({ metadata }) => metadata.name === 'edit');
  expect(edit?.rules?.some(({ resources }) => resources?.includes('secrets'))).toBe(true);
});

test.each([
  { name: 'view reads events of both groups', role: 'view', ask: ask({ apiGroup: 'events.k8s.io', resource: 'events', verb: 'watch' }), want: true },
  { name: 'edit writes events of both groups', role: 'edit', ask: ask({ apiGroup: 'events.k8s.io', resource: 'events', verb: 'create' }), want: true },
  { name: 'monitoring reads the metrics of nodes', role: 'system:monitoring', ask: ask({ resource: 'nodes', subresource: 'metrics' }), want: true },
  { name: 'a kubelet administrator has no right to checkpoints', role: 'system:kubelet-api-admin', ask: ask({ resource: 'nodes', subresource: 'checkpoint' }), want: false },
])('by default $name', ({ role: name, ask: question, want }) => {
  const roles = bootstrapPolicy().clusterRoles;
  const role = roles.find(({ metadata }) => metadata.name === name);
  const rules = (role?.aggregationRule ? aggregatedRules(role, roles) : role?.rules) ?? [];
  expect(rules.some((each) => ruleAllows(question, each))).toBe(want);
});
