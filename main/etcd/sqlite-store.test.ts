import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
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
