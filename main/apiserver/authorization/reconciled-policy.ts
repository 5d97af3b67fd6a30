import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { deepEqual } from '../../../kube/apimachinery/json.ts';
import type { AggregatingRole } from './bootstrap-policy.ts';
import type { Binding } from './rbac.ts';
import { uncoveredRules } from './rule-covers.ts';

/** `"false"` on a default role or binding: its owner wants it left alone. */
const AUTO_UPDATE = 'rbac.authorization.kubernetes.io/autoupdate';

/** What a start does about one default role or binding that exists already. */
export type Reconciliation<T> =
  | { readonly action: 'none' }
  | { readonly action: 'update'; readonly object: T }
  /** Only a new object can refer to another role. */
  | { readonly action: 'recreate'; readonly object: T };

/** Gives back what the stored role lacks and takes nothing away but an aggregation that was never meant (upstream: component-helpers/auth/rbac/reconciliation). */
export function reconciledRole(stored: AggregatingRole, expected: AggregatingRole): Reconciliation<AggregatingRole> {
  if (isProtected(stored)) return { action: 'none' };
  // The rules of an aggregated role are its controller's.
  const missing = expected.aggregationRule ? [] : uncoveredRules(stored.rules ?? [], expected.rules ?? []);
  const { aggregationRule: _stored, ...rest } = withMarks(stored, expected);
  const selectors = [...(stored.aggregationRule?.clusterRoleSelectors ?? [])];
  for (const wanted of expected.aggregationRule?.clusterRoleSelectors ?? []) {
    if (!selectors.some((selector) => deepEqual(selector, wanted))) selectors.push(wanted);
  }
  return changed(stored, {
    ...rest,
    ...(missing.length > 0 ? { rules: [...(stored.rules ?? []), ...missing] } : {}),
    ...(expected.aggregationRule ? { aggregationRule: { clusterRoleSelectors: selectors } } : {}),
  });
}

/** Gives back missing subjects, keeps further ones; a binding to another role is made anew. */
export function reconciledBinding(stored: Binding, expected: Binding): Reconciliation<Binding> {
  if (isProtected(stored)) return { action: 'none' };
  if (!deepEqual(stored.roleRef, expected.roleRef)) return { action: 'recreate', object: expected };
  const missing = (expected.subjects ?? []).filter((subject) => !(stored.subjects ?? []).some((other) => deepEqual(other, subject)));
  return changed(stored, { ...withMarks(stored, expected), ...(missing.length > 0 ? { subjects: [...(stored.subjects ?? []), ...missing] } : {}) });
}

function isProtected({ metadata }: KubernetesObject): boolean {
  return metadata.annotations?.[AUTO_UPDATE] === 'false';
}

/** Labels and annotations that were taken away come back; changed ones stay as they are. */
function withMarks<T extends KubernetesObject>(stored: T, { metadata }: T): T {
  return {
    ...stored,
    metadata: { ...stored.metadata, labels: { ...metadata.labels, ...stored.metadata.labels }, annotations: { ...metadata.annotations, ...stored.metadata.annotations } },
  };
}

function changed<T extends KubernetesObject>(stored: T, object: T): Reconciliation<T> {
  return deepEqual(stored, object) ? { action: 'none' } : { action: 'update', object };
}
