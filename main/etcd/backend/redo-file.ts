import { randomInt } from 'node:crypto';
import { closeSync, fdatasyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { damaged } from './log-files.ts';
import { type RedoRecord, decodeRecord, encodeRecord } from './redo-record.ts';
import type { AppendBatch } from './sqlite-messages.ts';
import { syncDirectory } from './sync-directory.ts';

/** Room for one half: a few hundred writes of a kilobyte, which SQLite takes over in some 10 ms. */
const halfBytes = 1024 * 1024;
const headerBytes = 4096;
const fileBytes = headerBytes + 2 * halfBytes;
const signature = 'coracle redo 1\n';

/** Not `-journal`: SQLite would take that name for its own. */
export const redoFileOf = (databasePath: string): string => `${databasePath}-redo`;

/**
 * Writes that are on the disk and not yet in SQLite's file. Its owner writes here itself and need not wait for another thread, which takes
 * the writes over later, many at a time; after a crash they are read from here (a redo log, as databases have).
 *
 *     header │ 7 8 9 · · · · · │ 3 4 5 6 · · ·      two halves, laid out before use: a flush has no new blocks to note
 *                    ↑ next
 *
 * Records are numbered without gaps. A half is begun anew when all of its records are in SQLite (`saved`); what is left of them there
 * has lower numbers than SQLite's own, and is not looked at.
 */
export class RedoFile implements Disposable {
  /** Told to SQLite before the first record: a log of another id is not this one. */
  readonly id: number;
  readonly #fd: number;
  #half = 0;
  #offset = headerBytes;
  #number = 0;
  #saved = 0;
  /** The last record in each half. */
  readonly #lastIn = [0, 0];

  private constructor({ fd, id }: { readonly fd: number; readonly id: number }) {
    this.#fd = fd;
    this.id = id;
  }

  /** An empty log in the place of any other: only when SQLite says that none is in use. It is on the disk when the promise resolves. */
  static async create(databasePath: string): Promise<RedoFile> {
    const path = redoFileOf(databasePath);
    const id = randomInt(1, 2 ** 48 - 1);
    const bytes = Buffer.alloc(fileBytes);
    bytes.write(signature);
    bytes.writeDoubleLE(id, signature.length);
    const file = await open(`${path}.new`, 'w+', 0o600);
    try {
      await file.write(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    renameSync(`${path}.new`, path);
    syncDirectory(dirname(path));
    return new RedoFile({ fd: openSync(path, 'r+'), id });
  }

  /** The number of the newest record, one whose writing failed included. */
  get number(): number {
    return this.#number;
  }

  /** Whether a record of about this many bytes has a place. */
  hasRoomFor(bytes: number): boolean {
    return this.#fits(bytes) || (bytes <= halfBytes && this.#saved >= this.#lastIn[1 - this.#half]!);
  }

  /**
   * Returns the record's number when it is on the disk; undefined when there is no room. Throws when the disk fails: the record may be
   * there all the same, and nothing more may be written here.
   */
  append(batch: AppendBatch): number | undefined {
    const number = this.#number + 1;
    const record = encodeRecord({ logId: this.id, number, batch });
    if (!this.hasRoomFor(record.length)) return undefined;
    if (!this.#fits(record.length)) {
      this.#half = 1 - this.#half;
      this.#offset = headerBytes + this.#half * halfBytes;
    }
    this.#number = this.#lastIn[this.#half] = number;
    for (let written = 0; written < record.length; ) written += writeSync(this.#fd, record, written, record.length - written, this.#offset + written);
    fdatasyncSync(this.#fd);
    this.#offset += record.length;
    return number;
  }

  /** All records up to this one are in SQLite's file, and flushed there. */
  saved(number: number): void {
    this.#saved = number;
  }

  #fits(bytes: number): boolean {
    return this.#offset + bytes <= headerBytes + (this.#half + 1) * halfBytes;
  }

  /** The file stays. */
  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

/**
 * The records after `saved`, in order. An empty file holds none: so a user says that its writes may be lost. Throws when the file is not
 * what a crash leaves.
 */
export function readRedoFile(databasePath: string, { id, saved }: { readonly id: number; readonly saved: number }): readonly RedoRecord[] {
  const bytes = read(databasePath);
  if (bytes.length === 0) return [];
  if (bytes.length !== fileBytes) throw unreadable(databasePath, `was cut to ${bytes.length} of ${fileBytes} bytes`);
  if (bytes.toString('latin1', 0, signature.length) !== signature || bytes.readDoubleLE(signature.length) !== id) throw unreadable(databasePath, 'is not the one of this store');
  const records: RedoRecord[] = [];
  for (const half of [0, 1]) {
    const start = headerBytes + half * halfBytes;
    const content = bytes.subarray(0, start + halfBytes);
    for (let found = decodeRecord(content, { offset: start, logId: id }); found !== undefined; found = decodeRecord(content, { offset: found.end, logId: id })) {
      if (found.record.number > saved) records.push(found.record);
    }
  }
  records.sort((a, b) => a.number - b.number);
  if (records.some(({ number }, index) => number !== saved + 1 + index)) throw unreadable(databasePath, 'has a gap');
  return records;
}

export function removeRedoFile(databasePath: string): void {
  rmSync(redoFileOf(databasePath), { force: true });
}

function read(databasePath: string): Buffer {
  try {
    return readFileSync(redoFileOf(databasePath));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw unreadable(databasePath, 'is missing');
    throw error;
  }
}

const unreadable = (databasePath: string, what: string): Error => damaged(`its redo log "${basename(redoFileOf(databasePath))}" ${what}; an empty file of that name starts without the writes that it held`);
