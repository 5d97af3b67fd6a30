import type { LogEntry } from './backend.ts';
import { FlushPace } from './flush-pace.ts';
import { pack, valueBytes } from './packed-rows.ts';
import { RedoFile } from './redo-file.ts';
import type { AppendBatch, RedoState } from './sqlite-messages.ts';

/** When this much waits to be saved, it is time. */
const saveBytes = 128 * 1024;
/** What rows take beside their values, roughly. */
const rowBytes = 300;

export type CreateRedoFile = (databasePath: string) => Promise<RedoFile>;

/**
 * Writes that are durable before SQLite has them: the file they are in, and the batches themselves until they are saved. When the file
 * fails, or none could be made, it takes no more, and what waits is still to be saved.
 */
export class RedoLog implements Disposable {
  readonly #create: CreateRedoFile;
  readonly #isPatient: boolean;
  #file: RedoFile | undefined;
  readonly #pace = new FlushPace();
  #unsaved: { readonly batch: AppendBatch; readonly number: number; readonly bytes: number }[] = [];
  #unsavedBytes = 0;
  /** What SQLite was last told. */
  #told: RedoState = { id: 0, saved: 0 };
  /**
   * SQLite's last transaction failed. It may be in its file all the same, where only the next one takes it out; and there may be no room
   * for what is here. Until one succeeds nothing is added.
   */
  #isStuck = false;

  /** `isPatient`: waits for the disk however slow it is. */
  constructor({ create = (path) => RedoFile.create(path), isPatient }: { readonly create?: CreateRedoFile | undefined; readonly isPatient: boolean }) {
    this.#create = create;
    this.#isPatient = isPatient;
  }

  /** Resolves when there is a file, which SQLite must be told of (`state`) before it is used. Rejects when the disk lets none be made. */
  async open(path: string): Promise<void> {
    this.#file = await this.#create(path);
  }

  get isOpen(): boolean {
    return this.#file !== undefined;
  }
  get unsaved(): readonly AppendBatch[] {
    return this.#unsaved.map(({ batch }) => batch);
  }
  get isEmpty(): boolean {
    return this.#unsaved.length === 0;
  }
  get isSaveDue(): boolean {
    return this.#unsavedBytes >= saveBytes && !this.#isStuck;
  }

  /** What SQLite must note when it saves all that is unsaved now; undefined when it knows. */
  get state(): RedoState | undefined {
    const { id, number } = this.#file ?? { id: 0, number: 0 };
    return this.#told.id === id && this.#told.saved === number ? undefined : { id, saved: number };
  }
  /** What SQLite was last told and has acknowledged. */
  get told(): RedoState {
    return this.#told;
  }

  /** Returns true when the entries are on the disk; false when they must take the other way, and nothing has come of it. */
  append(entries: readonly LogEntry[]): boolean {
    const file = this.#file;
    if (file === undefined || this.#isStuck || this.#told.id !== file.id) return false;
    let bytes = 0;
    for (const entry of entries) bytes += valueBytes(entry) + entry.rows.length * rowBytes;
    const startMs = performance.now();
    if (!file.hasRoomFor(bytes) || !(this.#isPatient || this.#pace.isQuick(startMs))) return false;
    const batch = pack(entries);
    const number = this.#write(file, batch);
    const nowMs = performance.now();
    this.#pace.note({ tookMs: nowMs - startMs, nowMs });
    if (number === undefined) return false;
    this.#unsaved.push({ batch, number, bytes });
    this.#unsavedBytes += bytes;
    return true;
  }

  /** SQLite has the first `count` of the unsaved batches, and this state. */
  saved(count: number, state: RedoState | undefined): void {
    for (const { bytes } of this.#unsaved.splice(0, count)) this.#unsavedBytes -= bytes;
    if (state !== undefined) this.#told = state;
    this.#isStuck = false;
    if (this.#file !== undefined && this.#told.id === this.#file.id) this.#file.saved(this.#told.saved);
  }

  sqliteFailed(): void {
    this.#isStuck = true;
  }

  /** Takes no more. What waits is in the file still, until SQLite has it and is told that no file is in use. */
  abandon(): void {
    this.#file?.[Symbol.dispose]();
    this.#file = undefined;
  }

  [Symbol.dispose](): void {
    this.abandon();
  }

  #write(file: RedoFile, batch: AppendBatch): number | undefined {
    try {
      return file.append(batch);
    } catch {
      // The record may be there or not, and so may what follows it. SQLite gets this write, and tells the user when it cannot write either.
      this.abandon();
      return undefined;
    }
  }
}
