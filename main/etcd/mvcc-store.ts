import { assert } from '../../kube/apimachinery/assert.ts';
import type { Clock } from '../../kube/apimachinery/clock.ts';
import type { Backend, LogEntry } from './backend/backend.ts';
import { Lessor } from './lessor.ts';
import { MvccState } from './mvcc/mvcc-state.ts';
import { type Evaluation, checkTxn, evaluateTxn, withoutValue } from './mvcc/evaluate-txn.ts';
import { WatchGroups } from './mvcc/watch-groups.ts';
import { Watcher } from './mvcc/watcher.ts';
import {
  CompactedError,
  FutureRevisionError,
  InvalidTxnError,
  type KeyRange,
  LeaseNotFoundError,
  type Operation,
  type RangeOptions,
  type RangeResult,
  type Revision,
  type Store,
  StoreUnavailableError,
  type TxnRequest,
  type TxnResult,
  type WatchBatch,
  type WatchOptions,
} from './store.ts';
import { watchStream } from './watch-stream.ts';

/** A transaction that is decided and in the index, and not yet on the disk. */
interface PendingWrite {
  readonly evaluation: Evaluation;
  readonly revision: Revision;
  /** Takes back what the transaction did to leases; its versions are taken back by the store. */
  readonly undo?: () => void;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * The embedded store: everything is in memory, and a Backend makes it durable.
 *
 * Writes are pipelined. A transaction is decided at once, on the newest state, including versions that are still on their way to the
 * disk; its promise resolves, and readers and watchers see it, when the backend reports it durable. So any number of transactions share
 * one fsync, and nothing is ever visible that a power cut could take back. When the backend fails, all transactions on their way are
 * taken out again, newest first, and rejected.
 *
 *     txn A (rev 8) ─┐                       ┌─ A visible, resolved
 *     txn B (rev 9) ─┴─ one fsync ───────────┴─ B visible, resolved        revision: 7 → 8 → 9
 */
export class MvccStore implements Store {
  readonly #backend: Backend;
  readonly #clock: Clock;
  readonly #state: MvccState;
  readonly #lessor: Lessor;
  readonly #groups = new WatchGroups();
  readonly #closing = new AbortController();
  #pending: PendingWrite[] = [];
  /** Rows that a failed compaction left in the log. */
  #undeletedRowIds: readonly number[] = [];

  private constructor(options: { readonly backend: Backend; readonly clock: Clock; readonly state: MvccState }) {
    this.#backend = options.backend;
    this.#clock = options.clock;
    this.#state = options.state;
    this.#lessor = new Lessor({ clock: options.clock, expire: (id) => this.leaseRevoke(id) });
  }

  static async open({ backend, clock }: { readonly backend: Backend; readonly clock: Clock }): Promise<MvccStore> {
    const loaded = await backend.load();
    const state = new MvccState(loaded.compactRevision);
    for (const row of loaded.rows) state.load(row);
    const leftovers = state.finishLoading();
    const store = new MvccStore({ backend, clock, state });
    for (const lease of loaded.leases) store.#lessor.add(lease);
    if (leftovers.length > 0) await backend.compact(loaded.compactRevision, leftovers);
    return store;
  }

  get revision(): Revision {
    return this.#state.durableRevision;
  }
  get compactRevision(): Revision {
    return this.#state.compactRevision;
  }

  async range(range: KeyRange, options: RangeOptions = {}): Promise<RangeResult> {
    this.#checkRevision(options.revision);
    const revision = options.revision === undefined || options.revision === 0 ? this.revision : options.revision;
    const { kvs, count } = this.#state.index.range(range, { revision, limit: options.limit });
    return { kvs: options.keysOnly === true ? kvs.map(withoutValue) : kvs, count, revision: this.revision };
  }

