import type { Row } from '../mvcc/evaluate-txn.ts';
import { type Revision, StoreUnavailableError } from '../store.ts';
import type { Backend, LeaseRecord, LoadedLog, LogEntry } from './backend.ts';
import { pack, unpack, valueBytes } from './packed-rows.ts';
import { removeRedoFile } from './redo-file.ts';
import { type CreateRedoFile, RedoLog } from './redo-log.ts';
import type { SqliteReply, SqliteRequest } from './sqlite-messages.ts';
import { SqliteThread, unavailable } from './sqlite-thread.ts';

/** What one fsync carries at most, so that one batch does not delay all others for long. */
const maxBatchEntries = 2000;
const maxBatchBytes = 16 * 1024 * 1024;
/** Rows that compaction deletes between two batches of writes. */
const deleteChunk = 500;
/** Writes are in the redo log alone for at most about this long: what a start after a crash has to take over. */
const defaultSaveDelayMs = 500;
/** After a redo log has failed, the next one is tried with the first write after this long. */
const redoRetryMs = 10_000;

/** As etcd's largest suggested quota. */
const defaultMaxBytes = 8 * 1024 ** 3;

export interface SqliteBackendOptions {
  readonly path: string;
  readonly maxBytes?: number;
  /** Where a bundle has put sqlite-worker.ts. Absent: beside this file. */
  readonly worker?: URL;
  /** The thread died of this; the next request starts another. */
  readonly onThreadDeath?: (cause: unknown) => void;
  /** Absent: as the disk is quick or not. `none`: every write waits for SQLite itself. `always`: none does that finds room. */
  readonly redoLog?: 'none' | 'always';
  /** How long a write may be in the redo log alone. */
  readonly saveDelayMs?: number;
  /** Tests give one whose disk fails. */
  readonly createRedoFile?: CreateRedoFile;
}

interface PendingEntry {
  readonly entry: LogEntry;
  readonly done: (error?: Error) => void;
}
type SaveRequest = Extract<SqliteRequest, { type: 'append' }>;
interface PendingTask {
  /** Called when it is sent. */
  readonly request: () => SqliteRequest;
  readonly settle: (reply: SqliteReply) => void;
}

/**
 * A durable log in an SQLite file, written by a thread of its own. A write takes one of two ways, and both keep the order:
 *
 *     gathered in one turn ─┬─ redo log, here and now ──► done ── later, many at a time ──► SQLite
 *                           └─ SQLite, with all that waits for it ──► done
 *
 * The redo log saves the way to the other thread and back, which takes longer than an SSD's flush. The second way is for what finds no
 * room there, for slow disks, and for when the redo log fails. Group commit on both: what is appended while a write is under way gathers
 * and goes out together, so under load a flush serves many writes, and a single write waits for one only.
 */
export class SqliteBackend implements Backend {
  readonly #path: string;
  readonly #thread: SqliteThread;
  readonly #redo: RedoLog;
  readonly #usesRedo: boolean;
  readonly #saveDelayMs: number;
  #opening: Promise<void> | undefined;
  #redoTriedAtMs = 0;
  #isSaving = false;
  #saveTimer: NodeJS.Timeout | undefined;
  #gathering: PendingEntry[] = [];
  #underWay: PendingEntry[] = [];
  /** Everything but writes; a write goes first when there is one. */
  #tasks: PendingTask[] = [];
  #closed: StoreUnavailableError | undefined;
  /** What SQLite has saved, once all is loaded: where another thread goes on. */
  #isLoaded = false;
  #savedId = 0;
  readonly #leases = new Map<string, LeaseRecord>();

