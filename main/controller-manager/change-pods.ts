import type { KubernetesObject } from '../../kube/apimachinery/object-meta.ts';
import { isNotFound } from '../../kube/apimachinery/status.ts';
import type { Pod } from '../../kube/api/generated/core/v1.ts';
import type { Expectations } from './expectations.ts';
import { keyOf } from './object-key.ts';
import { isNamespaceTerminating, type PodControl } from './pod-control.ts';
import { slowStartBatch } from './slow-start.ts';

export interface PodChanges {
  readonly owner: KubernetesObject;
  readonly create: readonly Pod[];
  readonly remove: readonly Pod[];
  readonly podControl: PodControl;
  /** Told beforehand what the informer will show, and corrected by what did not happen. */
  readonly expectations: Expectations;
  readonly signal: AbortSignal;
}

/** Creates and deletes an owner's pods; resolves with the first error when all are done, undefined when there was none. */
export async function changePods({ owner, create, remove, podControl, expectations, signal }: PodChanges): Promise<unknown> {
  const key = keyOf(owner);
  expectations.expectCreations(key, create.length);
  expectations.expectDeletions(key, remove.map(({ metadata }) => metadata.uid ?? ''));
  const { succeeded, error } = await slowStartBatch(create.length, async (i) => {
    try {
      await podControl.create(create[i] as Pod, owner, signal);
    } catch (cause) {
      if (!isNamespaceTerminating(cause)) throw cause;
      expectations.creationObserved(key); // Nothing can be made there any more; its end will remove the owner too.
    }
  });
  if (succeeded < create.length) expectations.creationObserved(key, create.length - succeeded);
  const results = await Promise.allSettled(
    remove.map(async (pod) => {
      try {
        await podControl.delete(pod, owner, signal);
      } catch (cause) {
        expectations.deletionObserved(key, pod.metadata.uid ?? '');
        if (!isNotFound(cause)) throw cause;
      }
    }),
  );
  return error ?? results.find((result) => result.status === 'rejected')?.reason;
}
