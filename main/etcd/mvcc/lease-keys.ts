import type { StoreEvent } from '../store.ts';

/**
 * Which keys hang on which lease. Follows events, and can take them back when the log fails.
 *
 *     put a (lease 7), put b (lease 7), put a (no lease)    →  7: { b }
 */
export class LeaseKeys {
  readonly #keys = new Map<string, Set<string>>();

  of(leaseId: string): readonly string[] {
    return [...(this.#keys.get(leaseId) ?? [])];
  }

  apply(event: StoreEvent): void {
    this.#move(event, event.previous?.lease, leaseAfter(event));
  }

  undo(event: StoreEvent): void {
    this.#move(event, leaseAfter(event), event.previous?.lease);
  }

  #move(event: StoreEvent, from: string | undefined, to: string | undefined): void {
    if (from === to) return;
    const key = event.type === 'put' ? event.kv.key : event.key;
    if (from !== undefined) {
      const keys = this.#keys.get(from);
      keys?.delete(key);
      if (keys?.size === 0) this.#keys.delete(from);
    }
    if (to === undefined) return;
    const keys = this.#keys.get(to);
    if (keys === undefined) this.#keys.set(to, new Set([key]));
    else keys.add(key);
  }
}

function leaseAfter(event: StoreEvent): string | undefined {
  return event.type === 'put' ? event.kv.lease : undefined;
}
