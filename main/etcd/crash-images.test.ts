import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../kube/apimachinery/virtual-clock.ts';
import type { Backend, LoadedLog, LogEntry } from './backend/backend.ts';
import { SqliteLog } from './backend/sqlite-log.ts';
import { unpack } from './backend/packed-rows.ts';
import { MvccStore } from './mvcc-store.ts';
import type { Row } from './mvcc/evaluate-txn.ts';
import { openSqliteStore } from './sqlite-store.ts';
import { text } from './store.contract.ts';
import type { Store } from './store.ts';

/**
 * What kill -9 would leave, two hundred times in seconds: the writing process is stopped at a random moment, its files are copied, and it
 * goes on. A stopped process and a killed one leave the same bytes. crash.test.ts kills for good, a few times.
 */
const images = Number(process.env['CRASH_IMAGES'] ?? 200);
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const writerPath = fileURLToPath(new URL('./crash-writer.fixture.ts', import.meta.url));
const canFreeze = process.platform === 'linux';
if (!canFreeze) console.log('crash-images.test.ts is skipped: it needs /proc to see that a process has stopped');

interface Write {
  readonly revision: number;
  readonly key: string;
  /** undefined: deleted. */
  readonly value: string | undefined;
}

/** Opens the log in this thread: a store to look into, in a tenth of the time that a thread takes to start. */
class ReadingBackend implements Backend {
  readonly #log: SqliteLog;
  constructor(path: string) {
    this.#log = new SqliteLog({ path, maxBytes: 1e9 });
  }
  async load(): Promise<LoadedLog> {
    const rows: Row[] = [];
    for (;;) {
      const page = this.#log.load();
      rows.push(...unpack(page.rows, page.values));
      if (page.end) return { rows, ...page.end };
    }
  }
  append(_entry: LogEntry, done: (error?: Error) => void): void {
    queueMicrotask(() => done(new Error('this store is only read')));
  }
  async compact(_revision: number, rowIds: readonly number[]): Promise<void> {
    this.#log.deleteRows(rowIds);
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.#log.close();
  }
}

/** Writes that are remembered; a round looks at no more. */
const maxRemembered = 20_000;

class FrozenWriter implements Disposable {
  readonly #child: ChildProcess;
  readonly #path: string;
  readonly #reports: string;
  #readBytes = 0;
  /** By revision. */
  readonly #writes = new Map<number, Write>();

