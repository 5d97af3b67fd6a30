import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { ObjectReader } from '../authentication/object-reader.ts';
import { serviceAccountUser, type User } from '../authentication/user.ts';
import { noOpinion, type Attributes, type Authorizer } from './authorizer.ts';

/** RBAC as upstream evaluates it (plugin/pkg/auth/authorizer/rbac); roles and bindings come from the watch cache. */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}
export interface Subject {
  readonly kind: string;
  readonly apiGroup?: string;
  readonly name: string;
  readonly namespace?: string;
}
export interface RoleRef {
  readonly apiGroup: string;
  readonly kind: string;
  readonly name: string;
}
export interface Binding extends KubernetesObject {
  readonly subjects?: readonly Subject[];
  readonly roleRef: RoleRef;
}
export interface Role extends KubernetesObject {
  readonly rules?: readonly PolicyRule[];
}

export const RBAC_GROUP = 'rbac.authorization.k8s.io';

export function createRbacAuthorizer(reader: ObjectReader): Authorizer {
  return {
    async rulesFor(user, namespace) {
      const errors: string[] = [];
      const rules: PolicyRule[] = [];
      for await (const rule of rulesFor(reader, user, namespace, errors)) rules.push(rule);
      return { rules, incomplete: false, errors };
    },
    async authorize(attributes) {
      const errors: string[] = [];
      for await (const { rule, why } of grantsFor(reader, attributes.user, attributes.namespace, errors)) {
        if (ruleAllows(attributes, rule)) return { decision: 'allow', reason: `RBAC: allowed by ${why()}` };
      }
      return noOpinion(errors.length === 0 ? '' : `RBAC: ${errors.length === 1 ? errors[0] : `[${errors.join(', ')}]`}`);
    },
  };
}

interface Grant {
  readonly rule: PolicyRule;
  /** `ClusterRoleBinding "b" of ClusterRole "r" to User "u"` */
  readonly why: () => string;
}

/** Every rule that applies to the user: cluster bindings first, then those of the namespace. Missing roles are noted in errors. */
export async function* rulesFor(reader: ObjectReader, user: User, namespace: string, errors: string[]): AsyncGenerator<PolicyRule> {
  for await (const { rule } of grantsFor(reader, user, namespace, errors)) yield rule;
}

async function* grantsFor(reader: ObjectReader, user: User, namespace: string, errors: string[]): AsyncGenerator<Grant> {
  for (const scope of namespace === '' ? [''] : ['', namespace]) {
    const resource = scope === '' ? 'clusterrolebindings' : 'rolebindings';
    const bindings = await (scope === '' ? reader.list<Binding>({ group: RBAC_GROUP, resource }) : reader.list<Binding>({ group: RBAC_GROUP, resource }, scope));
    for (const binding of bindings) {
      const subject = binding.subjects?.find((candidate) => appliesTo(user, candidate, scope));
      if (!subject) continue;
      const why = (): string => describeGrant(binding, subject, scope);
      for (const rule of await roleRules(reader, binding.roleRef, scope, errors)) yield { rule, why };
    }
  }
}

function describeGrant({ metadata, roleRef }: Binding, subject: Subject, scope: string): string {
  const binding = scope === '' ? `ClusterRoleBinding ${JSON.stringify(metadata.name)}` : `RoleBinding ${JSON.stringify(`${metadata.name}/${scope}`)}`;
  const name = subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace || scope}` : subject.name;
  return `${binding} of ${roleRef.kind} ${JSON.stringify(roleRef.name)} to ${subject.kind} ${JSON.stringify(name)}`;
}

export async function roleRules(reader: ObjectReader, ref: RoleRef, namespace: string, errors: string[]): Promise<readonly PolicyRule[]> {
  const isClusterRole = ref.kind === 'ClusterRole';
  if (!isClusterRole && ref.kind !== 'Role') {
    errors.push(`unsupported role reference kind: ${JSON.stringify(ref.kind)}`);
    return [];
  }
  const resource = isClusterRole ? 'clusterroles' : 'roles';
  const role = await reader.get<Role>({ group: RBAC_GROUP, resource }, isClusterRole ? { name: ref.name } : { namespace, name: ref.name });
  if (!role) errors.push(`${resource.slice(0, -1)}.${RBAC_GROUP} ${JSON.stringify(ref.name)} not found`);
  return role?.rules ?? [];
}

function appliesTo(user: User, subject: Subject, bindingNamespace: string): boolean {
  switch (subject.kind) {
    case 'User': return subject.name === user.name;
    case 'Group': return user.groups.includes(subject.name);
    case 'ServiceAccount': {
      const namespace = subject.namespace || bindingNamespace;
      return namespace !== '' && serviceAccountUser(namespace, subject.name).name === user.name;
    }
    default: return false;
  }
}

export function ruleAllows(attributes: Attributes, rule: PolicyRule): boolean {
  if (!includes(rule.verbs, attributes.verb)) return false;
  if (!attributes.isResourceRequest) return (rule.nonResourceURLs ?? []).some((pattern) => urlMatches(pattern, attributes.path));
  if (!includes(rule.apiGroups, attributes.apiGroup) || !resourceMatches(rule, attributes)) return false;
  return !rule.resourceNames?.length || rule.resourceNames.includes(attributes.name);
}

function includes(values: readonly string[] | undefined, wanted: string): boolean {
  return values !== undefined && (values.includes('*') || values.includes(wanted));
}

function resourceMatches({ resources }: PolicyRule, { resource, subresource }: Attributes): boolean {
  if (!resources) return false;
  const combined = subresource === '' ? resource : `${resource}/${subresource}`;
  return resources.some((name) => name === '*' || name === combined || (subresource !== '' && name === `*/${subresource}`));
}

export function urlMatches(pattern: string, path: string): boolean {
  return pattern === '*' || pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1).replace(/\*+$/, '')));
}
