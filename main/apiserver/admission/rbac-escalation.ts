import { newForbidden, newNotFound } from '../../../kube/apimachinery/status-errors.ts';
import { deepEqual } from '../../../kube/apimachinery/json.ts';
import type { ObjectReader } from '../authentication/object-reader.ts';
import { GROUP_MASTERS } from '../authentication/user.ts';
import type { Authorizer } from '../authorization/authorizer.ts';
import { RBAC_GROUP, roleRules, rulesFor, type Binding, type PolicyRule, type Role } from '../authorization/rbac.ts';
import { uncoveredRules } from '../authorization/rule-covers.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';

const ROLES = new Set(['roles', 'clusterroles']);
const BINDINGS = new Set(['rolebindings', 'clusterrolebindings']);

/** Nobody grants what they do not hold, unless allowed to `escalate` or `bind` (upstream: pkg/registry/rbac/*\/policybased). */
export function rbacEscalation({ reader, authorizer }: { readonly reader: ObjectReader; readonly authorizer: Authorizer }): AdmissionPlugin {
  return {
    name: 'RBACEscalation',
    handles: ({ group, resource, operation, user }) =>
      group === RBAC_GROUP && (ROLES.has(resource) || BINDINGS.has(resource)) && (operation === 'CREATE' || operation === 'UPDATE') && !user.groups.includes(GROUP_MASTERS),
    async validate(attributes) {
      const verb = ROLES.has(attributes.resource) ? 'escalate' : 'bind';
      const granted = verb === 'escalate' ? grantedByRole(attributes) : await grantedByBinding(reader, attributes);
      if (granted?.length === 0 || (await isAllowed(authorizer, attributes, verb))) return;
      if (!granted) throw missingRole(attributes);
      const held: PolicyRule[] = [];
      for await (const rule of rulesFor(reader, attributes.user, attributes.namespace, [])) held.push(rule);
      const missing = uncoveredRules(held, granted);
      if (missing.length === 0) return;
      throw aggregates(attributes) ? aggregationRefusal(attributes) : refusal(attributes, missing);
    },
  };
}

function aggregates({ object, oldObject }: AdmissionAttributes): boolean {
  const [next, old] = [object, oldObject] as [{ aggregationRule?: unknown }, { aggregationRule?: unknown } | undefined];
  return next.aggregationRule !== undefined && !deepEqual(next.aggregationRule, old?.aggregationRule);
}

function aggregationRefusal({ group, resource, name, object }: AdmissionAttributes): Error {
  return newForbidden({ group, resource }, name || (object?.metadata.name ?? ''), 'must have cluster-admin privileges to use the aggregationRule');
}

function grantedByRole(attributes: AdmissionAttributes): readonly PolicyRule[] {
  const { object, oldObject } = attributes;
  const next = object as Role;
  const old = oldObject as Role | undefined;
  if (aggregates(attributes)) return [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, { verbs: ['*'], nonResourceURLs: ['*'] }];
  return old && deepEqual(next.rules ?? [], old.rules ?? []) ? [] : (next.rules ?? []);
}

/** Upstream's store words it as if the binding were what is missing. */
function missingRole({ group, resource, object }: AdmissionAttributes): Error {
  return newNotFound({ group, resource }, (object as Binding).roleRef.name);
}

async function grantedByBinding(reader: ObjectReader, { object, oldObject, namespace }: AdmissionAttributes): Promise<readonly PolicyRule[] | undefined> {
  const next = object as Binding;
  const old = oldObject as Binding | undefined;
  if (old && deepEqual(next.subjects ?? [], old.subjects ?? []) && deepEqual(next.roleRef, old.roleRef)) return [];
  // A role to come may grant anything: only who may bind can name it beforehand.
  const isClusterRole = next.roleRef.kind === 'ClusterRole';
  const role = await reader.get({ group: RBAC_GROUP, resource: isClusterRole ? 'clusterroles' : 'roles' }, { ...(isClusterRole ? {} : { namespace }), name: next.roleRef.name });
  return role ? roleRules(reader, next.roleRef, namespace, []) : undefined;
}

async function isAllowed(authorizer: Authorizer, attributes: AdmissionAttributes, verb: string): Promise<boolean> {
  const { user, namespace, object } = attributes;
  const ref = (object as Binding).roleRef;
  const resource = verb === 'bind' ? (ref.kind === 'ClusterRole' ? 'clusterroles' : 'roles') : attributes.resource;
  const name = verb === 'bind' ? ref.name : (object?.metadata.name ?? '');
  const { decision } = await authorizer.authorize({
    user, verb, isResourceRequest: true, path: '', apiGroup: RBAC_GROUP, apiVersion: 'v1', namespace, resource, subresource: '', name,
  });
  return decision === 'allow';
}

function refusal({ user, group, resource, name, object }: AdmissionAttributes, missing: readonly PolicyRule[]): Error {
  const list = missing.map(describe).sort().join('\n');
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
