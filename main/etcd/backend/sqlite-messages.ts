import type { LeaseRecord } from './backend.ts';

/**
 * What passes between the store's thread and the SQLite thread. One request is under way at a time; the next batch gathers meanwhile.
 * Values of a batch travel in one buffer, which is transferred where nobody needs it any more.
 */
export type SqliteRequest =
  | { readonly type: 'load' }
  /** One transaction. With it the redo log's state changes; absent, that stays as it is. */
  | { readonly type: 'append'; readonly batches: readonly AppendBatch[]; readonly redo?: RedoState }
  | { readonly type: 'compact'; readonly revision: number }
  | { readonly type: 'delete'; readonly rowIds: readonly number[] }
  | { readonly type: 'close' };

/** What SQLite's file knows of the redo log: its id, 0 when none is in use, and the last record that is in the file itself. */
export interface RedoState {
  readonly id: number;
  readonly saved: number;
}

export interface AppendBatch {
  readonly rows: readonly PackedRow[];
  readonly values: Uint8Array<ArrayBuffer>;
  readonly leasesGranted: readonly LeaseRecord[];
  readonly leasesRevoked: readonly string[];
}

/** One version. `length` -1 is a tombstone. */
export interface PackedRow {
  readonly rowId: number;
  readonly revision: number;
  readonly key: string;
  readonly createRevision: number;
  readonly version: number;
  readonly lease: string | null;
  readonly length: number;
}

/** The log arrives in pages, each answering one `load`; the last one says so. */
export interface LoadedPage {
  readonly rows: readonly PackedRow[];
  readonly values: Uint8Array<ArrayBuffer>;
  /** On the last page. */
  readonly end?: { readonly leases: readonly LeaseRecord[]; readonly compactRevision: number };
}

export type SqliteReply =
  | { readonly type: 'done' }
  | { readonly type: 'page'; readonly page: LoadedPage }
  | { readonly type: 'failed'; readonly error: SqliteFailure };

export interface SqliteFailure {
  readonly message: string;
  /** SQLite's primary result code, when it was SQLite that failed. */
  readonly code?: number;
}
