import type { Revision, StoreEvent, WatchBatch } from '../store.ts';
import { type Evaluation, type Row, exactly } from './evaluate-txn.ts';
import { EventLog } from './event-log.ts';
import { KeyIndex } from './key-index.ts';
import { LeaseKeys } from './lease-keys.ts';

/**
 * All that the store knows, and the revisions that bound it:
 *
 *     compactRevision ≤ durableRevision ≤ headRevision
 *          │                  │               └ the newest transaction decided; only transactions see beyond durableRevision
 *          │                  └ what readers and watchers see
 *          └ the oldest revision that can still be read
 */
export class MvccState {
  readonly index = new KeyIndex();
  readonly log = new EventLog();
  readonly leaseKeys = new LeaseKeys();
  /** An empty store is at revision 1, as etcd is. */
  #headRevision: Revision = 1;
  #durableRevision: Revision = 1;
  #compactRevision: Revision;
  #nextRowId = 1;
  /** The batch being loaded, and the keys in it that compaction has not finished with. */
  #loading: { revision: Revision; events: StoreEvent[] } | undefined;
  #unfinishedKeys = new Set<string>();

  constructor(compactRevision: Revision) {
    this.#compactRevision = compactRevision;
    this.#headRevision = this.#durableRevision = Math.max(1, compactRevision);
  }

  get headRevision(): Revision {
    return this.#headRevision;
  }
  get durableRevision(): Revision {
    return this.#durableRevision;
  }
  get compactRevision(): Revision {
    return this.#compactRevision;
  }
  get nextRowId(): number {
    return this.#nextRowId;
  }

  /** Takes one row of the durable log; rows come in the order they were written. */
  load(row: Row): void {
    const { revision, key, kv, rowId } = row;
    const previous = this.index.get(key, this.#headRevision);
    this.index.push(key, { modRevision: revision, kv, rowId });
    const event: StoreEvent = kv === undefined ? { type: 'delete', key, modRevision: revision, previous } : { type: 'put', kv, previous };
    this.leaseKeys.apply(event);
    if (revision < this.#compactRevision) {
      // The key may have versions that a compaction was about to delete when the process ended.
      if (previous !== undefined || kv === undefined) this.#unfinishedKeys.add(key);
    } else {
      if (this.#loading?.revision !== revision) this.#finishBatch();
      this.#loading ??= { revision, events: [] };
      this.#loading.events.push(event);
    }
    this.#headRevision = this.#durableRevision = Math.max(this.#headRevision, revision);
    this.#nextRowId = rowId + 1;
  }

  /** Ends loading. Returns the rows that the last compaction has not got round to deleting. */
  finishLoading(): readonly number[] {
    this.#finishBatch();
    const rowIds = [...this.#unfinishedKeys].flatMap((key) => this.index.compact(key, this.#compactRevision).map(({ rowId }) => rowId));
    this.#unfinishedKeys.clear();
    return rowIds;
  }

  #finishBatch(): void {
    if (this.#loading !== undefined) this.log.append({ revision: this.#loading.revision, events: exactly(this.#loading.events) });
    this.#loading = undefined;
  }

  /** Makes an evaluated transaction part of the head. Returns the revision after it. */
  accept({ events, rows }: Evaluation): Revision {
    for (const event of events) this.leaseKeys.apply(event);
    this.#nextRowId += rows.length;
    if (rows.length > 0) this.#headRevision++;
    return this.#headRevision;
  }

  /** Undoes `accept` and the evaluation of the newest transaction. */
  takeBack({ events, rows }: Evaluation): void {
    for (const row of rows.toReversed()) this.index.pop(row.key);
    for (const event of events.toReversed()) this.leaseKeys.undo(event);
    if (rows.length > 0) this.#headRevision--;
  }

  /** The oldest transaction that was not durable is now. */
  publish(batch: WatchBatch): void {
    this.#durableRevision = batch.revision;
    this.log.append(batch);
  }

  /** Forgets what cannot be read at revision or later; returns the rows that held it. */
  compact(revision: Revision): readonly number[] {
    this.#compactRevision = revision;
    const keys = new Set<string>();
    for (const { events } of this.log.dropBelow(revision)) {
      for (const event of events) keys.add(event.type === 'put' ? event.kv.key : event.key);
    }
    const rowIds: number[] = [];
    for (const key of keys) {
      for (const { rowId } of this.index.compact(key, revision)) rowIds.push(rowId);
    }
    return rowIds;
  }
}
