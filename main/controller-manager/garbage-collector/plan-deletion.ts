import type { KubernetesObject, OwnerReference } from '../../../kube/apimachinery/object-meta.ts';
import { FOREGROUND, ORPHAN } from './object-graph.ts';

export type OwnerState = 'solid' | 'absent' | 'waitingForDependents';

export type DeletionStep =
  | { readonly action: 'keep' }
  /** Some owners are left: only forget the others. */
  | { readonly action: 'dropOwners'; readonly uids: readonly string[] }
  /** With `unblock`, it must first stop holding back its owners. */
  | { readonly action: 'delete'; readonly policy: 'Orphan' | 'Background' | 'Foreground'; readonly unblock?: true };

export interface OwnershipAround {
  readonly owners: readonly { readonly reference: OwnerReference; readonly state: OwnerState }[];
  readonly dependents: Iterable<{ readonly deletingDependents: boolean }>;
}

/** Upstream: attemptToDeleteItem, the decision. */
export function planDeletion(object: KubernetesObject, { owners, dependents }: OwnershipAround): DeletionStep {
  if (owners.length === 0) return { action: 'keep' };
  const uids = (state: OwnerState): string[] => owners.filter((owner) => owner.state === state).map(({ reference }) => reference.uid);
  const gone = [...uids('absent'), ...uids('waitingForDependents')];
  if (uids('solid').length > 0) return gone.length === 0 ? { action: 'keep' } : { action: 'dropOwners', uids: gone };
  const below = [...dependents];
  if (uids('waitingForDependents').length > 0 && below.length > 0) {
    // Above and below are waiting: perhaps a circle, in which each would hold back the next for ever.
    return { action: 'delete', policy: 'Foreground', ...(below.some(({ deletingDependents }) => deletingDependents) && { unblock: true }) };
  }
  const finalizers = object.metadata.finalizers ?? [];
  if (finalizers.includes(ORPHAN)) return { action: 'delete', policy: 'Orphan' };
  return { action: 'delete', policy: finalizers.includes(FOREGROUND) ? 'Foreground' : 'Background' };
}
