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
    async authorize(attributes) {
      const errors: string[] = [];
      for await (const rule of rulesFor(reader, attributes.user, attributes.namespace, errors)) {
        if (ruleAllows(attributes, rule)) return { decision: 'allow', reason: '' };
      }
      return noOpinion(errors.length === 0 ? '' : `RBAC: ${errors.length === 1 ? errors[0] : `[${errors.join(', ')}]`}`);
    },
  };
}

/** Every rule that applies to the user: cluster bindings first, then those of the namespace. Missing roles are noted in errors. */
export async function* rulesFor(reader: ObjectReader, user: User, namespace: string, errors: string[]): AsyncGenerator<PolicyRule> {
  for (const binding of await reader.list<Binding>({ group: RBAC_GROUP, resource: 'clusterrolebindings' })) {
    if (!binding.subjects?.some((subject) => appliesTo(user, subject, ''))) continue;
    yield* await roleRules(reader, binding.roleRef, '', errors);
  }
  if (namespace === '') return;
  for (const binding of await reader.list<Binding>({ group: RBAC_GROUP, resource: 'rolebindings' }, namespace)) {
    if (!binding.subjects?.some((subject) => appliesTo(user, subject, namespace))) continue;
    yield* await roleRules(reader, binding.roleRef, namespace, errors);
  }
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
