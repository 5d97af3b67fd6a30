import { clusterrolebindings, clusterroles, rolebindings, roles } from '../../../kube/api/generated/rbac/v1.ts';
import type { Resource } from '../../../kube/apimachinery/gvr.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { isAlreadyExists, isNotFound } from '../../../kube/apimachinery/status.ts';
import type { Client } from '../../../kube/client/client.ts';
import type { ResourceCatalog } from '../registry/catalog.ts';
import { aggregatedRules, bootstrapPolicy, type AggregatingRole } from './bootstrap-policy.ts';
import type { Binding } from './rbac.ts';
import { reconciledBinding, reconciledRole, type Reconciliation } from './reconciled-policy.ts';

export interface ReconcilePolicyOptions {
  /** Looked up in, which costs no requests. */
  readonly catalog: ResourceCatalog;
  /** Written through, so that the objects tell who made them. */
  readonly client: Client;
}

const AGGREGATION_CONTROLLER = 'clusterrole-aggregation-controller';

interface Wanted<T extends KubernetesObject> {
  readonly resource: Resource<KubernetesObject>;
  readonly reconcile: (stored: T, expected: T) => Reconciliation<T>;
  readonly objects: readonly T[];
}

/** At start: makes the default roles and bindings, and gives back to changed ones what they lack, as upstream's post-start hook. */
export async function reconcilePolicy(options: ReconcilePolicyOptions): Promise<void> {
  const policy = bootstrapPolicy();
  const withRules = [...policy.clusterRoles];
  // Aggregates of aggregates: view into edit into admin.
  for (let round = 0; round < 3; round++) {
    for (const [index, role] of withRules.entries()) if (role.aggregationRule) withRules[index] = { ...role, rules: aggregatedRules(role, withRules) };
  }
  const ofRoles = (resource: Resource<unknown>, objects: readonly AggregatingRole[]): Promise<void> =>
    reconcileAll(options, { resource: resource as Resource<KubernetesObject>, reconcile: reconciledRole, objects });
  const ofBindings = (resource: Resource<unknown>, objects: readonly Binding[]): Promise<void> =>
    reconcileAll(options, { resource: resource as Resource<KubernetesObject>, reconcile: reconciledBinding, objects });
  await Promise.all([
    ofRoles(clusterroles, withRules), ofRoles(roles, policy.roles), ofBindings(clusterrolebindings, policy.clusterRoleBindings), ofBindings(rolebindings, policy.roleBindings),
  ]);
}

async function reconcileAll<T extends KubernetesObject>({ catalog, client }: ReconcilePolicyOptions, { resource, reconcile, objects }: Wanted<T>): Promise<void> {
  const registry = catalog.registry(resource);
  if (!registry) throw new Error(`Cannot reconcile the default policy: ${JSON.stringify(resource.resource)} is not served`);
  await Promise.all(objects.map(async (expected) => {
    const { name, namespace } = expected.metadata;
    const target = namespace ? { namespace, name } : { name };
    const stored = (await registry.find(target))?.object as T | undefined;
    const result: Reconciliation<T> = stored ? reconcile(stored, expected) : { action: 'recreate', object: expected };
    if (result.action === 'none') return;
    if (result.action === 'update') {
      await client.update(resource, result.object);
      return;
    }
    if (stored) await client.delete(resource, target).catch((error: unknown) => onlyWhen(isNotFound, error));
    await client.create(resource, withoutAggregated(result.object)).catch((error: unknown) => onlyWhen(isAlreadyExists, error));
    await applyAggregated(client, resource, result.object);
  }));
}

function withoutAggregated<T extends KubernetesObject>(object: T): T {
  if (!(object as Partial<AggregatingRole>).aggregationRule) return object;
  const { rules: _aggregated, ...rest } = object as T & Partial<AggregatingRole>;
  return rest as T;
}

/** The rules of an aggregating role are its controller's, in whose name they are applied before it has started. */
async function applyAggregated(client: Client, resource: Resource<KubernetesObject>, { apiVersion, kind, metadata: { name }, ...role }: KubernetesObject): Promise<void> {
  const { aggregationRule, rules } = role as Partial<AggregatingRole>;
  if (!aggregationRule) return;
  const patch = { apiVersion, kind, metadata: { name }, rules };
  await client.patch(resource, { name }, { type: 'apply', patch }, { fieldManager: AGGREGATION_CONTROLLER, force: true });
}

function onlyWhen(expected: (error: unknown) => boolean, error: unknown): void {
  if (!expected(error)) throw error;
}
