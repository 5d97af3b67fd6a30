import { SvelteMap } from 'svelte/reactivity';
import type { Bridge } from '../../main/bridge/contract.ts';
import type { KubernetesObject } from '../../kube/apimachinery/object-meta.ts';

/**
 * A live list of one API path, by uid: listed once, then only deltas. Events are applied once per animation frame, so that a burst of
 * thousands costs one redraw.
 */
export class WatchedList<T extends KubernetesObject> {
  readonly byUid = new SvelteMap<string, T>();
  synced = $state(false);
  failure: string | undefined = $state();
  readonly items: readonly T[] = $derived([...this.byUid.values()].sort(byName));
  #end = () => {};
  #queue: { type: string; object: unknown }[] = [];
  #frame = 0;

  constructor(bridge: Bridge, path: string) {
    this.#end = bridge.subscribe('kube.watch', { path }, {
      next: (item) => {
        if (item.restarted === true) this.#queue.push({ type: 'CLEAR', object: undefined });
        this.#queue.push(...item.events);
        if (item.synced === true) this.#queue.push({ type: 'SYNCED', object: undefined });
        this.#frame ||= requestAnimationFrame(() => this.#apply());
      },
      end: (status) => (this.failure = status?.message),
    });
  }

  dispose(): void {
    this.#end();
    cancelAnimationFrame(this.#frame);
  }

  #apply(): void {
    this.#frame = 0;
    const seen = this.#queue;
    this.#queue = [];
    for (const { type, object } of seen) {
      if (type === 'CLEAR') this.byUid.clear();
      else if (type === 'SYNCED') this.synced = true;
      else {
        const item = object as T;
        const uid = item.metadata.uid ?? '';
        if (type === 'DELETED') this.byUid.delete(uid);
        else this.byUid.set(uid, item);
      }
    }
  }
}

function byName(a: KubernetesObject, b: KubernetesObject): number {
  return (a.metadata.namespace ?? '').localeCompare(b.metadata.namespace ?? '') || a.metadata.name.localeCompare(b.metadata.name, 'en', { numeric: true });
}
