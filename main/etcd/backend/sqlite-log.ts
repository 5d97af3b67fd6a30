import { chmodSync, existsSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { LeaseRecord } from './backend.ts';
import { checkLogFiles, createLogFile, incompleteId, wholeId, writeAheadLogOf } from './log-files.ts';
import { readRedoFile, removeRedoFile } from './redo-file.ts';
import type { AppendBatch, LoadedPage, PackedRow, RedoState } from './sqlite-messages.ts';
import { WriteAheadFile } from './write-ahead-file.ts';
import { forgetWriteAheadSize } from './write-ahead-size.ts';

/** Rows of one page when loading: half a megabyte. */
const pageRows = 1000;
const pageBytes = 512 * 1024;
/** Pages of 4 KiB in the write-ahead log before it is moved into the file: rarer and longer than SQLite's 1,000. */
const checkpointPages = 4000;
/** Pages kept in memory: rows are added at the end and read once, at the start. */
const pageCacheKiB = 256;

export interface SqliteLogOptions {
  readonly path: string;
  /** The file does not grow beyond this: writes then fail as on a full disk, until compaction has made room. */
  readonly maxBytes: number;
  /** Goes on where a thread ended that had loaded the file: `load` is not called, and what was not reported saved is taken out. */
  readonly resume?: { readonly savedId: number; readonly leases: readonly LeaseRecord[]; readonly redo: RedoState };
  /** How the file is opened; tests give one whose disk fails. */
  readonly connect?: (path: string) => DatabaseSync;
  /** The same for its write-ahead log. */
  readonly openWriteAhead?: (path: string) => WriteAhead;
}

type WriteAhead = Pick<WriteAheadFile, 'flush' | 'makeRoom' | typeof Symbol.dispose>;

const schema = `
  CREATE TABLE IF NOT EXISTS log (
    id INTEGER PRIMARY KEY,
    revision INTEGER NOT NULL,
    key TEXT NOT NULL,
    create_revision INTEGER NOT NULL,
    version INTEGER NOT NULL,
    lease TEXT,
    value BLOB
  );
  CREATE TABLE IF NOT EXISTS lease (id TEXT PRIMARY KEY, ttl_seconds INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
`;
/** As long as a redo log is in use the file says 2, for the sake of programs that do not know of one. */
const schemaVersion = 1;
const redoVersion = 2;
const noRedo: RedoState = { id: 0, saved: 0 };

/**
 * The durable log on one SQLite database, synchronous: it runs in the SQLite thread. A version is one row, its id the order of writing;
 * a NULL value is a tombstone. The file is readable by its owner only and locked for as long as it is open.
 */
export class SqliteLog {
  readonly #options: SqliteLogOptions;
  #open: OpenDatabase | undefined;
  #loadedId = 0;
  /** What has been reported saved: the last row, all leases, and how far the redo log is taken over. */
  #savedId = 0;
  readonly #leases = new Map<string, LeaseRecord>();
  #redo = noRedo;

  /** Throws when the file cannot be opened, is damaged, is locked by another process, or is of a newer version. */
  constructor(options: SqliteLogOptions) {
    const { path } = options;
    this.#options = options;
    if (options.resume !== undefined) {
      this.#savedId = options.resume.savedId;
      this.#redo = options.resume.redo;
      for (const lease of options.resume.leases) this.#leases.set(lease.id, lease);
      return;
    }
    checkLogFiles(path);
    forgetClosedLog(path);
    createLogFile(path, (made) => openDatabase({ ...options, path: made }).db.close());
    chmodSync(path, 0o600);
    this.#open = openDatabase(options);
  }

  /** The next page of the log. Writes nothing before all that is in the file could be read; then come the writes of the redo log. */
  load(): LoadedPage {
    const { db } = this.#database();
    const statement = db.prepare(
      'SELECT id, revision, key, create_revision, version, lease, value FROM log WHERE id > ? ORDER BY id LIMIT ?',
    );
    const rows: PackedRow[] = [];
    const values: Uint8Array[] = [];
    let size = 0;
    for (const row of statement.iterate(this.#loadedId, pageRows)) {
      const value = row['value'] as Uint8Array | null;
      rows.push(packedRow(row));
      if (value !== null) values.push(value);
      size += value?.length ?? 0;
      if (size > pageBytes) break;
    }
    this.#savedId = this.#loadedId = rows.at(-1)?.rowId ?? this.#loadedId;
    if (rows.length > 0) return { rows, values: concat(values, size) };
    this.#loadLeases(db);
    if (this.#takeOverRedo(db)) return this.load();
    forgetWriteAheadSize(this.#options.path);
    mark(db);
    return {
      rows,
      values: new Uint8Array(0),
      end: {
        leases: [...this.#leases.values()],
        compactRevision: metaValue(db, 'compact_revision'),
      },
    };
  }

  #loadLeases(db: DatabaseSync): void {
    for (const lease of db.prepare('SELECT id, ttl_seconds FROM lease').all()) {
      const id = String(lease['id']);
      this.#leases.set(id, { id, ttlSeconds: Number(lease['ttl_seconds']) });
    }
  }

  /** Takes what a crash has left in the redo log into the file. Returns whether there was anything. */
  #takeOverRedo(db: DatabaseSync): boolean {
    this.#redo = { id: metaValue(db, 'redo_id'), saved: metaValue(db, 'redo_saved') };
    if (this.#redo.id === 0) return false;
    const records = readRedoFile(this.#options.path, this.#redo);
    this.append(records.map(({ batch }) => batch), noRedo);
    removeRedoFile(this.#options.path);
    return records.length > 0;
  }

  /** All of the batches or nothing; on the disk when it returns. */
  append(batches: readonly AppendBatch[], redo = this.#redo): void {
    this.#transaction((database) => {
      for (const batch of batches) insertBatch(database, batch);
      if (redo !== this.#redo) noteRedo(database, redo);
    });
    this.#redo = redo;
    for (const { rows, leasesGranted, leasesRevoked } of batches) {
      this.#savedId = rows.at(-1)?.rowId ?? this.#savedId;
      for (const lease of leasesGranted) this.#leases.set(lease.id, lease);
      for (const id of leasesRevoked) this.#leases.delete(id);
    }
  }

  /** What can be done for the next batch before it comes. */
  prepare(): void {
    this.#open?.writeAhead?.makeRoom();
  }

  noteCompaction(revision: number): void {
    this.#transaction(({ db }) => {
      setMeta(db, { compact_revision: revision });
    });
  }

  deleteRows(rowIds: readonly number[]): void {
    this.#transaction(({ remove }) => {
      for (const rowId of rowIds) remove.run(rowId);
    });
  }

  close(): void {
    this.#open?.writeAhead?.[Symbol.dispose]();
    this.#closeFiles(this.#open);
    this.#open = undefined;
  }

  /** SQLite moves the write-ahead log into the file and removes it. A disk that does not even let go of a name keeps that log, too. */
  #closeFiles(database: OpenDatabase | undefined): void {
    if (database === undefined) return;
    try {
      forgetWriteAheadSize(this.#options.path);
    } finally {
      database.db.close();
    }
  }

  #transaction(work: (database: OpenDatabase) => void): void {
    const database = this.#database();
    try {
      this.#commit(database, work);
    } catch (error) {
      this.#abandon(database);
      throw error;
    }
  }

  /**
   * After a failure nothing that SQLite holds in memory is trusted: after a failed fsync, what is on the disk may differ from it. The
   * next use opens the file anew and makes it what has been reported.
   */
  #abandon(database: OpenDatabase): void {
    const { db, writeAhead } = database;
    this.#open = undefined;
    writeAhead?.[Symbol.dispose]();
    try {
      if (db.isTransaction) db.exec('ROLLBACK');
      this.#closeFiles(database);
    } catch {
      // Closing rolls back too; the caller gets the error that came first.
    }
  }

  #database(): OpenDatabase {
    if (this.#open !== undefined) return this.#open;
    forgetClosedLog(this.#options.path);
    const opened = openDatabase(this.#options);
    try {
      this.#restore(opened);
    } catch (error) {
      this.#abandon(opened);
      throw error;
    }
    return (this.#open = opened);
  }

  /** Returns when the work is on the disk. */
  #commit(database: OpenDatabase, work: (database: OpenDatabase) => void): void {
    database.db.exec('BEGIN IMMEDIATE');
    work(database);
    database.db.exec('COMMIT');
    const { openWriteAhead = (path) => new WriteAheadFile(path) } = this.#options;
    database.writeAhead ??= openWriteAhead(this.#options.path);
    database.writeAhead.flush();
  }

  /**
   * A transaction whose fsync failed may be in the write-ahead log all the same, and comes back with it. It was reported failed, and
   * its revisions go to others, so it is taken out. The log itself is moved away first: the system may have dropped pages of it that it
   * could not write, and whatever follows them would not survive a power cut.
   */
  #restore(opened: OpenDatabase): void {
    forgetWriteAheadSize(this.#options.path);
    opened.db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.#commit(opened, (database) => {
      database.db.prepare('DELETE FROM log WHERE id > ?').run(this.#savedId);
      database.db.exec('DELETE FROM lease');
      for (const { id, ttlSeconds } of this.#leases.values()) database.grant.run(id, ttlSeconds);
      noteRedo(database, this.#redo);
    });
  }
}

/**
 * The file is told to be incomplete, and then, in its write-ahead log alone, to be whole. Whatever moves that log into the file, closing it
 * in any way included, takes the second along; so a file that is incomplete and has no log has lost it.
 */
function mark(db: DatabaseSync): void {
  db.exec(`PRAGMA application_id = ${incompleteId}; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA application_id = ${wholeId};`);
}

/**
 * The end of a thread closes the file, which moves the write-ahead log into it and removes it, but does not forget its size: before SQLite
 * makes an empty one, or that is told as a cut one if a crash comes next.
 */
function forgetClosedLog(path: string): void {
  if (!existsSync(writeAheadLogOf(path))) forgetWriteAheadSize(path);
}

interface OpenDatabase {
  readonly db: DatabaseSync;
  /** Since the first commit. */
  writeAhead?: WriteAhead;
  readonly insert: StatementSync;
  readonly remove: StatementSync;
  readonly grant: StatementSync;
  readonly revoke: StatementSync;
}

function openDatabase({ path, maxBytes, connect = (file) => new DatabaseSync(file) }: SqliteLogOptions): OpenDatabase {
  const db = connect(path);
  try {
    // Exclusive: a second process is refused, and no shared-memory file is needed. Normal: commits are flushed here, not by SQLite.
    db.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = ${checkpointPages}; PRAGMA cache_size = -${pageCacheKiB};`);
    const pageSize = Number(db.prepare('PRAGMA page_size').get()?.['page_size']);
    db.exec(`PRAGMA max_page_count = ${Math.ceil(maxBytes / pageSize)}`);
    const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
    if (version > redoVersion) throw new Error(`Cannot open "${path}": it is of version ${version}, this program reads up to ${redoVersion}`);
    if (version < schemaVersion) db.exec(`BEGIN IMMEDIATE; ${schema} PRAGMA user_version = ${schemaVersion}; COMMIT;`);
    return {
      db,
      insert: db.prepare('INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?)'),
      remove: db.prepare('DELETE FROM log WHERE id = ?'),
      grant: db.prepare('INSERT OR REPLACE INTO lease VALUES (?, ?)'),
      revoke: db.prepare('DELETE FROM lease WHERE id = ?'),
    };
  } catch (error) {
    db.close();
    throw error;
  }
}

function insertBatch({ insert, grant, revoke }: OpenDatabase, batch: AppendBatch): void {
  let offset = 0;
  for (const { rowId, revision, key, createRevision, version, lease, length } of batch.rows) {
    const value = length < 0 ? null : batch.values.subarray(offset, offset + length);
    offset += Math.max(length, 0);
    insert.run(rowId, revision, key, createRevision, version, lease, value);
  }
  for (const { id, ttlSeconds } of batch.leasesGranted) grant.run(id, ttlSeconds);
  for (const id of batch.leasesRevoked) revoke.run(id);
}

function noteRedo({ db }: OpenDatabase, { id, saved }: RedoState): void {
  if (metaValue(db, 'redo_id') !== id) db.exec(`PRAGMA user_version = ${id === 0 ? schemaVersion : redoVersion}`);
  setMeta(db, { redo_id: id, redo_saved: saved });
}

function metaValue(db: DatabaseSync, name: string): number {
  return Number(db.prepare('SELECT value FROM meta WHERE name = ?').get(name)?.['value'] ?? 0);
}

function setMeta(db: DatabaseSync, values: Readonly<Record<string, number>>): void {
  const statement = db.prepare('INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value');
  for (const [name, value] of Object.entries(values)) statement.run(name, value);
}

function packedRow(row: Record<string, unknown>): PackedRow {
  const value = row['value'] as Uint8Array | null;
  return {
    rowId: Number(row['id']),
    revision: Number(row['revision']),
    key: String(row['key']),
    createRevision: Number(row['create_revision']),
    version: Number(row['version']),
    lease: row['lease'] === null ? null : String(row['lease']),
    length: value?.length ?? -1,
  };
}

function concat(values: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(size);
  let offset = 0;
  for (const value of values) {
    all.set(value, offset);
    offset += value.length;
  }
  return all;
}
