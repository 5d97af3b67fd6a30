import { open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { AuditMode } from './audit-options.ts';
import type { AuditSink } from './auditor.ts';

export interface AuditLogOptions {
  readonly path: string;
  /** A file that would grow above it is put aside. Default 100, as upstream's --audit-log-maxsize. 0: never. */
  readonly maxSizeMB?: number;
  /** Files kept besides the present one. 0 or absent: all. */
  readonly maxBackups?: number;
  /** Files put aside are removed after this. 0 or absent: never. */
  readonly maxAgeDays?: number;
  /** Default `batch`: requests wait for nothing. Upstream: --audit-log-mode. */
  readonly mode?: AuditMode;
  readonly clock: Clock;
  readonly reportError: (error: unknown) => void;
}

const MB = 1024 * 1024;
/** Events that wait for the disk: above it new ones are lost, and counted. */
const MAX_WAITING_BYTES = 64 * MB;
/** Events of this time are written together: the disk is asked ten times a second at most. */
const FLUSH_MS = 100;
const DAY_MS = 86_400_000;

/** Lines of JSON in a file of mode 0600, written in batches behind the requests' back; rotated as lumberjack does for upstream. */
export class AuditLog implements AuditSink {
  readonly plugin = 'log';
  readonly #options: AuditLogOptions;
  #file: FileHandle;
  #sizeBytes: number;
  #waiting: string[] = [];
  #waitingBytes = 0;
  /** Whoever waits for the lines that wait. */
  #waiters: ((written: boolean) => void)[] = [];
  #timer: Disposable | undefined;
  #writing: Promise<void> = Promise.resolve();
  lost = 0;

  private constructor(options: AuditLogOptions, file: FileHandle, sizeBytes: number) {
    this.#options = options;
    this.#file = file;
    this.#sizeBytes = sizeBytes;
  }

  /** Rejects when the file cannot be opened for writing. */
  static async open(options: AuditLogOptions): Promise<AuditLog> {
    const file = await open(options.path, 'a', 0o600);
    await file.chmod(0o600);
    return new AuditLog(options, file, (await file.stat()).size);
  }

  write(line: string): Promise<boolean> | undefined {
    const { mode = 'batch', clock } = this.#options;
    if (this.#waitingBytes + line.length > MAX_WAITING_BYTES) {
      this.lost++;
      return mode === 'blocking-strict' ? Promise.resolve(false) : undefined;
    }
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    if (mode !== 'batch') return this.#written();
    this.#timer ??= clock.setTimer(FLUSH_MS, () => this.#flush());
    return undefined;
  }

  /** What comes in the same turn of the event loop, or while the disk is busy, is written together. */
  #written(): Promise<boolean> {
    const { mode } = this.#options;
    return new Promise((resolve) => {
      this.#waiters.push((written) => resolve(written || mode !== 'blocking-strict'));
      this.#flush();
    });
  }

  /** Resolves when what has been handed to the disk is there. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  /** Writes what waits. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    this.#flush();
    await this.#writing;
    await this.#file.close();
  }

  #flush(): void {
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#writeWaiting());
  }

  async #writeWaiting(): Promise<void> {
    const [lines, waiters] = [this.#waiting, this.#waiters];
    if (lines.length === 0) return;
    this.#waiting = [];
    this.#waiters = [];
    const written = await this.#append(lines);
    for (const line of lines) this.#waitingBytes -= line.length;
    for (const done of waiters) done(written);
  }

  async #append(lines: readonly string[]): Promise<boolean> {
    const batch = Buffer.from(`${lines.join('\n')}\n`);
    const { maxSizeMB = 100 } = this.#options;
    try {
      if (maxSizeMB > 0 && this.#sizeBytes > 0 && this.#sizeBytes + batch.length > maxSizeMB * MB) await this.#rotate();
      await this.#file.appendFile(batch);
      this.#sizeBytes += batch.length;
      return true;
    } catch (error) {
      this.lost += lines.length;
      // A disk that filled up in the middle of a line.
      await this.#file.truncate(this.#sizeBytes).catch(() => undefined);
      this.#options.reportError(error);
      return false;
    }
  }

  async #rotate(): Promise<void> {
    const { path, clock } = this.#options;
    const extension = extname(path);
    const stem = path.slice(0, path.length - extension.length);
    // The present file stays open until there is a new one: what cannot be put aside is tried again with the next batch.
    await rename(path, `${stem}-${new Date(clock.now()).toISOString().replace('Z', '').replaceAll(':', '-')}${extension}`).catch(unlessGone);
    const full = this.#file;
    this.#file = await open(path, 'a', 0o600);
    this.#sizeBytes = 0;
    await full.close();
    await this.#removeOld();
  }

  async #removeOld(): Promise<void> {
    const { path, maxBackups = 0, maxAgeDays = 0, clock } = this.#options;
    const [directory, extension] = [dirname(path), extname(path)];
    const prefix = `${basename(path, extension)}-`;
    // The names sort by time.
    const backups = (await readdir(directory)).filter((name) => name.startsWith(prefix) && name.endsWith(extension)).sort().reverse();
    for (const [index, name] of backups.entries()) {
      const file = join(directory, name);
      const isOld = maxAgeDays > 0 && clock.now() - (await stat(file)).mtimeMs > maxAgeDays * DAY_MS;
      if (isOld || (maxBackups > 0 && index >= maxBackups)) await rm(file, { force: true });
    }
  }
}

/** An earlier attempt has put it aside. */
function unlessGone(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
