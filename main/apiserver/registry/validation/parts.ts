import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';

type WithStatus = KubernetesObject & { status?: unknown };

/** The object without its status: what a create keeps of it. */
export function withoutStatus<T extends KubernetesObject>(obj: T): T {
  if (!('status' in obj)) return obj;
  const { status: _dropped, ...rest } = obj as T & WithStatus;
  return rest as unknown as T;
}

/** The next object with the status of the previous one: what an update of anything else keeps. */
export function withStatusOf<T extends KubernetesObject>(next: T, previous: T): T {
  const status = (previous as T & WithStatus).status;
  return status === undefined ? withoutStatus(next) : { ...next, status };
}

/** The same, where a status update cannot change metadata either (upstream: ResetObjectMetaForStatus). */
export function withSpecAndMetaOf<T extends KubernetesObject>(next: T, previous: T): T {
  const { labels, annotations, finalizers, ownerReferences, generation, deletionTimestamp } = previous.metadata;
  const kept = { labels, annotations, finalizers, ownerReferences, generation, deletionTimestamp };
  const metadata: Record<string, unknown> = { ...next.metadata };
  for (const [name, value] of Object.entries(kept)) {
    if (value === undefined) delete metadata[name];
    else metadata[name] = value;
  }
  return withSpecOf({ ...next, metadata } as unknown as T, previous);
}

/** The previous object with status and metadata of the next: what a status update keeps. */
export function withSpecOf<T extends KubernetesObject>(next: T, previous: T): T {
  const status = (next as T & WithStatus).status;
  const kept = { ...withoutStatus(previous), metadata: next.metadata };
  return status === undefined ? kept : { ...kept, status };
}
