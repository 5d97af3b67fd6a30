import { closeSync, fdatasyncSync, fstatSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncDirectory } from './sync-directory.ts';

/** A write-ahead log grows by this much at a time: a few hundred small transactions. */
const stepBytes = 1024 * 1024;

/**
 * SQLite's write-ahead log as a file to be flushed. Node's SQLite flushes with fsync, which writes the file's times and its new length
 * into the file system's journal with each commit; here fdatasync flushes what a reader needs, and the file is lengthened ahead of use,
 * so that a commit overwrites blocks that are there already: two thirds less waiting on ext4. SQLite reads a log up to the first frame
 * that is not of its making, so zeros at the end mean nothing to it.
 *
 * SQLite itself must run with `synchronous = NORMAL`, where it flushes around checkpoints only.
 */
export class WriteAheadFile implements Disposable {
  readonly #fd: number;
  /** The length of the file when it was last looked at, bytes. */
  #size = 0;

  /** Throws when the file is not there; SQLite makes it with the first transaction. */
  constructor(databasePath: string) {
    this.#fd = openSync(`${databasePath}-wal`, 'r+');
    syncDirectory(dirname(databasePath));
  }

  /** Returns when all that SQLite has committed is on the disk. Throws when the disk says that it is not. */
  flush(): void {
    fdatasyncSync(this.#fd);
  }

  /** Makes room for what comes, when the last commit found none. To be called while nobody waits. */
  makeRoom(): void {
    try {
      const { size } = fstatSync(this.#fd);
      if (size === this.#size) return;
      this.#size = size;
      const written = writeSync(this.#fd, new Uint8Array(stepBytes), 0, stepBytes, size);
      fdatasyncSync(this.#fd);
      this.#size = size + written;
    } catch {
      // A disk that has no room for a megabyte may have some for the next commit, which tells of what is wrong with it.
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}
