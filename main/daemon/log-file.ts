import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';

/** Weeks of an ordinary cluster; with the file before it, no more than twice this is on the disk. */
const defaultMaxBytes = 10 * 1024 ** 2;

export interface LogFileOptions {
  readonly path: string;
  /** A file that would grow above it is put aside as `<name>.1.log`, in place of the one before. */
  readonly maxBytes?: number;
  /** How bytes reach the file; tests give one whose disk is full. */
  readonly write?: (file: number, bytes: Uint8Array) => number;
}

/**
 * Where the daemon's log goes. Never throws: a full disk must not end the daemon that says so. Lines that cannot be written are lost and
 * counted, and the next one that can be is preceded by their number. Synchronous, so that the last words before a crash are there too.
 */
export class LogFile implements Disposable {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #write: (file: number, bytes: Uint8Array) => number;
  #file: number | undefined;
  #sizeBytes = 0;
  #lost = 0;
  /** The file ends within a line. */
  #torn = false;

  constructor({ path, maxBytes = defaultMaxBytes, write = writeSync }: LogFileOptions) {
    this.#path = path;
    this.#maxBytes = maxBytes;
    this.#write = write;
  }

  /** Appends whole lines. */
  write(text: string): void {
    const bytes = Buffer.from(`${this.#torn ? '\n' : ''}${this.#lost > 0 ? lostLine(this.#lost) : ''}${text}`);
    try {
      const file = this.#openFor(bytes.length);
      for (let written = 0; written < bytes.length; ) {
        written += this.#write(file, bytes.subarray(written));
        this.#torn = written < bytes.length;
      }
      this.#sizeBytes += bytes.length;
      this.#lost = 0;
    } catch {
      this.#lost += 1;
    }
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #openFor(sizeBytes: number): number {
    if (this.#file === undefined) this.#open();
    if (this.#sizeBytes > 0 && this.#sizeBytes + sizeBytes > this.#maxBytes) this.#putAside();
    return this.#file!;
  }

  #open(): void {
    this.#file = openSync(this.#path, 'a', 0o600);
    this.#sizeBytes = fstatSync(this.#file).size;
  }

  #putAside(): void {
    const extension = extname(this.#path);
    renameSync(this.#path, join(dirname(this.#path), `${basename(this.#path, extension)}.1${extension}`));
    this[Symbol.dispose]();
    this.#torn = false;
    this.#open();
  }
}

function lostLine(count: number): string {
  return `${JSON.stringify({ level: 'warn', message: 'lines of the log are lost: it could not be written', count })}\n`;
}