  constructor({ path, maxBytes = defaultMaxBytes, worker = new URL('./sqlite-worker.ts', import.meta.url), onThreadDeath = () => {}, redoLog, saveDelayMs = defaultSaveDelayMs, createRedoFile }: SqliteBackendOptions) {
    this.#path = path;
    this.#saveDelayMs = saveDelayMs;
    this.#redo = new RedoLog({ create: createRedoFile, isPatient: redoLog === 'always' });
    this.#usesRedo = redoLog !== 'none';
    const resume = () => (this.#isLoaded ? { savedId: this.#savedId, leases: [...this.#leases.values()], redo: this.#redo.told } : undefined);
    this.#thread = new SqliteThread({ path, maxBytes, script: worker, resume, onDeath: onThreadDeath });
  }

  async load(): Promise<LoadedLog> {
    const rows: Row[] = [];
    for (;;) {
      const reply = await this.#task({ type: 'load' });
      if (reply.type !== 'page') throw new Error('Cannot read the log: the SQLite thread gave no page');
      rows.push(...unpack(reply.page.rows, reply.page.values));
      if (reply.page.end === undefined) continue;
      this.#isLoaded = true;
      this.#savedId = rows.at(-1)?.rowId ?? 0;
      for (const lease of reply.page.end.leases) this.#leases.set(lease.id, lease);
      if (this.#usesRedo) await (this.#opening = this.#openRedo());
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
    if (this.#gathering.length === 1) setImmediate(() => this.#write());
  }

  async compact(revision: Revision, rowIds: readonly number[]): Promise<void> {
    if (this.#closed !== undefined) throw this.#closed;
    // The rows may still be in the redo log alone. When they cannot be saved, deleting others may make room.
    if (!this.#redo.isEmpty) await this.#save().catch(() => undefined);
    await this.#task({ type: 'compact', revision });
    for (let i = 0; i < rowIds.length; i += deleteChunk) {
      await this.#task({ type: 'delete', rowIds: rowIds.slice(i, i + deleteChunk) });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed === undefined) {
      // Writes that are gathered already still go first; later ones are refused.
      this.#closed = new StoreUnavailableError('closed', 'the store is closed');
      await this.#close();
    }
    await this.#thread.exited;
  }

  /** What cannot be saved stays in the redo log, for the next start. */
  async #close(): Promise<void> {
    await this.#opening;
    clearTimeout(this.#saveTimer);
    this.#redo[Symbol.dispose]();
    this.#write();
    const isUsed = this.#redo.state !== undefined || !this.#redo.isEmpty;
    const saved = isUsed ? this.#save().then(() => removeRedoFile(this.#path)) : Promise.resolve();
    const closed = this.#thread.isAlive || isUsed ? this.#task({ type: 'close' }) : Promise.resolve();
    await Promise.allSettled([saved, closed]);
  }

  /** A redo log that cannot be made is done without. */
  async #openRedo(): Promise<void> {
    try {
      await this.#redo.open(this.#path);
      await this.#save();
    } catch {
      this.#redo.abandon();
    }
    this.#redoTriedAtMs = performance.now();
    this.#opening = undefined;
  }

  #reopenRedo(): void {
    const isDue = this.#usesRedo && !this.#redo.isOpen && this.#closed === undefined && performance.now() - this.#redoTriedAtMs > redoRetryMs;
    if (isDue) this.#opening ??= this.#openRedo();
  }

  #task(request: SqliteRequest): Promise<SqliteReply> {
    return new Promise((resolve, reject) => {
      const settle = (reply: SqliteReply): void => (reply.type === 'failed' ? reject(unavailable(reply.error, this.#path)) : resolve(reply));
      this.#tasks.push({ request: () => request, settle });
      this.#next();
    });
  }

  /** Resolves when SQLite has all that is in the redo log at the time the thread turns to it. */
  #save(): Promise<void> {
    return new Promise((resolve, reject) => this.#queueSave((error) => (error === undefined ? resolve() : reject(error))));
  }

  #queueSave(done: (error?: Error) => void): void {
    let request: SaveRequest;
    const settle = (reply: SqliteReply): void => {
      if (reply.type === 'failed') this.#redo.sqliteFailed();
      else this.#noteSaved(request, { fromRedo: request.batches.length });
      done(reply.type === 'failed' ? unavailable(reply.error, this.#path) : undefined);
    };
    this.#tasks.push({ request: () => (request = this.#saveRequest()), settle });
    this.#next();
  }

  #saveRequest(): SaveRequest {
    const redo = this.#redo.state;
    return { type: 'append', batches: this.#redo.unsaved, ...(redo === undefined ? {} : { redo }) };
  }

  /** Sends what has gathered where it can be written now. */
  #write(): void {
    if (this.#gathering.length > 0 && this.#underWay.length === 0 && this.#redo.append(this.#gathering.map(({ entry }) => entry))) this.#onRedone();
    if (this.#gathering.length > 0 && !this.#thread.isBusy) this.#sendBatch();
    this.#next();
  }

  #onRedone(): void {
    for (const { done } of this.#gathering.splice(0)) done();
    if (this.#redo.isSaveDue) this.#saveNow();
    else this.#saveSoon();
  }

  #saveSoon(): void {
    if (this.#redo.isEmpty || this.#closed !== undefined) return;
    this.#saveTimer ??= setTimeout(() => this.#saveNow(), this.#saveDelayMs).unref();
  }

  /** At most one save waits for the thread: it takes all that has come until then. */
  #saveNow(): void {
    if (this.#isSaving) return;
    this.#isSaving = true;
    clearTimeout(this.#saveTimer);
    this.#saveTimer = undefined;
    this.#queueSave(() => {
      this.#isSaving = false;
      this.#saveSoon();
    });
  }

  /** Sends the next request when none is under way. */
  #next(): void {
    if (this.#thread.isBusy) return;
    const task = this.#tasks.shift();
    if (task !== undefined) this.#send(task.request(), { onReply: task.settle });
  }

  #sendBatch(): void {
    this.#underWay = this.#gathering.splice(0, batchLength(this.#gathering));
    const batch = pack(this.#underWay.map(({ entry }) => entry));
    const unsaved = this.#saveRequest();
    const request = { ...unsaved, batches: [...unsaved.batches, batch] };
    this.#send(request, {
      transfer: [batch.values.buffer],
      onReply: (reply) => {
        if (reply.type === 'failed') this.#failWrites(unavailable(reply.error, this.#path));
        else this.#onBatch(request, { fromRedo: unsaved.batches.length });
      },
    });
  }

  #onBatch(request: SaveRequest, { fromRedo }: { readonly fromRedo: number }): void {
    this.#noteSaved(request, { fromRedo });
    for (const { done } of this.#underWay.splice(0)) done();
    this.#reopenRedo();
  }

  #send(request: SqliteRequest, { transfer, onReply }: { readonly transfer?: readonly ArrayBuffer[]; readonly onReply: (reply: SqliteReply) => void }): void {
    const answered = (reply: SqliteReply): void => {
      onReply(reply);
      this.#write();
    };
    this.#thread.send(request, { transfer, onReply: answered });
  }

  /** Those gathered fail with those under way: they were decided on a state that now is not. */
  #failWrites(error: Error): void {
    this.#redo.sqliteFailed();
    const failed = [...this.#underWay.splice(0), ...this.#gathering.splice(0)];
    for (const { done } of failed) done(error);
  }

  #noteSaved({ batches, redo }: SaveRequest, { fromRedo }: { readonly fromRedo: number }): void {
    for (const { rows, leasesGranted, leasesRevoked } of batches) {
      this.#savedId = rows.at(-1)?.rowId ?? this.#savedId;
      for (const lease of leasesGranted) this.#leases.set(lease.id, lease);
      for (const id of leasesRevoked) this.#leases.delete(id);
    }
    this.#redo.saved(fromRedo, redo);
  }
}

/** As many of the entries as one transaction should hold. */
function batchLength(entries: readonly PendingEntry[]): number {
  let size = 0;
  let count = 0;
  for (const { entry } of entries) {
    if (count > 0 && (count >= maxBatchEntries || size > maxBatchBytes)) break;
    size += valueBytes(entry);
    count++;
  }
  return count;
}
