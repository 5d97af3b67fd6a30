import { Worker } from 'node:worker_threads';
import type { Row } from '../mvcc/evaluate-txn.ts';
import { type KeyValue, type Revision, StoreUnavailableError } from '../store.ts';
import type { Backend, LeaseRecord, LoadedLog, LogEntry } from './backend.ts';
import type { SqliteLogOptions } from './sqlite-log.ts';
import type { AppendBatch, PackedRow, SqliteFailure, SqliteReply, SqliteRequest } from './sqlite-messages.ts';

/** What one fsync carries at most, so that one batch does not delay all others for long. */
const maxBatchEntries = 2000;
const maxBatchBytes = 16 * 1024 * 1024;
/** Rows that compaction deletes between two batches of writes. */
const deleteChunk = 500;

/** As etcd's largest suggested quota. */
const defaultMaxBytes = 8 * 1024 ** 3;

export interface SqliteBackendOptions {
  readonly path: string;
  readonly maxBytes?: number;
  /** Where a bundle has put sqlite-worker.ts. Absent: beside this file. */
  readonly worker?: URL;
  /** The thread died of this; the next request starts another. */
  readonly onThreadDeath?: (cause: unknown) => void;
}

interface PendingEntry {
  readonly entry: LogEntry;
  readonly done: (error?: Error) => void;
}
interface PendingTask {
  readonly request: SqliteRequest;
  readonly settle: (reply: SqliteReply) => void;
}

/**
 * A durable log in an SQLite file, written by a thread of its own. A thread that dies takes what was under way along; the next one makes
 * the file what has been reported, see SqliteLog. Group commit: while one transaction is being written and fsynced,
 * everything that is appended gathers, and goes out together as the next one. So under load an fsync serves many writes, and a single
 * write waits for one only.
 */
export class SqliteBackend implements Backend {
  readonly #path: string;
  readonly #options: SqliteLogOptions;
  readonly #script: URL;
  readonly #onThreadDeath: (cause: unknown) => void;
  /** undefined between the death of one and the next request. */
  #worker: Worker | undefined;
  #exited: Promise<void> = Promise.resolve();
  #gathering: PendingEntry[] = [];
  #underWay: PendingEntry[] = [];
  /** Everything but writes; a write goes first when there is one. */
  #tasks: PendingTask[] = [];
  #onReply: ((reply: SqliteReply) => void) | undefined;
  #closed: StoreUnavailableError | undefined;
  /** What has been reported durable, once all is loaded: where another thread goes on. */
  #isLoaded = false;
  #durableId = 0;
  readonly #leases = new Map<string, LeaseRecord>();

  constructor({ path, maxBytes = defaultMaxBytes, worker = new URL('./sqlite-worker.ts', import.meta.url), onThreadDeath = () => {} }: SqliteBackendOptions) {
    this.#path = path;
    this.#options = { path, maxBytes };
    this.#script = worker;
    this.#onThreadDeath = onThreadDeath;
    this.#start();
  }

  #start(): Worker {
    const resume = this.#isLoaded ? { durableId: this.#durableId, leases: [...this.#leases.values()] } : undefined;
    const workerData: SqliteLogOptions = { ...this.#options, ...(resume === undefined ? {} : { resume }) };
    // The thread's garbage is short-lived: a small young generation costs nothing and saves tens of megabytes.
    const worker = new Worker(this.#script, { workerData, name: 'etcd', resourceLimits: { maxYoungGenerationSizeMb: 4 } });
    let cause: unknown;
    worker.on('message', (reply: SqliteReply) => this.#reply(reply));
    worker.on('error', (error) => (cause = error));
    this.#exited = new Promise((resolve) => worker.once('exit', (code) => {
      this.#onExit(cause ?? new Error(`it exited with code ${code}`));
      resolve();
    }));
    return (this.#worker = worker);
  }

  async load(): Promise<LoadedLog> {
    const rows: Row[] = [];
    for (;;) {
      const reply = await this.#task({ type: 'load' });
      if (reply.type !== 'page') throw new Error('Cannot read the log: the SQLite thread gave no page');
      rows.push(...unpack(reply.page.rows, reply.page.values));
      if (reply.page.end === undefined) continue;
      this.#isLoaded = true;
      this.#noteDurable({ rows, leasesGranted: reply.page.end.leases });
      return { rows, ...reply.page.end };
    }
  }