  async txn(request: TxnRequest): Promise<TxnResult> {
    this.#checkOpen();
    const problem = checkTxn(request);
    if (problem !== undefined) throw new InvalidTxnError(problem);
    for (const operation of request.success) this.#checkOperation(operation);
    for (const operation of request.failure ?? []) this.#checkOperation(operation);
    const evaluation = evaluateTxn(request, this.#state);
    const revision = this.#state.accept(evaluation);
    // A transaction that wrote nothing still may have read what is not durable yet, so it waits for that.
    if (evaluation.rows.length > 0) await this.#write({ rows: evaluation.rows }, { evaluation });
    else if (this.#pending.length > 0) await this.#write({ rows: [] }, { evaluation });
    return { succeeded: evaluation.succeeded, revision, responses: evaluation.responses };
  }

  watch(range: KeyRange, options: WatchOptions): AsyncIterable<WatchBatch> {
    const { startRevision = 0, signal, progressIntervalMs } = options;
    const watcher = new Watcher(range, startRevision === 0 ? this.revision + 1 : startRevision, this.#state);
    this.#groups.add(watcher);
    const onEnd = (): void => this.#groups.delete(watcher);
    const ends = AbortSignal.any([signal, this.#closing.signal]);
    return watchStream({ watcher, signal: ends, clock: this.#clock, progressIntervalMs, onEnd });
  }

  requestProgress(range: KeyRange): void {
    this.#groups.requestProgress(range);
  }

  async compact(revision: Revision): Promise<void> {
    this.#checkOpen();
    if (revision <= this.compactRevision) throw new CompactedError(revision, this.compactRevision);
    if (revision > this.revision) throw new FutureRevisionError('required revision is a future revision');
    const rowIds = [...this.#undeletedRowIds, ...this.#state.compact(revision)];
    this.#undeletedRowIds = rowIds;
    await this.#backend.compact(revision, rowIds);
    if (this.#undeletedRowIds === rowIds) this.#undeletedRowIds = [];
  }

  async leaseGrant(ttlSeconds: number): Promise<{ readonly id: string; readonly ttlSeconds: number }> {
    this.#checkOpen();
    const lease = { id: this.#lessor.newId(this.#state.headRevision), ttlSeconds };
    this.#lessor.add(lease);
    await this.#write({ rows: [], leasesGranted: [lease] }, { undo: () => this.#lessor.remove(lease.id) });
    return lease;
  }

  async leaseKeepAlive(id: string): Promise<{ readonly ttlSeconds: number }> {
    return { ttlSeconds: this.#lessor.keepAlive(id).ttlSeconds };
  }

  async leaseRevoke(id: string): Promise<void> {
    this.#checkOpen();
    const lease = this.#lessor.get(id);
    this.#lessor.remove(id);
    const success = this.#state.leaseKeys.of(id).map((key): Operation => ({ type: 'delete', range: { start: key } }));
    const evaluation = evaluateTxn({ compare: [], success }, this.#state);
    this.#state.accept(evaluation);
    await this.#write({ rows: evaluation.rows, leasesRevoked: [id] }, { evaluation, undo: () => this.#lessor.add(lease) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(new StoreUnavailableError('closed', 'the store is closed'));
    this.#lessor[Symbol.dispose]();
    await this.#backend[Symbol.asyncDispose]();
  }

  /** Resolves when the entry is durable and visible. */
  #write(entry: LogEntry, { evaluation = nothing, undo }: { evaluation?: Evaluation; undo?: () => void }): Promise<void> {
    return new Promise((resolve, reject) => {
      const write = { evaluation, undo, resolve, reject, revision: this.#state.headRevision };
      this.#pending.push(write);
      this.#backend.append(entry, (error) => {
        if (error === undefined) this.#publish(write);
        else this.#takeBack(error);
      });
    });
  }

  #publish(write: PendingWrite): void {
    assert(this.#pending.shift() === write, 'the backend reported an entry durable out of order');
    const { events } = write.evaluation;
    if (events.length > 0) {
      const batch = { revision: write.revision, events };
      this.#state.publish(batch);
      this.#groups.publish(batch);
    }
    write.resolve();
  }

  #takeBack(error: Error): void {
    const failed = this.#pending;
    this.#pending = [];
    for (const { evaluation, undo } of failed.toReversed()) {
      this.#state.takeBack(evaluation);
      undo?.();
    }
    for (const { reject } of failed) reject(error);
  }

  #checkOpen(): void {
    this.#closing.signal.throwIfAborted();
  }

  #checkRevision(revision = 0): void {
    if (revision === 0) return;
    if (revision < this.compactRevision) throw new CompactedError(revision, this.compactRevision);
    if (revision > this.revision) throw new FutureRevisionError('required revision is a future revision');
  }

  #checkOperation(operation: Operation): void {
    if (operation.type === 'range') this.#checkRevision(operation.options?.revision);
    if (operation.type !== 'put' || operation.lease === undefined) return;
    if (!this.#lessor.has(operation.lease)) throw new LeaseNotFoundError('requested lease not found');
  }
}

const nothing: Evaluation = { succeeded: true, responses: [], rows: [], events: [] };
