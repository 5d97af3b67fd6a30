import { isAlreadyExists, isNotFound } from '../../../kube/apimachinery/status.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { Registry, WriteContext } from '../registry/generic/registry.ts';
import type { ResourceCatalog } from '../registry/catalog.ts';
import { aggregatedRules, bootstrapPolicy, type AggregatingRole } from './bootstrap-policy.ts';
import { RBAC_GROUP, type Binding, type Role } from './rbac.ts';
import { uncoveredRules } from './rule-covers.ts';

const AUTO_UPDATE = 'rbac.authorization.kubernetes.io/autoupdate';
const context: WriteContext = { user: { name: 'system:apiserver', groups: ['system:masters'] }, dryRun: false, version: 'v1', warnings: [] };

/** At start: makes the default roles and bindings, and gives back to changed ones what they lack (never takes away), as upstream's post-start hook. */
export async function reconcilePolicy(catalog: ResourceCatalog): Promise<void> {
  const policy = bootstrapPolicy();
  const withRules = [...policy.clusterRoles];
  // Aggregates of aggregates: view into edit into admin.
  for (let round = 0; round < 3; round++) {
    for (const [index, role] of withRules.entries()) if (role.aggregationRule) withRules[index] = { ...role, rules: aggregatedRules(role, withRules) };
  }
  await Promise.all([
    ...withRules.map((role) => ensureRole(registryOf(catalog, 'clusterroles'), role)),
    ...policy.roles.map((role) => ensureRole(registryOf(catalog, 'roles'), role)),
    ...policy.clusterRoleBindings.map((binding) => ensureBinding(registryOf(catalog, 'clusterrolebindings'), binding)),
    ...policy.roleBindings.map((binding) => ensureBinding(registryOf(catalog, 'rolebindings'), binding)),
  ]);
}

function registryOf(catalog: ResourceCatalog, resource: string): Registry {
  const registry = catalog.registry({ group: RBAC_GROUP, resource });
  if (!registry) throw new Error(`Cannot reconcile the default policy: ${JSON.stringify(resource)} is not served`);
  return registry;
}

async function ensureRole(registry: Registry, role: AggregatingRole): Promise<void> {
  await ensure(registry, role, (stored) => {
    const existing = stored as AggregatingRole;
    if (existing.aggregationRule) return existing;
    const missing = uncoveredRules(existing.rules ?? [], role.rules ?? []);
    return missing.length === 0 ? existing : ({ ...existing, rules: [...(existing.rules ?? []), ...missing] } satisfies Role);
  });
}

async function ensureBinding(registry: Registry, binding: Binding): Promise<void> {
  await ensure(registry, binding, (stored) => {
    const existing = stored as Binding;
    const has = new Set((existing.subjects ?? []).map((subject) => JSON.stringify([subject.kind, subject.name, subject.namespace])));
    const missing = (binding.subjects ?? []).filter((subject) => !has.has(JSON.stringify([subject.kind, subject.name, subject.namespace])));
    return missing.length === 0 ? existing : { ...existing, subjects: [...(existing.subjects ?? []), ...missing] };
  });
}

async function ensure<T extends KubernetesObject>(registry: Registry, wanted: T, reconcile: (stored: KubernetesObject) => KubernetesObject): Promise<void> {
  const { name, namespace } = wanted.metadata;
  const target = namespace ? { namespace, name } : { name };
  const existing = await registry.find(target);
  if (!existing) {
    await registry.create(wanted, context).catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error;
    });
    return;
  }
  if (existing.object.metadata.annotations?.[AUTO_UPDATE] !== 'true' || reconcile(existing.object) === existing.object) return;
  await registry.update(target, context, { change: (current) => (current ? reconcile(current) : wanted) }).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
  });
}
