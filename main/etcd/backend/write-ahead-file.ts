import { closeSync, fdatasyncSync, fstatSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncDirectory } from './sync-directory.ts';
import { WriteAheadSize } from './write-ahead-size.ts';

/** A write-ahead log grows by this much at a time: a few hundred small transactions. */
const stepBytes = 1024 * 1024;

/**
 * SQLite's write-ahead log as a file to be flushed. It is lengthened ahead of use, so that a commit overwrites blocks that are there
 * already, which the file system need not note down: a flush takes 0.16 ms where it took 0.25 to 0.34 (ext4). SQLite reads a log up to the
 * first frame that is not of its making, so zeros at the end mean nothing to it. Flushed is with fdatasync, which on macOS reaches the
 * drive itself; SQLite's own fsync does not there.
 *
 * SQLite itself must run with `synchronous = NORMAL`, where it flushes around checkpoints only.
 */
export class WriteAheadFile implements Disposable {
  readonly #fd: number;
  readonly #noted: WriteAheadSize;
  /** The length of the file when it was last looked at, bytes. */
  #size = 0;

  /** Throws when the file is not there; SQLite makes it with the first transaction. */
  constructor(databasePath: string) {
    this.#fd = openSync(`${databasePath}-wal`, 'r+');
    this.#noted = new WriteAheadSize(databasePath);
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
      this.#noted.note(this.#size);
    } catch {
      // A disk that has no room for a megabyte may have some for the next commit, which tells of what is wrong with it.
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
    this.#noted[Symbol.dispose]();
  }
}
