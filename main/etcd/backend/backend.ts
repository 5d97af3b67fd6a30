import type { Row } from '../mvcc/evaluate-txn.ts';
import type { Revision } from '../store.ts';

/** What one transaction leaves behind. Rows are in rowId order, and rowIds only grow. */
export interface LogEntry {
  readonly rows: readonly Row[];
  readonly leasesGranted?: readonly LeaseRecord[];
  readonly leasesRevoked?: readonly string[];
}

export interface LeaseRecord {
  readonly id: string;
  readonly ttlSeconds: number;
}

export interface LoadedLog {
  /** In rowId order. */
  readonly rows: Iterable<Row>;
  readonly leases: readonly LeaseRecord[];
  readonly compactRevision: Revision;
}

/**
 * A durable log of versions. One MvccStore owns it: it calls load once, then append, compact and close in any order.
 *
 * `append` takes entries in order and calls each `done` in that same order, never synchronously: without an error once the entry has
 * reached the disk, with one when it has not. On a failure all entries appended so far and not yet done fail in the same turn of the
 * event loop; those appended later are tried anew, so a full disk that has space again just works.
 */
export interface Backend extends AsyncDisposable {
  load(): Promise<LoadedLog>;
  append(entry: LogEntry, done: (error?: Error) => void): void;
  /** Notes the compaction, then deletes the rows. Deleting may go on after the promise resolves, between appends. */
  compact(revision: Revision, rowIds: readonly number[]): Promise<void>;
}
