import type { KeyValue, Revision } from '../store.ts';

/** What one transaction made of one key: a value, or its absence (a tombstone). */
export interface Version {
  readonly modRevision: Revision;
  /** Absent: the key was deleted at modRevision. */
  readonly kv?: KeyValue;
  /** The row of the durable log that holds this version. */
  readonly rowId: number;
}

/**
 * All versions of one key that are still known, oldest first. Most keys have one, so the newest is a field and the rest an array that
 * exists only when needed.
 *
 * Worked example. A key put at 5 and 8, deleted at 9, put again at 12 is
 *
 *     older: [5 put] [8 put] [9 tombstone]    newest: [12 put]
 *
 * at(4) → nothing, at(8) → the value of 8, at(9) and at(11) → the tombstone, at(12) and later → the value of 12.
 * compact(10) forgets what nobody can read at 10 or later. The tombstone of 9 says «absent», as does having no version:
 *
 *     older: (none)    newest: [12 put]          removed: 5, 8, 9
 *
 * compact(9) instead keeps the tombstone, so that a watch from 9 still sees the deletion; compact(8) keeps 8, which is what at(8) reads.
 */
export class KeyHistory {
  readonly key: string;
  #newest: Version;
  #older: Version[] | undefined;

  constructor(key: string, first: Version) {
    this.key = key;
    this.#newest = first;
  }

  get newest(): Version {
    return this.#newest;
  }

  /** The version that a reader at revision sees; undefined when the key did not exist yet. May be a tombstone. */
  at(revision: Revision): Version | undefined {
    if (this.#newest.modRevision <= revision) return this.#newest;
    const older = this.#older;
    if (older === undefined) return undefined;
    for (let i = older.length - 1; i >= 0; i--) {
      if (older[i]!.modRevision <= revision) return older[i];
    }
    return undefined;
  }

  push(version: Version): void {
    (this.#older ??= []).push(this.#newest);
    this.#newest = version;
  }

  /** Undoes the last push. False when it was the only version: the caller then drops the key. */
  pop(): boolean {
    const previous = this.#older?.pop();
    if (previous === undefined) return false;
    if (this.#older?.length === 0) this.#older = undefined;
    this.#newest = previous;
    return true;
  }

  /** Forgets what no reader at revision or later sees. `empty`: nothing is left, the caller drops the key. */
  compact(revision: Revision): { readonly removed: readonly Version[]; readonly empty: boolean } {
    const versions = [...(this.#older ?? []), this.#newest];
    let keepFrom = 0;
    while (keepFrom + 1 < versions.length && versions[keepFrom + 1]!.modRevision <= revision) keepFrom++;
    const oldest = versions[keepFrom]!;
    if (oldest.kv === undefined && oldest.modRevision < revision) keepFrom++;
    if (keepFrom === 0) return { removed: [], empty: false };
    this.#older = keepFrom < versions.length - 1 ? versions.slice(keepFrom, -1) : undefined;
    return { removed: versions.slice(0, keepFrom), empty: keepFrom === versions.length };
  }
}
