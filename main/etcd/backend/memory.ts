import { StoreUnavailableError } from '../store.ts';
import type { Backend, LeaseRecord, LoadedLog, LogEntry } from './backend.ts';
import type { Row } from '../mvcc/evaluate-txn.ts';
import type { Revision } from '../store.ts';

/** Where a MemoryBackend keeps its log: hand the same one to a second backend to see what a restart would find. */
export class MemoryLog {
  readonly rows = new Map<number, Row>();
  readonly leases = new Map<string, LeaseRecord>();
  compactRevision: Revision = 0;
}

/** A log that is durable as long as its MemoryLog lives. Batches like a disk does: what is appended in one turn is done together. */
export class MemoryBackend implements Backend {
  readonly #log: MemoryLog | undefined;
  #failure: Error | undefined;
  #closed = false;
  #pending: { readonly entry: LogEntry; readonly done: (error?: Error) => void }[] = [];

  /** Without a log nothing is kept beyond what the store itself holds. */
  constructor(log?: MemoryLog) {
    this.#log = log;
  }

  /** Until called without an argument, every append fails with this error: a full disk. */
  failWith(failure?: Error): void {
    this.#failure = failure;
  }

  async load(): Promise<LoadedLog> {
    const log = this.#log ?? new MemoryLog();
    return { rows: [...log.rows.values()], leases: [...log.leases.values()], compactRevision: log.compactRevision };
  }

  append(entry: LogEntry, done: (error?: Error) => void): void {
    this.#pending.push({ entry, done });
    if (this.#pending.length === 1) queueMicrotask(() => this.#flush());
  }

  async compact(revision: Revision, rowIds: readonly number[]): Promise<void> {
    if (this.#log === undefined) return;
    this.#log.compactRevision = revision;
    for (const rowId of rowIds) this.#log.rows.delete(rowId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
  }

  #flush(): void {
    const flushed = this.#pending;
    this.#pending = [];
    const failure = this.#closed ? new StoreUnavailableError('closed', 'the store is closed') : this.#failure;
    for (const { entry, done } of flushed) {
      if (failure === undefined) this.#keep(entry);
      done(failure);
    }
  }

  #keep(entry: LogEntry): void {
    if (this.#log === undefined) return;
    for (const row of entry.rows) this.#log.rows.set(row.rowId, row);
    for (const lease of entry.leasesGranted ?? []) this.#log.leases.set(lease.id, lease);
    for (const id of entry.leasesRevoked ?? []) this.#log.leases.delete(id);
  }
}