  append(entry: LogEntry, done: (error?: Error) => void): void {
    if (this.#closed !== undefined) {
      const error = this.#closed;
      queueMicrotask(() => done(error));
      return;
    }
    this.#gathering.push({ entry, done });
    // What is appended in the same turn goes out together, even when the thread is idle.
    if (this.#gathering.length === 1) setImmediate(() => this.#next());
  }

  async compact(revision: Revision, rowIds: readonly number[]): Promise<void> {
    await this.#task({ type: 'compact', revision });
    for (let i = 0; i < rowIds.length; i += deleteChunk) {
      await this.#task({ type: 'delete', rowIds: rowIds.slice(i, i + deleteChunk) });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed === undefined) {
      const closed = this.#worker === undefined ? Promise.resolve() : this.#task({ type: 'close' });
      // Writes that are gathered already still go first; later ones are refused.
      this.#closed = new StoreUnavailableError('closed', 'the store is closed');
      await closed.catch(() => undefined);
    }
    await this.#exited;
  }

  #task(request: SqliteRequest): Promise<SqliteReply> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) {
        reject(this.#closed);
        return;
      }
      const settle = (reply: SqliteReply): void => (reply.type === 'failed' ? reject(unavailable(reply.error, this.#path)) : resolve(reply));
      this.#tasks.push({ request, settle });
      this.#next();
    });
  }

  /** Sends the next request when none is under way. */
  #next(): void {
    if (this.#onReply !== undefined) return;
    if (this.#gathering.length > 0) {
      this.#sendBatch();
      return;
    }
    const task = this.#tasks.shift();
    if (task !== undefined) this.#send(task.request, task.settle);
  }

  #sendBatch(): void {
    const { batch, count } = pack(this.#gathering);
    this.#underWay = this.#gathering.splice(0, count);
    this.#send({ type: 'append', batch }, (reply) => {
      if (reply.type === 'failed') {
        this.#failWrites(unavailable(reply.error, this.#path));
        return;
      }
      for (const { entry, done } of this.#underWay.splice(0)) {
        this.#noteDurable(entry);
        done();
      }
    });
  }

  #send(request: SqliteRequest, onReply: (reply: SqliteReply) => void): void {
    this.#onReply = onReply;
    const worker = this.#worker ?? this.#start();
    worker.postMessage(request, request.type === 'append' ? [request.batch.values.buffer] : []);
  }

  #reply(reply: SqliteReply): void {
    const onReply = this.#onReply;
    this.#onReply = undefined;
    onReply?.(reply);
    this.#next();
  }

  /** Those gathered fail with those under way: they were decided on a state that now is not. */
  #failWrites(error: Error): void {
    const failed = [...this.#underWay.splice(0), ...this.#gathering.splice(0)];
    for (const { done } of failed) done(error);
  }

  #noteDurable({ rows, leasesGranted = [], leasesRevoked = [] }: LogEntry): void {
    this.#durableId = rows.at(-1)?.rowId ?? this.#durableId;
    for (const lease of leasesGranted) this.#leases.set(lease.id, lease);
    for (const id of leasesRevoked) this.#leases.delete(id);
  }

  /** What was under way may be in the file or not; it is reported failed, and the next thread takes it out. */
  #onExit(cause: unknown): void {
    this.#worker = undefined;
    if (this.#closed !== undefined && this.#onReply === undefined) return;
    this.#onThreadDeath(cause);
    const error = new StoreUnavailableError('ioError', 'Cannot write to the data directory: the SQLite thread has ended; the next write starts another', { cause });
    const onReply = this.#onReply;
    this.#onReply = undefined;
    const failed: SqliteReply = { type: 'failed', error: { message: 'the SQLite thread has ended' } };
    this.#failWrites(error);
    onReply?.(failed);
    for (const { settle } of this.#tasks.splice(0)) settle(failed);
  }
}

/** As many of the entries, in order, as one transaction should hold. */
function pack(entries: readonly PendingEntry[]): { readonly batch: AppendBatch; readonly count: number } {
  let size = 0;
  let count = 0;
  for (const { entry } of entries) {
    if (count > 0 && (count >= maxBatchEntries || size > maxBatchBytes)) break;
    for (const { kv } of entry.rows) size += kv?.value.length ?? 0;
    count++;
  }
  const values = new Uint8Array(size);
  const rows: PackedRow[] = [];
  const taken = entries.slice(0, count).map(({ entry }) => entry);
  let offset = 0;
  for (const row of taken.flatMap((entry) => entry.rows)) {
    rows.push(packRow(row));
    if (row.kv === undefined) continue;
    values.set(row.kv.value, offset);
    offset += row.kv.value.length;
  }
  const leasesGranted = taken.flatMap((entry) => entry.leasesGranted ?? []);
  const leasesRevoked = taken.flatMap((entry) => entry.leasesRevoked ?? []);
  return { batch: { rows, values, leasesGranted, leasesRevoked }, count };
}

function packRow({ rowId, revision, key, kv }: Row): PackedRow {
  const { createRevision = 0, version = 0, lease = null } = kv ?? {};
  return { rowId, revision, key, createRevision, version, lease, length: kv?.value.length ?? -1 };
}

export function* unpack(rows: readonly PackedRow[], values: Uint8Array): Generator<Row> {
  let offset = 0;
  for (const { rowId, revision, key, createRevision, version, lease, length } of rows) {
    if (length < 0) {
      yield { rowId, revision, key };
      continue;
    }
    // A copy of its own, so that one long-lived value does not keep the whole page.
    const value = values.slice(offset, offset + length);
    offset += length;
    const kv: KeyValue = { key, value, createRevision, modRevision: revision, version, ...(lease === null ? {} : { lease }) };
    yield { rowId, revision, key, kv };
  }
}

/** https://www.sqlite.org/rescode.html */
function unavailable({ code, message }: SqliteFailure, path: string): StoreUnavailableError {
  switch (code) {
    case 13:
      return new StoreUnavailableError('diskFull', 'Cannot write to the data directory: the disk is full; writes go on as soon as there is space');
    case 8:
      return new StoreUnavailableError('readOnly', 'Cannot write to the data directory: it is read-only; writes go on as soon as it can be written');
    case 5:
      return new StoreUnavailableError('ioError', 'Cannot open the data directory: another process is using it');
    case 11:
    case 26:
      return new StoreUnavailableError('damaged', `Cannot read "${path}": it is damaged (${message}); it is left as it is`);
    default:
      return new StoreUnavailableError('ioError', `Cannot write to the data directory: ${message}`);
  }
}
