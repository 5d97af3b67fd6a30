import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { ObjectStorage } from '../storage/object-storage.ts';

/** Told of every object of a resource as it comes, changes and goes. */
export interface ObjectFollower {
  /** All objects are about to come anew. */
  clear(): void;
  set(object: KubernetesObject): void;
  remove(object: KubernetesObject): void;
  /** The state of the start is complete. */
  synced(): void;
}

const RETRY_MS = 200;

/** Lists, then watches, again and again until the signal aborts: the API server's own informers. */
export async function followObjects(storage: Pick<ObjectStorage, 'list' | 'watch'>, follower: ObjectFollower, { signal, clock }: { readonly signal: AbortSignal; readonly clock: Clock }): Promise<void> {
  while (!signal.aborted) {
    try {
      const list = await storage.list();
      follower.clear();
      for (const item of list.items) follower.set(item.object);
      follower.synced();
      for await (const events of await storage.watch({ resourceVersion: list.resourceVersion, signal })) {
        for (const event of events) {
          if (event.type === 'DELETED') follower.remove(event.stored.object);
          else if (event.type !== 'BOOKMARK') follower.set(event.stored.object);
        }
      }
    } catch {
      // A watch that fell behind, or a store that cannot read now: begin again from a fresh list.
      if (!signal.aborted) await clock.sleep(RETRY_MS, signal).catch(() => {});
    }
  }
}
