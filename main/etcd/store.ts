/**
 * etcd's semantics in a few methods: ordered keys, one global revision, history until compacted, watches from any kept revision, leases.
 * The embedded stores and a real etcd cluster both pass `store.contract.ts`.
 *
 * A write is durable (fsynced) before its promise resolves. Keys are UTF-8 strings compared by code unit of their bytes; values are bytes
 * that the store owns after the call and hands out without copying: callers never change them.
 */
export type Revision = number;

export interface KeyValue {
  readonly key: string;
  readonly value: Uint8Array;
  readonly createRevision: Revision;
  readonly modRevision: Revision;
  /** 1 for a key just created. */
  readonly version: number;
  readonly lease?: string;
}

/** [start, end); without end, exactly one key. `prefixRange('/a/')` gives all keys below a prefix. */
export interface KeyRange {
  readonly start: string;
  readonly end?: string;
}

export interface RangeOptions {
  /** Absent or 0: the newest. Throws CompactedError below compactRevision, FutureRevisionError above revision. */
  readonly revision?: Revision;
  readonly limit?: number;
  readonly keysOnly?: boolean;
}
export interface RangeResult {
  readonly kvs: readonly KeyValue[];
  /** All keys in the range, beyond limit too. */
  readonly count: number;
  /** The store's revision when it answered. */
  readonly revision: Revision;
}

export interface Compare {
  readonly key: string;
  readonly target: 'modRevision' | 'createRevision' | 'version';
  readonly operator: '=' | '<' | '>' | '!=';
  readonly value: number;
}
export type Operation =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array; readonly lease?: string }
  | { readonly type: 'delete'; readonly range: KeyRange }
  | { readonly type: 'range'; readonly range: KeyRange; readonly options?: RangeOptions };
export type OperationResponse =
  | { readonly type: 'put'; readonly previous?: KeyValue }
  | { readonly type: 'delete'; readonly deleted: readonly KeyValue[] }
  | { readonly type: 'range'; readonly result: RangeResult };

export interface TxnRequest {
  /** All must hold for `success`; a missing key compares as 0. */
  readonly compare: readonly Compare[];
  readonly success: readonly Operation[];
  readonly failure?: readonly Operation[];
}
export interface TxnResult {
  readonly succeeded: boolean;
  /** The revision after the transaction; one revision for all its writes. */
  readonly revision: Revision;
  readonly responses: readonly OperationResponse[];
}

export type StoreEvent =
  | { readonly type: 'put'; readonly kv: KeyValue; readonly previous?: KeyValue }
  | { readonly type: 'delete'; readonly key: string; readonly modRevision: Revision; readonly previous?: KeyValue };

/** All events of one revision that touch the range, in key order of the transaction; `events` is empty for a progress notice. */
export interface WatchBatch {
  readonly revision: Revision;
  readonly events: readonly StoreEvent[];
}
export interface WatchOptions {
  /** The first revision to deliver. Absent: only what comes after the call. Throws CompactedError when already compacted. */
  readonly startRevision?: Revision;
  readonly signal: AbortSignal;
  /** Deliver an empty batch with the current revision when idle for about this long. */
  readonly progressIntervalMs?: number;
}

export interface Store extends AsyncDisposable {
  readonly revision: Revision;
  readonly compactRevision: Revision;
  range(range: KeyRange, options?: RangeOptions): Promise<RangeResult>;
  txn(request: TxnRequest): Promise<TxnResult>;
  /** Delivers only durable events, every one once, in revision order. */
  watch(range: KeyRange, options: WatchOptions): AsyncIterable<WatchBatch>;
  /**
   * Every watch of exactly this range delivers an empty batch with the current revision, after all events up to it. How a reader learns
   * that its copy is as new as the store (KEP-2340).
   */
  requestProgress(range: KeyRange): void;
  /** Forgets history below revision, never the newest version of a live key. Throws when already compacted, or when in the future. */
  compact(revision: Revision): Promise<void>;
  leaseGrant(ttlSeconds: number): Promise<{ readonly id: string; readonly ttlSeconds: number }>;
  leaseKeepAlive(id: string): Promise<{ readonly ttlSeconds: number }>;
  /** Deletes the lease's keys in one revision. */
  leaseRevoke(id: string): Promise<void>;
}

export class CompactedError extends Error {
  override readonly name = 'CompactedError';
  readonly compactRevision: Revision;
  constructor(requested: Revision, compactRevision: Revision) {
    super(`required revision ${requested} has been compacted (compacted up to ${compactRevision})`);
    this.compactRevision = compactRevision;
  }
}
export class FutureRevisionError extends Error {
  override readonly name = 'FutureRevisionError';
}
/** The transaction itself is wrong; sending it again will not help. */
export class InvalidTxnError extends Error {
  override readonly name = 'InvalidTxnError';
}
export class LeaseNotFoundError extends Error {
  override readonly name = 'LeaseNotFoundError';
}
/**
 * The write has not been acknowledged: the disk is full, read-only or failing, or the store is closed. Reads go on, and writes work
 * again as soon as the cause is gone, without a restart. `damaged`: the file cannot be read; it is left as it is.
 */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
  readonly reason: 'diskFull' | 'readOnly' | 'ioError' | 'damaged' | 'closed';
  constructor(reason: StoreUnavailableError['reason'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
