import type { KeyRange, KeyValue, Revision } from '../store.ts';
import { KeyHistory, type Version } from './key-history.ts';
import { SortedKeys } from './sorted-keys.ts';

export interface IndexRange {
  readonly kvs: readonly KeyValue[];
  readonly count: number;
}

/**
 * Every known version of every key, in memory: a hash map for one key, a sorted list for ranges. Versions not yet durable are in here
 * too; readers never see them, as they read at a durable revision, and `pop` takes them out again when the log fails.
 */
export class KeyIndex {
  readonly #histories = new Map<string, KeyHistory>();
  readonly #sorted = new SortedKeys<KeyHistory>();

  /** Known keys, deleted ones that are not yet compacted included. */
  get size(): number {
    return this.#histories.size;
  }

  get(key: string, revision: Revision): KeyValue | undefined {
    return this.#histories.get(key)?.at(revision)?.kv;
  }

  range(range: KeyRange, options: { readonly revision: Revision; readonly limit?: number }): IndexRange {
    const { revision } = options;
    if (range.end === undefined) {
      const kv = this.get(range.start, revision);
      return kv === undefined ? { kvs: [], count: 0 } : { kvs: [kv], count: 1 };
    }
    const limit = options.limit === undefined || options.limit === 0 ? Infinity : options.limit;
    const kvs: KeyValue[] = [];
    let count = 0;
    this.#sorted.forEach(range.start, range.end, (history) => {
      const kv = history.at(revision)?.kv;
      if (kv !== undefined && ++count <= limit) kvs.push(kv);
    });
    return { kvs, count };
  }

  push(key: string, version: Version): void {
    const history = this.#histories.get(key);
    if (history !== undefined) {
      history.push(version);
      return;
    }
    const created = new KeyHistory(key, version);
    this.#histories.set(key, created);
    this.#sorted.set(created);
  }

  /** Undoes the last push of this key. */
  pop(key: string): void {
    if (this.#histories.get(key)?.pop() === false) this.#drop(key);
  }

  /** Compacts the history of one key; returns what was forgotten. */
  compact(key: string, revision: Revision): readonly Version[] {
    const history = this.#histories.get(key);
    if (history === undefined) return [];
    const { removed, empty } = history.compact(revision);
    if (empty) this.#drop(key);
    return removed;
  }

  #drop(key: string): void {
    this.#histories.delete(key);
    this.#sorted.delete(key);
  }
}
