import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../kube/apimachinery/virtual-clock.ts';
import { openSqliteStore } from './sqlite-store.ts';
import { describeStore, put } from './store.contract.ts';
import { StoreUnavailableError } from './store.ts';

describeStore('SqliteStore', async () => {
  const clock = new VirtualClock();
  const directory = mkdtempSync(join(tmpdir(), 'coracle-store-'));
  const path = join(directory, 'state.db');
  const store = await openSqliteStore({ path, clock });
  let open = store;
  return {
    store,
    clock,
    reopen: async () => {
      await open[Symbol.asyncDispose]();
      open = await openSqliteStore({ path, clock });
      return open;
    },
    dispose: async () => {
      await open[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true });
    },
  };
});

describe('the file of a SqliteStore', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'coracle-store-'));
    path = join(directory, 'state.db');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('is for its owner only', async () => {
    await using store = await openSqliteStore({ path });
    await put(store, '/a', '1');
    expect([statSync(path).mode & 0o777, statSync(`${path}-wal`).mode & 0o777]).toEqual([0o600, 0o600]);
  });

  it('is refused to a second store, and to one that finds no directory', async () => {
    await using _store = await openSqliteStore({ path });
    await expect(openSqliteStore({ path })).rejects.toThrow('another process is using it');
    await expect(openSqliteStore({ path: join(directory, 'none', 'state.db') })).rejects.toThrow(StoreUnavailableError);
  });

  it('when full refuses writes with a clear error and takes them again after compaction, without a restart', async () => {
    await using store = await openSqliteStore({ path, maxBytes: 512 * 1024 });
    const value = 'x'.repeat(10_000);
    const writeUntilFull = async (): Promise<unknown> => {
      for (let i = 0; i < 1000; i++) await put(store, '/a', value);
      return undefined;
    };
    const error = await writeUntilFull().catch((cause: unknown) => cause);
    expect(error).toMatchObject({ name: 'StoreUnavailableError', reason: 'diskFull' });
    const { revision } = store;
    expect((await store.range({ start: '/a' })).kvs[0]?.modRevision).toBe(revision);
    await store.compact(revision);
    expect((await put(store, '/a', value)).revision).toBe(revision + 1);
  });

  it('when damaged is named in the error, and left as it is', { timeout: 120_000 }, async () => {
    {
      await using store = await openSqliteStore({ path });
      for (let i = 0; i < 500; i++) await put(store, `/key${i % 300}`, 'x'.repeat(200));
    }
    const whole = readFileSync(path);
    const damages: readonly ((bytes: Buffer) => Buffer)[] = [
      (bytes) => bytes.fill(0x5a, 0, 100),
      (bytes) => bytes.fill(0x5a, 4096, bytes.length / 2),
      (bytes) => bytes.subarray(0, bytes.length / 2),
    ];
    for (const damage of damages) {
      const damaged = damage(Buffer.from(whole));
      writeFileSync(path, damaged);
      await expect(openSqliteStore({ path })).rejects.toMatchObject({ name: 'StoreUnavailableError', reason: 'damaged', message: expect.stringContaining(path) });
      expect(readFileSync(path).equals(damaged)).toBe(true);
    }
    writeFileSync(path, whole);
    await using store = await openSqliteStore({ path });
    expect((await store.range({ start: '/', end: '0' })).count).toBe(300);
  });

  describe('after a crash', () => {
    const log = (): string => `${path}-wal`;
    beforeEach(async () => {
      const running = join(directory, 'running.db');
      await using store = await openSqliteStore({ path: running });
      await put(store, '/a', '1');
      // What a crash leaves at this moment.
      for (const suffix of ['', '-wal']) copyFileSync(running + suffix, path + suffix);
    });

    it.each<{ readonly name: string; readonly damage: () => void; readonly told: string }>([
      { name: 'the file is empty', damage: () => truncateSync(path, 0), told: 'it is empty' },
      { name: 'both files are empty', damage: () => { truncateSync(path, 0); truncateSync(log(), 0); }, told: 'it is empty' },
      { name: 'the file is something else', damage: () => writeFileSync(path, Buffer.alloc(5000, 0x5a)), told: 'it is no store' },
      { name: 'the file is cut within its first page', damage: () => truncateSync(path, 1000), told: 'it is no store, or the beginning of one' },
      { name: 'the file is missing', damage: () => rmSync(path), told: 'it is missing, and "state.db-wal" is there' },
      { name: 'a folder is in its place', damage: () => { rmSync(path); mkdirSync(path); }, told: '"state.db" is a folder' },
      { name: 'the log is missing', damage: () => rmSync(log()), told: 'its write-ahead log "state.db-wal" is missing' },
      { name: 'the log is replaced by something else', damage: () => writeFileSync(log(), Buffer.alloc(5000, 0x5a)), told: 'its write-ahead log "state.db-wal" is not one' },
      { name: 'a folder is in the place of the log', damage: () => { rmSync(log()); mkdirSync(log()); }, told: '"state.db-wal" is a folder' },
    ])('is refused and left as it is when $name', async ({ damage, told }) => {
      damage();
      const before = contents();
      await expect(openSqliteStore({ path })).rejects.toMatchObject({ name: 'StoreUnavailableError', reason: 'damaged', message: expect.stringContaining(told) });
      expect(contents()).toEqual(before);
    });

    it.each([
      { name: 'cut at its end', damage: (bytes: number) => truncateSync(log(), bytes - 1000), told: (bytes: number) => `was cut to ${bytes - 1000} of ${bytes} bytes` },
      { name: 'emptied', damage: () => truncateSync(log(), 0), told: (bytes: number) => `was cut to 0 of ${bytes} bytes` },
    ])('is refused and left as it is when its log is $name', async ({ damage, told }) => {
      const running = join(directory, 'long.db');
      await using store = await openSqliteStore({ path: running });
      // Longer than SQLite lets a log become, so that it begins anew.
      for (let i = 0; i < 40; i++) await put(store, `/long${i}`, 'x'.repeat(500_000));
      await until(() => existsSync(`${running}-wal-size`) && statSync(`${running}-wal`).size === Number(readFileSync(`${running}-wal-size`, 'utf8')));
      for (const suffix of ['', '-wal', '-wal-size']) copyFileSync(running + suffix, path + suffix);
      const bytes = statSync(log()).size;
      damage(bytes);
      const before = contents();
      await expect(openSqliteStore({ path })).rejects.toMatchObject({ name: 'StoreUnavailableError', reason: 'damaged', message: expect.stringContaining(told(bytes)) });
      expect(contents()).toEqual(before);
      // As the error says.
      writeFileSync(log(), '');
      rmSync(`${path}-wal-size`);
      await using without = await openSqliteStore({ path });
      expect((await without.range({ start: '/long0' })).count).toBe(1);
    });

    it('starts without its missing log when told so by an empty one', async () => {
      writeFileSync(log(), '');
      await using store = await openSqliteStore({ path });
      expect((await store.range({ start: '/a' })).count).toBe(0);
    });

    it('is whole without a log once it was closed in order', async () => {
      await (await openSqliteStore({ path }))[Symbol.asyncDispose]();
      expect([log(), `${path}-wal-size`].map((file) => existsSync(file))).toEqual([false, false]);
      await using store = await openSqliteStore({ path });
      expect((await store.range({ start: '/a' })).count).toBe(1);
    });

    async function until(holds: () => boolean): Promise<void> {
      while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
    }

    const contents = (): Record<string, string> => Object.fromEntries(readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.name.startsWith('state.db')).map((entry) => [entry.name, entry.isFile() ? readFileSync(join(directory, entry.name), 'hex') : 'folder']));
  });

  it.each(['/die-before', '/die-after'])('outlives its thread: a write of %s fails, and the next ones go on as if it had not been', async (fatal) => {
    const deaths: string[] = [];
    const worker = new URL('./backend/dying-worker.fixture.ts', import.meta.url);
    const store = await openSqliteStore({ path, worker, onThreadDeath: (cause) => deaths.push(String(cause)) });
    await put(store, '/a', '1');
    const { id } = await store.leaseGrant(60);
    const { revision } = store;
    const results = await Promise.allSettled([put(store, fatal, '1'), put(store, '/with-it', '1')]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(deaths).toEqual([expect.stringMatching(/died|exited/)]);
    expect((await store.range({ start: '/', end: '0' })).kvs.map(({ key }) => key)).toEqual(['/a']);
    expect((await put(store, '/b', '1')).revision).toBe(revision + 1);
    await store[Symbol.asyncDispose]();
    await using again = await openSqliteStore({ path });
    expect((await again.range({ start: '/', end: '0' })).kvs.map(({ key, modRevision }) => `${key} ${modRevision}`)).toEqual([`/a ${revision}`, `/b ${revision + 1}`]);
    expect(await again.leaseKeepAlive(id)).toEqual({ ttlSeconds: 60 });
  });

  it('can be closed after its thread has died', async () => {
    const store = await openSqliteStore({ path, worker: new URL('./backend/dying-worker.fixture.ts', import.meta.url) });
    await put(store, '/a', '1');
    await expect(put(store, '/die-after', '1')).rejects.toMatchObject({ name: 'StoreUnavailableError' });
    await store[Symbol.asyncDispose]();
    await using again = await openSqliteStore({ path });
    expect((await again.range({ start: '/a' })).count).toBe(1);
  });

  it('ends with an error for writes after it is closed', async () => {
    const store = await openSqliteStore({ path });
    const before = put(store, '/a', '1');
    const closing = store[Symbol.asyncDispose]();
    await expect(put(store, '/a', '2')).rejects.toThrow('the store is closed');
    await Promise.all([before, closing]);
    await using again = await openSqliteStore({ path });
    expect((await again.range({ start: '/a' })).kvs[0]?.version).toBe(1);
  });
});
