import type { Resource } from '../../kube/apimachinery/gvr.ts';
import type { KubernetesObject } from '../../kube/apimachinery/object-meta.ts';
import type { Client } from '../../kube/client/client.ts';
import { mergeDiff } from './merge-diff.ts';
import { targetOf } from './object-key.ts';

/**
 * Writes what changed in the status, and nothing when nothing did. The patch carries the UID, so that it never lands on a successor of
 * the same name, and normally no resourceVersion: one key is reconciled by one worker, so our own later word is the right one. `optimistic`
 * is for a status that builds on what was written before: a stale view is then a conflict, and tried again.
 */
export async function patchStatus<T extends KubernetesObject & { status?: object }>(
  client: Client,
  write: { readonly resource: Resource<T>; readonly object: T; readonly status: T['status']; readonly optimistic?: boolean; readonly signal?: AbortSignal },
): Promise<T> {
  const diff = mergeDiff(write.object.status, write.status);
  if (diff === undefined) return write.object;
  const { uid, resourceVersion } = write.object.metadata;
  const patch = { metadata: { uid, ...(write.optimistic === true && { resourceVersion }) }, status: diff };
  return client.patch(write.resource, targetOf(write.object), { type: 'merge', patch }, { subresource: 'status', signal: write.signal });
}
