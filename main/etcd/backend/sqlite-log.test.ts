import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SqliteLog } from './sqlite-log.ts';
import type { AppendBatch, LoadedPage } from './sqlite-messages.ts';
import { WriteAheadFile } from './write-ahead-file.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coracle-log-'));
  path = join(directory, 'state.db');
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A disk that fails while `failing`, when SQLite commits or when the commit is flushed: it has reached the file, and is reported as failed. */
class FailingDisk {
  failing = false;
  readonly #at: 'commit' | 'flush';
  constructor(at: 'commit' | 'flush') {
    this.#at = at;
  }

  readonly connect = (file: string): DatabaseSync => {
    const db = new DatabaseSync(file);
    const exec = db.exec.bind(db);
    const close = db.close.bind(db);
    db.exec = (sql) => {
      exec(sql);
      if (sql === 'COMMIT' && this.#at === 'commit') this.#check();
    };
    db.close = () => {
      close();
      this.#check();
    };
    return db;
  };

  readonly openWriteAhead = (file: string): WriteAheadFile => {
    const opened = new WriteAheadFile(file);
    const flush = opened.flush.bind(opened);
    opened.flush = () => {
      flush();
      if (this.#at === 'flush') this.#check();
    };
    return opened;
  };

  #check(): void {
    if (this.failing) throw Object.assign(new Error('disk I/O error'), { errcode: 10 });
  }
}

function batch(keys: readonly string[], { firstRowId, revision, granted = [], revoked = [] }: { firstRowId: number; revision: number; granted?: string[]; revoked?: string[] }): AppendBatch {
  const rows = keys.map((key, index) => ({ rowId: firstRowId + index, revision: revision + index, key, createRevision: revision + index, version: 1, lease: null, length: 1 }));
  return { rows, values: new Uint8Array(keys.length), leasesGranted: granted.map((id) => ({ id, ttlSeconds: 60 })), leasesRevoked: revoked };
}

function everything(log: SqliteLog): { rows: LoadedPage['rows']; leases: string[] } {
  const rows: LoadedPage['rows'][number][] = [];
  for (;;) {
    const page = log.load();
    rows.push(...page.rows);
    if (page.end) return { rows, leases: page.end.leases.map(({ id }) => id) };
  }
}

function reopened(): ReturnType<typeof everything> {
  const log = new SqliteLog({ path, maxBytes: 1e9 });
  try {
    return everything(log);
  } finally {
    log.close();
  }
}

test.each(['commit', 'flush'] as const)('a transaction whose %s was reported failed does not come back with the log', (at) => {
  const disk = new FailingDisk(at);
  const log = new SqliteLog({ path, maxBytes: 1e9, ...disk });
  everything(log);
  log.append([batch(['/a'], { firstRowId: 1, revision: 2, granted: ['lease'] })]);
  disk.failing = true;
  expect(() => log.append([batch(['/b', '/c'], { firstRowId: 2, revision: 3, granted: ['other'], revoked: ['lease'] })])).toThrow('disk I/O error');
  expect(() => log.append([batch(['/b'], { firstRowId: 4, revision: 3 })])).toThrow('disk I/O error');
  disk.failing = false;
  log.append([batch(['/d'], { firstRowId: 5, revision: 3 })]);
  log.close();
  const { rows, leases } = reopened();
  expect(rows.map(({ key, revision }) => `${key} ${revision}`)).toEqual(['/a 2', '/d 3']);
  expect(leases).toEqual(['lease']);
});

test.each(['commit', 'flush'] as const)('a failed %s before anything was written leaves an empty log', (at) => {
  const disk = new FailingDisk(at);
  const log = new SqliteLog({ path, maxBytes: 1e9, ...disk });
  everything(log);
  disk.failing = true;
  expect(() => log.append([batch(['/a'], { firstRowId: 1, revision: 2 })])).toThrow('disk I/O error');
  disk.failing = false;
  log.noteCompaction(1);
  log.close();
  expect(reopened().rows).toEqual([]);
});

test('room laid out ahead in the write-ahead log is no part of the log', () => {
  const log = new SqliteLog({ path, maxBytes: 1e9 });
  everything(log);
  for (let i = 1; i <= 400; i++) {
    log.append([batch([`/${i}`], { firstRowId: i, revision: i + 1 })]);
    log.prepare();
  }
  // As kill -9 leaves it.
  const image = join(directory, 'image.db');
  for (const suffix of ['', '-wal']) copyFileSync(path + suffix, image + suffix);
  expect(readFileSync(`${image}-wal`).subarray(-4096).every((byte) => byte === 0)).toBe(true);
  log.close();
  path = image;
  expect(reopened().rows.map(({ key }) => key)).toEqual(Array.from({ length: 400 }, (_, i) => `/${i + 1}`));
});

test('a crash in any moment of a second thread that goes on for one that has died leaves what was written', () => {
  const opened: DatabaseSync[] = [];
  const first = new SqliteLog({ path, maxBytes: 1e9, connect: (file) => (opened.push(new DatabaseSync(file)), opened.at(-1)!) });
  everything(first);
  first.append([batch(['/a'], { firstRowId: 1, revision: 2 })]);
  first.prepare();
  // The end of its thread closes the file, and that is all.
  for (const db of opened) if (db.isOpen) db.close();
  const images: string[] = [];
  const photograph = (): void => {
    const image = join(directory, `image-${images.length}.db`);
    for (const suffix of ['', '-wal', '-wal-size']) if (existsSync(path + suffix)) copyFileSync(path + suffix, image + suffix);
    images.push(image);
  };
  photograph();
  const connect = (file: string): DatabaseSync => {
    const db = new DatabaseSync(file);
    const exec = db.exec.bind(db);
    db.exec = (sql) => {
      exec(sql);
      photograph();
    };
    return db;
  };
  const second = new SqliteLog({ path, maxBytes: 1e9, connect, resume: { savedId: 1, leases: [], redo: { id: 0, saved: 0 } } });
  second.append([batch(['/b'], { firstRowId: 2, revision: 3 })]);
  second.close();
  expect(images.length).toBeGreaterThan(4);
  for (const image of images) {
    path = image;
    expect(reopened().rows.map(({ key }) => key).slice(0, 1)).toEqual(['/a']);
  }
});
