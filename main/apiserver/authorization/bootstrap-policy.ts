import type { Binding, PolicyRule, Role, RoleRef, Subject } from './rbac.ts';
import { RBAC_GROUP } from './rbac.ts';
import { bootstrapControllerRoles, bootstrapNamespaceRoles } from './bootstrap-controller-roles.ts';
import { bootstrapRoleBindings, bootstrapRoles } from './bootstrap-roles.ts';

export interface AggregatingRole extends Role {
  readonly aggregationRule?: { readonly clusterRoleSelectors: readonly { readonly matchLabels: Readonly<Record<string, string>> }[] };
}
export interface BootstrapPolicy {
  readonly clusterRoles: readonly AggregatingRole[];
  readonly clusterRoleBindings: readonly Binding[];
  readonly roles: readonly Role[];
  readonly roleBindings: readonly Binding[];
}

const API_VERSION = `${RBAC_GROUP}/v1`;
const AGGREGATE_LABEL = 'rbac.authorization.k8s.io/aggregate-to-';
const VERBS: Readonly<Record<string, readonly string[]>> = {
  R: ['get', 'list', 'watch'],
  W: ['create', 'delete', 'deletecollection', 'patch', 'update'],
};
const EVENTS_RULE = 'create,patch,update -,events.k8s.io events';

interface Section {
  readonly words: readonly string[];
  readonly rules: PolicyRule[];
}

/** Reads the tables into API objects. */
export function bootstrapPolicy(): BootstrapPolicy {
  const controllers = sections(bootstrapControllerRoles).map(({ words, rules }) => ({ name: `system:controller:${words[0]}`, account: words[0] ?? '', rules }));
  const namespaced = sections(bootstrapNamespaceRoles);
  return {
    clusterRoles: [...sections(bootstrapRoles).map(clusterRole), ...controllers.map(({ name, rules }) => roleObject('ClusterRole', { name, rules }))],
    clusterRoleBindings: [
      ...sections(bootstrapRoleBindings).map(({ words: [name = '', ...subjects] }) => bindingObject('ClusterRoleBinding', { name, role: name, kind: 'ClusterRole', subjects })),
      ...controllers.map(({ name, account }) => bindingObject('ClusterRoleBinding', { name, role: name, kind: 'ClusterRole', subjects: [`s:${account}`] })),
    ],
    roles: namespaced
      .filter(({ rules }) => rules.length > 0)
      .map(({ words: [namespace = '', name = ''], rules }) => roleObject('Role', { namespace, name, rules })),
    roleBindings: namespaced
      .filter(({ words }) => words.length > 2)
      .map(({ words: [namespace = '', name = '', ...rest] }) => {
        const other = rest.find((word) => word.startsWith('='));
        return bindingObject('RoleBinding', { namespace, name, role: other?.slice(1) ?? name, kind: 'Role', subjects: rest.filter((word) => word !== other) });
      }),
  };
}

function sections(table: string): Section[] {
  const result: Section[] = [];
  for (const line of table.split('\n')) {
    if (line === '') continue;
    if (line.startsWith('  ')) result.at(-1)?.rules.push(ruleOf(line.trim()));
    else result.push({ words: line.split(' '), rules: [] });
  }
  return result;
}

function ruleOf(text: string): PolicyRule {
  const [verbs = '', groups = '', resources = '', names] = (text === 'E' ? EVENTS_RULE : text).split(' ');
  const allVerbs = sorted(verbs.split(',').flatMap((verb) => VERBS[verb] ?? [verb]));
  if (groups === 'url') return { verbs: allVerbs, nonResourceURLs: sorted(resources.split(',')) };
  return {
    verbs: allVerbs,
    apiGroups: sorted(groups.split(',').map((group) => (group === '-' ? '' : group))),
    resources: sorted(resources.split(',')),
    ...(names ? { resourceNames: sorted(names.slice('names:'.length).split(',')) } : {}),
  };
}

function sorted(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}

function clusterRole({ words: [name = '', ...marks], rules }: Section): AggregatingRole {
  const labels = Object.fromEntries(marks.filter((mark) => mark.startsWith('+')).map((mark) => [AGGREGATE_LABEL + mark.slice(1), 'true']));
  const from = marks.find((mark) => mark.startsWith('='))?.slice(1);
  const role = roleObject('ClusterRole', { name, rules, labels });
  return from ? { ...role, aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [AGGREGATE_LABEL + from]: 'true' } }] } } : role;
}

const METADATA = { annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' } };
const LABELS = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };

function roleObject(kind: string, { name, namespace, rules, labels = {} }: { name: string; namespace?: string; rules: readonly PolicyRule[]; labels?: Record<string, string> }): Role {
  const metadata = { name, ...(namespace ? { namespace } : {}), annotations: { ...METADATA.annotations }, labels: { ...LABELS, ...labels } };
  return { apiVersion: API_VERSION, kind, metadata, rules };
}

function bindingObject(kind: string, options: { name: string; namespace?: string; role: string; kind: RoleRef['kind']; subjects: readonly string[] }): Binding {
  const { name, namespace } = options;
  const subjects = options.subjects.map(subjectOf);
  return {
    apiVersion: API_VERSION, kind,
    metadata: { name, ...(namespace ? { namespace } : {}), annotations: { ...METADATA.annotations }, labels: { ...LABELS } },
    roleRef: { apiGroup: RBAC_GROUP, kind: options.kind, name: options.role },
    ...(subjects.length > 0 ? { subjects } : {}),
  };
}

function subjectOf(text: string): Subject {
  const name = text.slice(2);
  if (text.startsWith('s:')) return { kind: 'ServiceAccount', name, namespace: 'kube-system' };
  return { apiGroup: RBAC_GROUP, kind: text.startsWith('g:') ? 'Group' : 'User', name };
}

/** What the aggregation rule puts together: the rules of every matching role, without repeats, in name order. */
export function aggregatedRules(role: AggregatingRole, all: readonly Role[]): readonly PolicyRule[] {
  const selectors = role.aggregationRule?.clusterRoleSelectors ?? [];
  const seen = new Set<string>();
  const rules: PolicyRule[] = [];
  for (const other of all.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))) {
    if (other.metadata.name === role.metadata.name) continue;
    const labels = other.metadata.labels ?? {};
    if (!selectors.some(({ matchLabels }) => Object.entries(matchLabels).every(([key, value]) => labels[key] === value))) continue;
    for (const rule of other.rules ?? []) {
      const text = JSON.stringify(rule);
      if (!seen.has(text)) rules.push(rule);
      seen.add(text);
    }
  }
  return rules;
}
