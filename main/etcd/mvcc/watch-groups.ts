import type { KeyRange, WatchBatch } from '../store.ts';
import { type KeyOrder, orderOf } from './key-range.ts';
import { type Watcher, eventsIn } from './watcher.ts';

interface WatchGroup {
  readonly range: KeyRange;
  readonly order: KeyOrder;
  readonly watchers: Set<Watcher>;
}

/**
 * Watchers by range. Those with the same range share one group, so that a batch is filtered once a group and the same filtered batch
 * is handed to all of them; watchers of one key are found by that key.
 *
 *     keys:   "/lease/a" → {w1}
 *     ranges: "/pods/" … "/pods0" → {w2 w3}    "/" … "0" → {w4}
 *
 * A put of /pods/x looks up "/pods/x" in keys, then tests two ranges: w2, w3 and w4 get the batch.
 */
export class WatchGroups {
  readonly #keys = new Map<string, WatchGroup>();
  readonly #ranges = new Map<string, WatchGroup>();

  add(watcher: Watcher): void {
    const { groups, id } = this.#place(watcher.range);
    const group = groups.get(id);
    if (group === undefined) groups.set(id, { range: watcher.range, order: orderOf(watcher.range), watchers: new Set([watcher]) });
    else group.watchers.add(watcher);
  }

  delete(watcher: Watcher): void {
    const { groups, id } = this.#place(watcher.range);
    const group = groups.get(id);
    group?.watchers.delete(watcher);
    if (group?.watchers.size === 0) groups.delete(id);
  }

  publish(batch: WatchBatch): void {
    if (this.#keys.size > 0) {
      const touched = new Set<WatchGroup>();
      for (const event of batch.events) {
        const group = this.#keys.get(event.type === 'put' ? event.kv.key : event.key);
        if (group !== undefined) touched.add(group);
      }
      for (const group of touched) deliver(group, batch);
    }
    for (const group of this.#ranges.values()) deliver(group, batch);
  }

  /** Every watcher of exactly this range is told how far it has come. */
  requestProgress(range: KeyRange): void {
    const { groups, id } = this.#place(range);
    for (const watcher of groups.get(id)?.watchers ?? []) watcher.requestProgress();
  }

  #place(range: KeyRange): { readonly groups: Map<string, WatchGroup>; readonly id: string } {
    if (range.end === undefined) return { groups: this.#keys, id: range.start };
    return { groups: this.#ranges, id: `${range.start.length}:${range.start}${range.end}` };
  }
}

function deliver(group: WatchGroup, batch: WatchBatch): void {
  const events = eventsIn(group.range, batch.events, group.order);
  if (events.length === 0) return;
  const filtered = events.length === batch.events.length ? batch : { revision: batch.revision, events };
  for (const watcher of group.watchers) watcher.push(filtered);
}
