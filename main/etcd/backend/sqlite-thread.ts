import { Worker } from 'node:worker_threads';
import { StoreUnavailableError } from '../store.ts';
import type { SqliteLogOptions } from './sqlite-log.ts';
import type { SqliteFailure, SqliteReply, SqliteRequest } from './sqlite-messages.ts';

export interface SqliteThreadOptions {
  readonly path: string;
  readonly maxBytes: number;
  readonly script: URL;
  /** Where another thread goes on when one has died; undefined before all is loaded. */
  readonly resume: () => SqliteLogOptions['resume'];
  /** Called before the request under way is answered as failed; nothing else is told of it when none is. */
  readonly onDeath: (cause: unknown) => void;
}

/**
 * The thread that SQLite runs in: one request at a time. It is started with the first request, and again with the next one after it has
 * died, when it makes the file what has been reported (SqliteLog).
 */
export class SqliteThread {
  readonly #options: SqliteThreadOptions;
  /** undefined between the death of one and the next request. */
  #worker: Worker | undefined;
  #exited: Promise<void> = Promise.resolve();
  #onReply: ((reply: SqliteReply) => void) | undefined;
  #isClosing = false;

  constructor(options: SqliteThreadOptions) {
    this.#options = options;
    this.#start();
  }

  get isBusy(): boolean {
    return this.#onReply !== undefined;
  }
  get isAlive(): boolean {
    return this.#worker !== undefined;
  }
  /** Resolves when no thread runs. */
  get exited(): Promise<void> {
    return this.#exited;
  }

  /** Only when it is not busy. Calls onReply exactly once, never synchronously. */
  send(request: SqliteRequest, { transfer = [], onReply }: { readonly transfer?: readonly ArrayBuffer[]; readonly onReply: (reply: SqliteReply) => void }): void {
    this.#onReply = onReply;
    if (request.type === 'close') this.#isClosing = true;
    (this.#worker ?? this.#start()).postMessage(request, transfer);
  }

  #start(): Worker {
    const { path, maxBytes, script, resume } = this.#options;
    const from = resume();
    const workerData: SqliteLogOptions = { path, maxBytes, ...(from === undefined ? {} : { resume: from }) };
    // The thread's garbage is short-lived: a small young generation costs nothing and saves tens of megabytes.
    const worker = new Worker(script, { workerData, name: 'etcd', resourceLimits: { maxYoungGenerationSizeMb: 4 } });
    let cause: unknown;
    worker.on('message', (reply: SqliteReply) => this.#reply(reply));
    worker.on('error', (error) => (cause = error));
    this.#exited = new Promise((resolve) => worker.once('exit', (code) => {
      this.#onExit(cause ?? new Error(`it exited with code ${code}`));
      resolve();
    }));
    return (this.#worker = worker);
  }

  #onExit(cause: unknown): void {
    this.#worker = undefined;
    if (this.#isClosing && this.#onReply === undefined) return;
    this.#options.onDeath(cause);
    this.#reply({ type: 'failed', error: { message: 'the SQLite thread has ended' } });
  }

  #reply(reply: SqliteReply): void {
    const onReply = this.#onReply;
    this.#onReply = undefined;
    onReply?.(reply);
  }
}

/** https://www.sqlite.org/rescode.html */
export function unavailable({ code, message }: SqliteFailure, path: string): StoreUnavailableError {
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
