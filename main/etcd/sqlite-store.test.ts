import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../kube/apimachinery/virtual-clock.ts';
import { RedoFile } from './backend/redo-file.ts';
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
    // A few times what the redo log holds, which must find a place after compaction.
    await using store = await openSqliteStore({ path, maxBytes: 8 * 1024 * 1024 });
    const value = 'x'.repeat(100_000);
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
      await using store = await openSqliteStore({ path: running, redoLog: 'none' });
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
      await using store = await openSqliteStore({ path: running, redoLog: 'none' });
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
      expect([log(), `${path}-wal-size`, `${path}-redo`].map((file) => existsSync(file))).toEqual([false, false, false]);
      await using store = await openSqliteStore({ path });
      expect((await store.range({ start: '/a' })).count).toBe(1);
    });

    async function until(holds: () => boolean): Promise<void> {
      while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
    }

    const contents = (): Record<string, string> => Object.fromEntries(readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.name.startsWith('state.db')).map((entry) => [entry.name, entry.isFile() ? readFileSync(join(directory, entry.name), 'hex') : 'folder']));
  });

  describe('after a crash that leaves writes in the redo log alone', () => {
    const redo = (): string => `${path}-redo`;
    const keys = async (): Promise<string[]> => {
      await using store = await openSqliteStore({ path });
      return (await store.range({ start: '/', end: '0' })).kvs.map(({ key, modRevision }) => `${key} ${modRevision}`);
    };
    let lease: string;
    beforeEach(async () => {
      const running = join(directory, 'running.db');
      await using store = await openSqliteStore({ path: running, redoLog: 'always', saveDelayMs: 3_600_000 });
      const ended = await store.leaseGrant(60);
      lease = (await store.leaseGrant(90)).id;
      await put(store, '/a', '1');
      await put(store, '/b', 'x'.repeat(3000));
      await store.txn({ compare: [], success: [{ type: 'delete', range: { start: '/a' } }] });
      await store.leaseRevoke(ended.id);
      for (const suffix of ['', '-wal', '-wal-size', '-redo']) if (existsSync(running + suffix)) copyFileSync(running + suffix, path + suffix);
    });

    it('finds them, leases included, and again when it crashes before it has written anything', async () => {
      const taken = join(directory, 'taken.db');
      {
        await using store = await openSqliteStore({ path });
        expect((await store.range({ start: '/', end: '0' })).kvs.map(({ key, modRevision, value }) => [key, modRevision, value.length])).toEqual([['/b', 3, 3000]]);
        expect(store.revision).toBe(4);
        expect(await store.leaseKeepAlive(lease)).toEqual({ ttlSeconds: 90 });
        await expect(store.leaseKeepAlive('1')).rejects.toThrow('lease not found');
        for (const suffix of ['', '-wal', '-redo']) copyFileSync(path + suffix, taken + suffix);
      }
      path = taken;
      expect(await keys()).toEqual(['/b 3']);
    });

    it('is told apart by its version from a file that older programs can read', async () => {
      const version = (): number => {
        using db = new DatabaseSync(path);
        return Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
      };
      expect(version()).toBe(2);
      await keys();
      expect(version()).toBe(1);
    });

    it.each<{ readonly name: string; readonly damage: () => void; readonly told: string }>([
      { name: 'missing', damage: () => rmSync(redo()), told: 'its redo log "state.db-redo" is missing' },
      { name: 'cut', damage: () => truncateSync(redo(), 5000), told: 'was cut to 5000 of' },
      { name: 'something else', damage: () => writeFileSync(redo(), Buffer.alloc(statSync(redo()).size, 0x5a)), told: 'is not the one of this store' },
      { name: 'of another store', damage: () => copyFileSync(other, redo()), told: 'is not the one of this store' },
    ])('is refused and left as it is when that log is $name', async ({ damage, told }) => {
      damage();
      const before = existsSync(redo()) ? readFileSync(redo()) : undefined;
      await expect(openSqliteStore({ path })).rejects.toMatchObject({ name: 'StoreUnavailableError', reason: 'damaged', message: expect.stringContaining(told) });
      expect(existsSync(redo()) ? readFileSync(redo()) : undefined).toEqual(before);
      // As the error says.
      writeFileSync(redo(), '');
      expect(await keys()).toEqual([]);
    });

    let other: string;
    beforeEach(async () => {
      const running = join(directory, 'other.db');
      other = join(directory, 'other-redo');
      await using store = await openSqliteStore({ path: running });
      await put(store, '/other', '1');
      copyFileSync(`${running}-redo`, other);
    });
  });

  it('writes to SQLite when the redo log fails, each write once, whatever the failed one has left there', async () => {
    let failing = false;
    const createRedoFile = async (databasePath: string): Promise<RedoFile> => {
      const file = await RedoFile.create(databasePath);
      const append = file.append.bind(file);
      file.append = (batch) => {
        const number = append(batch);
        if (failing) throw new Error('input/output error');
        return number;
      };
      return file;
    };
    await using store = await openSqliteStore({ path, redoLog: 'always', createRedoFile });
    await put(store, '/a', '1');
    failing = true;
    await put(store, '/b', '1');
    await put(store, '/c', '1');
    const image = join(directory, 'image.db');
    for (const suffix of ['', '-wal', '-redo']) copyFileSync(path + suffix, image + suffix);
    await using again = await openSqliteStore({ path: image });
    expect((await again.range({ start: '/', end: '0' })).kvs.map(({ key, modRevision }) => `${key} ${modRevision}`)).toEqual(['/a 2', '/b 3', '/c 4']);
  });

  it('does without a redo log where none can be made', async () => {
    await using store = await openSqliteStore({ path, createRedoFile: () => Promise.reject(new Error('no space left on device')) });
    await put(store, '/a', '1');
    expect((await store.range({ start: '/a' })).count).toBe(1);
  });

  it('does not lose what is in the redo log when its thread dies on it', async () => {
    const deaths: unknown[] = [];
    const store = await openSqliteStore({ path, worker: new URL('./backend/dying-worker.fixture.ts', import.meta.url), redoLog: 'always', onThreadDeath: (cause) => deaths.push(cause) });
    await put(store, '/die-after', '1');
    await put(store, '/b', '1');
    // Compaction has the redo log saved first: the thread dies of that.
    await store.compact(store.revision);
    expect(deaths.length).toBeGreaterThan(0);
    await store[Symbol.asyncDispose]();
    await using again = await openSqliteStore({ path });
    expect((await again.range({ start: '/', end: '0' })).kvs.map(({ key, modRevision }) => `${key} ${modRevision}`)).toEqual(['/b 3', '/die-after 2']);
  });

  it.each(['/die-before', '/die-after'])('outlives its thread: a write of %s fails, and the next ones go on as if it had not been', async (fatal) => {
    const deaths: string[] = [];
    const worker = new URL('./backend/dying-worker.fixture.ts', import.meta.url);
    const store = await openSqliteStore({ path, worker, redoLog: 'none', onThreadDeath: (cause) => deaths.push(String(cause)) });
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
    const store = await openSqliteStore({ path, worker: new URL('./backend/dying-worker.fixture.ts', import.meta.url), redoLog: 'none' });
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
