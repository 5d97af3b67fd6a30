import { closeSync, fdatasyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { syncDirectory } from './sync-directory.ts';

/** Digits of the file: always as many, so that a new number overwrites the old one whole. */
const digits = 16;

/**
 * How long the write-ahead log has become, in a small file beside it. No crash shortens a file that was flushed at that length, so a shorter
 * log has been cut by somebody, and what it held is lost; SQLite would take it for a log whose last writes never were.
 *
 *     state.db-wal        ██████████░░░░░░   16 MiB, of which 10 are in use
 *     state.db-wal-size   0000000016777216
 *
 * The number is written after the log has been lengthened and flushed, and removed before it is shortened.
 */
export class WriteAheadSize implements Disposable {
  readonly #path: string;
  #fd: number | undefined;

  constructor(databasePath: string) {
    this.#path = pathOf(databasePath);
  }

  /** Returns when the number is on the disk. */
  note(bytes: number): void {
    const isNew = this.#fd === undefined;
    this.#fd ??= openSync(this.#path, 'w', 0o600);
    writeSync(this.#fd, String(bytes).padStart(digits, '0'), 0);
    fdatasyncSync(this.#fd);
    if (isNew) syncDirectory(dirname(this.#path));
  }

  [Symbol.dispose](): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

/** The log is about to be shortened. Returns when the number is gone from the disk. */
export function forgetWriteAheadSize(databasePath: string): void {
  rmSync(pathOf(databasePath), { force: true });
  syncDirectory(dirname(databasePath));
}

/** Bytes; 0 when nothing is noted. */
export function notedWriteAheadSize(databasePath: string): number {
  try {
    const text = readFileSync(pathOf(databasePath), 'latin1');
    return new RegExp(`^\\d{${digits}}$`).test(text) ? Number(text) : 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

export const writeAheadSizeName = (databasePath: string): string => basename(pathOf(databasePath));

function pathOf(databasePath: string): string {
  return `${databasePath}-wal-size`;
}
