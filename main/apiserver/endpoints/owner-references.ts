import { deepEqual } from '../../../kube/apimachinery/json.ts';
import type { KubernetesObject, OwnerReference } from '../../../kube/apimachinery/object-meta.ts';
import { addWarning, type RequestContext } from './request.ts';

const ADVICE = 'API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed:';

/**
 * The object without owners that are there twice, and a warning of them: before admission as clients send them, and once more `after`, when they are
 * admission's doing or a patch's (upstream: dedupOwnerReferencesAndAddWarning).
 */
export function withoutDuplicateOwners<T extends KubernetesObject>(object: T, context: RequestContext, when: 'before' | 'after'): T {
  const { ownerReferences } = object.metadata;
  if (ownerReferences === undefined || ownerReferences === null || ownerReferences.length < 2) return object;
  const kept: OwnerReference[] = [];
  const duplicates: string[] = [];
  for (const owner of ownerReferences) {
    if (kept.some((other) => other.uid === owner.uid && deepEqual(other, owner))) duplicates.push(owner.uid);
    else kept.push(owner);
  }
  if (duplicates.length === 0) return object;
  addWarning(context, `.metadata.ownerReferences contains duplicate entries${when === 'after' ? ' after mutating admission happens' : ''}; ${ADVICE} ${duplicates.join(', ')}`);
  return { ...object, metadata: { ...object.metadata, ownerReferences: kept } };
}
