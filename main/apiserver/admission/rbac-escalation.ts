import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { failureStatus, StatusError } from '../../../kube/apimachinery/status.ts';
import { newBadRequest, newForbidden, newNotFound } from '../../../kube/apimachinery/status-errors.ts';
import { deepEqual } from '../../../kube/apimachinery/json.ts';
import type { ObjectReader } from '../authentication/object-reader.ts';
import { GROUP_MASTERS } from '../authentication/user.ts';
import type { Authorizer } from '../authorization/authorizer.ts';
import { RBAC_GROUP, rulesFor, type Binding, type PolicyRule, type Role } from '../authorization/rbac.ts';
import { uncoveredRules } from '../authorization/rule-covers.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';

const ROLES = new Set(['roles', 'clusterroles']);
const BINDINGS = new Set(['rolebindings', 'clusterrolebindings']);

const EVERYTHING: readonly PolicyRule[] = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, { verbs: ['*'], nonResourceURLs: ['*'] }];

interface ClusterRole extends Role {
  readonly aggregationRule?: { readonly clusterRoleSelectors?: readonly unknown[] };
}

/**
 * Nobody grants what they do not hold, unless allowed to `escalate` or `bind` (upstream: pkg/registry/rbac/*\/policybased, which asks after all
 * mutation and before the object's own validation: hence a mutation that changes nothing, and the last of all).
 */
export function rbacEscalation({ reader, authorizer }: { readonly reader: ObjectReader; readonly authorizer: Authorizer }): AdmissionPlugin {
  return {
    name: 'RBACEscalation',
    handles: ({ group, resource, operation, user }) =>
      group === RBAC_GROUP && (ROLES.has(resource) || BINDINGS.has(resource)) && (operation === 'CREATE' || operation === 'UPDATE') && !user.groups.includes(GROUP_MASTERS),
    async mutate(attributes) {
      const object = attributes.object as KubernetesObject;
      if (await isAllowed(authorizer, attributes, ROLES.has(attributes.resource) ? 'escalate' : 'bind')) return object;
      if (isCollected(object, attributes.oldObject)) return object;
      const held: PolicyRule[] = [];
      for await (const rule of rulesFor(reader, attributes.user, attributes.namespace, [])) held.push(rule);
      const missing = uncoveredRules(held, ROLES.has(attributes.resource) ? ((object as Role).rules ?? []) : await grantedByBinding(reader, attributes));
      if (missing.length > 0) throw refusal(attributes, missing);
      if ((aggregates(object) || aggregates(attributes.oldObject)) && uncoveredRules(held, EVERYTHING).length > 0) throw aggregationRefusal(attributes);
      return object;
    },
  };
}

/** Whether only that changes which the garbage collector needs in order to delete it one day. */
function isCollected(next: KubernetesObject, old: KubernetesObject | undefined): boolean {
  if (!old) return false;
  return deepEqual(withoutCollection(next), withoutCollection(old));
}

function withoutCollection(object: KubernetesObject): object {
  const { ownerReferences: _owners, finalizers: _finalizers, managedFields: _fields, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function aggregates(role: KubernetesObject | undefined): boolean {
  return ((role as ClusterRole | undefined)?.aggregationRule?.clusterRoleSelectors ?? []).length > 0;
}

function aggregationRefusal({ group, resource, name, object }: AdmissionAttributes): Error {
  return newForbidden({ group, resource }, name || (object?.metadata.name ?? ''), 'must have cluster-admin privileges to use the aggregationRule');
}

/** A role to come may grant anything: only who may bind can name it beforehand. */
async function grantedByBinding(reader: ObjectReader, { group, resource, object, namespace }: AdmissionAttributes): Promise<readonly PolicyRule[]> {
  const { roleRef } = object as Binding;
  const isClusterRole = roleRef?.kind === 'ClusterRole';
  if (!isClusterRole && roleRef?.kind !== 'Role') throw new StatusError(failureStatus({ code: 500, reason: '', message: `unsupported role reference kind: ${JSON.stringify(roleRef?.kind ?? '')}` }));
  if (!isClusterRole && namespace === '') throw newBadRequest('Namespace parameter required.');
  const role = await reader.get<Role>({ group: RBAC_GROUP, resource: isClusterRole ? 'clusterroles' : 'roles' }, { ...(isClusterRole ? {} : { namespace }), name: roleRef.name });
  // Upstream's store words it as if the binding were what is missing.
  if (!role) throw newNotFound({ group, resource }, roleRef.name);
  return role.rules ?? [];
}

/** A role that is created has no name yet in the question: `resourceNames` never let one make it. */
async function isAllowed(authorizer: Authorizer, { user, namespace, object, oldObject, ...attributes }: AdmissionAttributes, verb: 'escalate' | 'bind'): Promise<boolean> {
  const question = { user, verb, isResourceRequest: true, path: '', apiGroup: RBAC_GROUP, apiVersion: '*', namespace, subresource: '' };
  if (verb === 'escalate') return (await authorizer.authorize({ ...question, resource: attributes.resource, name: oldObject ? attributes.name : '' })).decision === 'allow';
  const { kind, name } = (object as Binding).roleRef ?? { kind: '', name: '' };
  if (kind !== 'ClusterRole' && kind !== 'Role') return false;
  return (await authorizer.authorize({ ...question, resource: kind === 'ClusterRole' ? 'clusterroles' : 'roles', name })).decision === 'allow';
}

/** Rules of one resource that differ by their verbs alone, as one: single questions read better so. */
function compacted(rules: readonly PolicyRule[]): readonly PolicyRule[] {
  const byTarget = new Map<string, PolicyRule>();
  for (const rule of rules) {
    const { verbs, ...target } = rule;
    const key = rule.nonResourceURLs ? JSON.stringify(rule) : JSON.stringify(target);
    const same = byTarget.get(key);
    byTarget.set(key, same ? { ...same, verbs: [...same.verbs, ...verbs] } : rule);
  }
  return [...byTarget.values()];
}

function refusal({ user, group, resource, name, object }: AdmissionAttributes, missing: readonly PolicyRule[]): Error {
  const list = [...new Set(compacted(missing).map(describe))].sort().join('\n');
  const reason = `user ${JSON.stringify(user.name)} (groups=${goStrings(user.groups)}) is attempting to grant RBAC permissions not currently held:\n${list}`;
  return newForbidden({ group, resource }, name || (object?.metadata.name ?? ''), reason);
}

function describe({ apiGroups, resources, resourceNames, nonResourceURLs, verbs }: PolicyRule): string {
  const parts = [
    ...(nonResourceURLs ? [`NonResourceURLs:${goStrings(nonResourceURLs)}`] : []),
    ...(apiGroups ? [`APIGroups:${goStrings(apiGroups)}`] : []),
    ...(resources ? [`Resources:${goStrings(resources)}`] : []),
    ...(resourceNames ? [`ResourceNames:${goStrings(resourceNames)}`] : []),
    `Verbs:${goStrings(verbs)}`,
  ];
  return `{${parts.join(', ')}}`;
}

function goStrings(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(' ')}]`;
}