  /** `special` as crash-writer.fixture.ts takes it. */
  constructor(directory: string, special?: string) {
    this.#path = join(directory, 'state.db');
    this.#reports = join(directory, 'reports');
    // A file, so that a report is seen no later than the write it is about.
    const output = openSync(this.#reports, 'w');
    this.#child = spawn(process.execPath, ['--no-warnings', writerPath, this.#path, '0', ...(special === undefined ? [] : [special])], { stdio: ['ignore', output, 'inherit'] });
    closeSync(output);
  }

  async started(): Promise<void> {
    while (statSync(this.#reports).size === 0) await wait(20);
  }

  /** Copies the files as a crash would leave them now, with all writes acknowledged so far. */
  async copyTo(directory: string): Promise<readonly Write[]> {
    this.#child.kill('SIGSTOP');
    while (!/\) T /.test(readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8'))) await wait(1);
    for (const suffix of ['', '-wal', '-wal-size', '-redo']) if (existsSync(this.#path + suffix)) copyFileSync(this.#path + suffix, join(directory, `state.db${suffix}`));
    const reports = readFileSync(this.#reports, 'utf8').slice(this.#readBytes);
    this.#child.kill('SIGCONT');
    this.#note(reports.slice(0, reports.lastIndexOf('\n') + 1));
    return [...this.#writes.values()].sort((a, b) => a.revision - b.revision).slice(-maxRemembered);
  }

  #note(lines: string): void {
    this.#readBytes += lines.length;
    for (const line of lines.split('\n').slice(0, -1)) {
      const [report = '', key = '', value = ''] = line.split(' ');
      const revision = Number(report);
      // A deletion that found nothing reports the revision of another write.
      if (value !== '-' || !this.#writes.has(revision)) this.#writes.set(revision, { revision, key, value: value === '-' ? undefined : value });
    }
    for (const revision of this.#writes.keys()) {
      if (this.#writes.size <= maxRemembered) break;
      this.#writes.delete(revision);
    }
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}

async function eventsFrom(store: Store, revision: number): Promise<string[]> {
  const lines: string[] = [];
  if (revision > store.revision) return lines;
  const stop = new AbortController();
  for await (const batch of store.watch({ start: '/', end: '0' }, { startRevision: revision, signal: stop.signal })) {
    for (const event of batch.events) lines.push(event.type === 'put' ? `${batch.revision} ${event.kv.key} ${text(event.kv.value)}` : `${batch.revision} ${event.key} -`);
    if (batch.revision >= store.revision) break;
  }
  return lines;
}

const lineOf = ({ revision, key, value }: Write): string => `${revision} ${key} ${value ?? '-'}`;

/** The store is what the writes left at its revision, and a watcher that had come to any revision resumes exactly. */
async function expectExact(store: Store, acknowledged: readonly Write[], resumeAt: number): Promise<void> {
  // A store that nothing was written to is at revision 1.
  const from = Math.max(1, store.compactRevision, Math.min(resumeAt, store.revision));
  const events = await eventsFrom(store, from + 1);
  const revisions = events.map((line) => Number(line.split(' ')[0]));
  expect(revisions).toEqual(Array.from({ length: store.revision - from }, (_, index) => from + 1 + index));
  const seen = new Set(events);
  const wanted = acknowledged.filter((one) => one.revision > from && one.revision <= store.revision);
  // A deletion's report may carry the revision of a write that is not reported yet.
  expect(wanted.filter((one) => one.value !== undefined).map(lineOf).filter((line) => !seen.has(line))).toEqual([]);
  const newest = new Map(acknowledged.filter((one) => one.revision <= from && one.value !== undefined).map((one) => [one.key, one]));
  const { kvs } = await store.range({ start: '/', end: '0' }, { revision: from });
  for (const kv of kvs) if ((newest.get(kv.key)?.revision ?? 0) >= kv.modRevision) expect(lineOf(newest.get(kv.key)!)).toBe(`${kv.modRevision} ${kv.key} ${text(kv.value)}`);
}

describe.skipIf(!canFreeze)(`a store whose process dies (SEED=${seed})`, () => {
  let directory: string;
  let image: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'coracle-crash-'));
    image = mkdtempSync(join(tmpdir(), 'coracle-image-'));
  });
  afterAll(() => {
    rmSync(directory, { recursive: true });
    rmSync(image, { recursive: true });
  });
  const clear = (): void => ['', '-wal', '-wal-size', '-shm', '-redo'].forEach((suffix) => rmSync(join(image, `state.db${suffix}`), { force: true }));

  it.each<{ readonly how: string; readonly special?: string; readonly count: number }>([
    { how: '', count: images },
    { how: ' without a redo log', special: 'no-redo-log', count: images / 4 },
    { how: ' while its SQLite threads die', special: 'dying-threads', count: images / 2 },
  ])('loses nothing and resumes watches exactly, $count times over$how', { timeout: 30_000 + images * 2000 }, async ({ special, count }) => {
    using writer = new FrozenWriter(mkdtempSync(join(directory, 'writer-')), special);
    await writer.started();
    const random = fc.sample(fc.tuple(fc.nat(60), fc.nat(400)), { numRuns: count, seed });
    let lastRevision = 0;
    for (const [pauseMs, back] of random) {
      await wait(pauseMs);
      clear();
      const acknowledged = await writer.copyTo(image);
      await using store = await MvccStore.open({ backend: new ReadingBackend(join(image, 'state.db')), clock: new VirtualClock() });
      const last = acknowledged.at(-1)?.revision ?? 0;
      expect(store.revision).toBeGreaterThanOrEqual(Math.max(last, lastRevision));
      lastRevision = last;
      await expectExact(store, acknowledged, store.revision - back);
    }
  });

  it('opens with every write before a tail that the disk has torn', { timeout: 120_000 }, async () => {
    using writer = new FrozenWriter(mkdtempSync(join(directory, 'torn-')), 'no-redo-log');
    await writer.started();
    for (const [cut, garbage] of fc.sample(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.uint8Array({ maxLength: 9000 })), { numRuns: 30, seed })) {
      await wait(20);
      clear();
      const acknowledged = await writer.copyTo(image);
      const wal = join(image, 'state.db-wal');
      const size = statSync(wal).size;
      // Behind the header of the log, from where its frames are. The disk loses what was written, not the length.
      const whole = readFileSync(wal);
      const from = 32 + Math.floor(cut * (size - 32));
      whole.fill(0, from).set(garbage.subarray(0, size - from), from);
      writeFileSync(wal, whole);
      writeFileSync(join(image, 'state.db-shm'), garbage);
      await using store = await openSqliteStore({ path: join(image, 'state.db') });
      await expectExact(store, acknowledged, store.revision - 100);
      await store.txn({ compare: [], success: [{ type: 'put', key: '/after', value: new Uint8Array(1) }] });
    }
  });
});
