import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { VirtualClock } from '../../kube/apimachinery/virtual-clock.ts';
import { prefixRange } from './mvcc/key-range.ts';
import { CompactedError, FutureRevisionError, InvalidTxnError, LeaseNotFoundError, type Store, type StoreEvent, type WatchBatch } from './store.ts';

export interface StoreUnderTest {
  readonly store: Store;
  /** The time that leases and progress notices go by. */
  readonly clock: VirtualClock;
  /** Closes the store and opens what it left. */
  reopen(): Promise<Store>;
  /** Closes what is open. */
  dispose(): Promise<void>;
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (value: Uint8Array): string => new TextDecoder().decode(value);

export function put(store: Store, key: string, value: string, lease?: string) {
  return store.txn({ compare: [], success: [{ type: 'put', key, value: bytes(value), lease }] });
}
export function remove(store: Store, key: string) {
  return store.txn({ compare: [], success: [{ type: 'delete', range: { start: key } }] });
}

/** What every Store must do. */
export function describeStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let tested: StoreUnderTest;
    let store: Store;
    let stop: AbortController;

    beforeEach(async () => {
      tested = await open();
      ({ store } = tested);
      stop = new AbortController();
    });
    afterEach(async () => {
      stop.abort();
      await tested.dispose();
    });

    const list = async (prefix: string, revision?: number): Promise<string[]> => {
      const { kvs } = await store.range(prefixRange(prefix), { revision });
      return kvs.map((kv) => `${kv.key}=${text(kv.value)}`);
    };
    const takeBatches = async (watch: AsyncIterable<WatchBatch>, count: number): Promise<WatchBatch[]> => {
      const batches: WatchBatch[] = [];
      for await (const batch of watch) {
        batches.push(batch);
        if (batches.length === count) break;
      }
      return batches;
    };

    it('gives each write the next revision and counts versions', async () => {
      const first = await put(store, '/a', '1');
      const second = await put(store, '/a', '2');
      expect(second.revision).toBe(first.revision + 1);
      const { kvs } = await store.range({ start: '/a' });
      expect(kvs[0]).toMatchObject({ createRevision: first.revision, modRevision: second.revision, version: 2 });
      await remove(store, '/a');
      await put(store, '/a', '3');
      expect((await store.range({ start: '/a' })).kvs[0]).toMatchObject({ version: 1, createRevision: store.revision });
    });

    it('lists ranges in key order, with a limit and the whole count', async () => {
      for (const key of ['/b/2', '/a/1', '/b/1', '/b/10', '/c']) await put(store, key, 'x');
      expect(await list('/b/')).toEqual(['/b/1=x', '/b/10=x', '/b/2=x']);
      const page = await store.range(prefixRange('/b/'), { limit: 2 });
      expect([page.kvs.length, page.count]).toEqual([2, 3]);
      const keysOnly = await store.range(prefixRange('/b/'), { keysOnly: true });
      expect(keysOnly.kvs.every((kv) => kv.value.length === 0)).toBe(true);
    });

    it('orders keys by their UTF-8 bytes, beyond the basic plane too', async () => {
      const keys = ['/k/\u{1f600}', '/k/\uffee', '/k/z', '/k/ü'];
      for (const key of keys) await put(store, key, 'x');
      const expected = keys.toSorted((a, b) => Buffer.compare(bytes(a), bytes(b)));
      expect((await store.range(prefixRange('/k/'))).kvs.map((kv) => kv.key)).toEqual(expected);
    });

    it('reads any revision until it is compacted', async () => {
      const { revision: first } = await put(store, '/a', '1');
      await put(store, '/a', '2');
      const { revision: deleted } = await remove(store, '/a');
      expect(await list('/a', first)).toEqual(['/a=1']);
      expect(await list('/a', deleted - 1)).toEqual(['/a=2']);
      expect(await list('/a', deleted)).toEqual([]);
      await expect(store.range({ start: '/a' }, { revision: deleted + 1 })).rejects.toThrow(FutureRevisionError);
      await store.compact(deleted - 1);
      expect(await list('/a', deleted - 1)).toEqual(['/a=2']);
      await expect(list('/a', first)).rejects.toThrow(CompactedError);
      await expect(store.compact(first)).rejects.toThrow(CompactedError);
      await expect(store.compact(store.revision + 1)).rejects.toThrow(FutureRevisionError);
    });

    it('runs success or failure by the comparisons, a missing key comparing as zero', async () => {
      const create = (value: string) =>
        store.txn({
          compare: [{ key: '/a', target: 'modRevision', operator: '=', value: 0 }],
          success: [{ type: 'put', key: '/a', value: bytes(value) }],
          failure: [{ type: 'range', range: { start: '/a' } }],
        });
      expect((await create('1')).succeeded).toBe(true);
      const before = store.revision;
      const again = await create('2');
      expect(again.succeeded).toBe(false);
      const response = again.responses[0];
      expect(response?.type === 'range' && text(response.result.kvs[0]!.value)).toBe('1');
      expect(store.revision).toBe(before);
    });

    it('writes all operations of a transaction at one revision and reads its own writes', async () => {
      await put(store, '/a/1', '1');
      const result = await store.txn({
        compare: [],
        success: [
          { type: 'put', key: '/a/2', value: bytes('2') },
          { type: 'delete', range: { start: '/a/1' } },
          { type: 'range', range: prefixRange('/a/') },
        ],
      });
      const read = result.responses[2];
      expect(read?.type === 'range' && read.result.kvs.map((kv) => kv.key)).toEqual(['/a/2']);
      const [batch] = await takeBatches(store.watch(prefixRange('/a/'), { startRevision: result.revision, signal: stop.signal }), 1);
      expect(batch).toMatchObject({ revision: result.revision, events: [{ type: 'put' }, { type: 'delete', key: '/a/1' }] });
    });

    it('refuses to write a key twice in a transaction', async () => {
      const value = bytes('x');
      const twice = store.txn({ compare: [], success: [{ type: 'put', key: '/a', value }, { type: 'put', key: '/a', value }] });
      await expect(twice).rejects.toThrow(InvalidTxnError);
      const overlap = store.txn({ compare: [], success: [{ type: 'put', key: '/a', value }, { type: 'delete', range: prefixRange('/') }] });
      await expect(overlap).rejects.toThrow(InvalidTxnError);
      expect(await list('/')).toEqual([]);
    });

    it('does not advance when a deletion finds nothing', async () => {
      const before = store.revision;
      expect((await remove(store, '/none')).revision).toBe(before);
    });

    it('decides concurrent transactions one after the other', async () => {
      const increments = Array.from({ length: 50 }, async () => {
        for (;;) {
          const { kvs } = await store.range({ start: '/n' });
          const result = await store.txn({
            compare: [{ key: '/n', target: 'modRevision', operator: '=', value: kvs[0]?.modRevision ?? 0 }],
            success: [{ type: 'put', key: '/n', value: bytes(String(Number(kvs[0] === undefined ? 0 : text(kvs[0].value)) + 1)) }],
          });
          if (result.succeeded) return;
        }
      });
      await Promise.all(increments);
      expect(await list('/n')).toEqual(['/n=50']);
    });

    it('watches from now, from the past, and with the previous value', async () => {
      const { revision: first } = await put(store, '/a/1', '1');
      const live = store.watch(prefixRange('/a/'), { signal: stop.signal });
      await put(store, '/b/1', 'elsewhere');
      await put(store, '/a/1', '2');
      await remove(store, '/a/1');
      const summary = (event: StoreEvent): string =>
        `${event.type} ${event.type === 'put' ? text(event.kv.value) : event.key} was ${event.previous === undefined ? '-' : text(event.previous.value)}`;
      const summaries = (batches: WatchBatch[]): string[] => batches.flatMap((batch) => batch.events.map(summary));
      expect(summaries(await takeBatches(live, 2))).toEqual(['put 2 was 1', 'delete /a/1 was 2']);
      const past = store.watch(prefixRange('/a/'), { startRevision: first, signal: stop.signal });
      expect(summaries(await takeBatches(past, 3))).toEqual(['put 1 was -', 'put 2 was 1', 'delete /a/1 was 2']);
      const oneKey = store.watch({ start: '/b/1' }, { startRevision: first, signal: stop.signal });
      expect(summaries(await takeBatches(oneKey, 1))).toEqual(['put elsewhere was -']);
    });

    it('feeds a watcher that does not read for thousands of writes without losing or repeating one', async () => {
      const watch = store.watch(prefixRange('/a/'), { signal: stop.signal });
      const writes = 3000;
      await Promise.all(Array.from({ length: writes }, (_, i) => put(store, `/a/${i % 7}`, String(i))));
      const batches = await takeBatches(watch, writes);
      expect(batches.map(({ revision }) => revision)).toEqual(Array.from({ length: writes }, (_, i) => store.revision - writes + 1 + i));
    });

    it('refuses to watch what is compacted, and serves the compacted revision itself', async () => {
      const { revision: first } = await put(store, '/a', '1');
      await put(store, '/a', '2');
      const { revision: deleted } = await remove(store, '/a');
      await store.compact(deleted);
      await expect(takeBatches(store.watch({ start: '/a' }, { startRevision: first, signal: stop.signal }), 1)).rejects.toThrow(CompactedError);
      const [batch] = await takeBatches(store.watch({ start: '/a' }, { startRevision: deleted, signal: stop.signal }), 1);
      expect(batch).toMatchObject({ revision: deleted, events: [{ type: 'delete', key: '/a' }] });
    });

    it('ends a watch with the reason of its signal', async () => {
      const watch = takeBatches(store.watch(prefixRange('/'), { signal: stop.signal }), 1);
      stop.abort(new Error('enough'));
      await expect(watch).rejects.toThrow('enough');
    });

    it('tells its progress on request and when idle', async () => {
      await put(store, '/b', 'elsewhere');
      const range = prefixRange('/a/');
      const asked = store.watch(range, { signal: stop.signal });
      store.requestProgress(range);
      expect(await takeBatches(asked, 1)).toEqual([{ revision: store.revision, events: [] }]);
      const idle = takeBatches(store.watch(range, { signal: stop.signal, progressIntervalMs: 100 }), 1);
      await tested.clock.advance(150);
      expect(await idle).toEqual([{ revision: store.revision, events: [] }]);
    });

    it('deletes the keys of a lease when it ends, in one revision', async () => {
      const { id } = await store.leaseGrant(10);
      await put(store, '/l/1', 'x', id);
      await put(store, '/l/2', 'x', id);
      await put(store, '/l/3', 'x', id);
      await put(store, '/l/3', 'stays');
      await tested.clock.advance(8000);
      await store.leaseKeepAlive(id);
      await tested.clock.advance(8000);
      expect(await list('/l/')).toHaveLength(3);
      const watch = store.watch(prefixRange('/l/'), { signal: stop.signal });
      await tested.clock.advance(3000);
      const [batch] = await takeBatches(watch, 1);
      expect(batch?.events.map(({ type }) => type)).toEqual(['delete', 'delete']);
      expect(await list('/l/')).toEqual(['/l/3=stays']);
      await expect(put(store, '/l/4', 'x', id)).rejects.toThrow(LeaseNotFoundError);
      await expect(store.leaseRevoke(id)).rejects.toThrow(LeaseNotFoundError);
    });

    it('finds everything again after it was closed', async () => {
      const { id } = await store.leaseGrant(10);
      await put(store, '/a/1', '1');
      await put(store, '/a/1', '2', id);
      const { revision: deleted } = await remove(store, '/a/2').then(() => put(store, '/a/2', 'gone'));
      await remove(store, '/a/2');
      await store.compact(deleted);
      const { revision } = store;
      store = await tested.reopen();
      expect([store.revision, store.compactRevision]).toEqual([revision, deleted]);
      expect((await store.range({ start: '/a/1' })).kvs[0]).toMatchObject({ version: 2, lease: id });
      expect(await list('/a/', deleted)).toEqual(['/a/1=2', '/a/2=gone']);
      expect(await list('/a/')).toEqual(['/a/1=2']);
      const [, batch] = await takeBatches(store.watch(prefixRange('/a/'), { startRevision: deleted, signal: stop.signal }), 2);
      expect(batch).toMatchObject({ revision, events: [{ type: 'delete', key: '/a/2' }] });
      await tested.clock.advance(11_000);
      const gone = store.watch({ start: '/a/1' }, { startRevision: revision + 1, signal: stop.signal });
      expect((await takeBatches(gone, 1))[0]?.events[0]?.type).toBe('delete');
      expect((await put(store, '/a/9', 'x')).revision).toBe(revision + 2);
    });
  });
}
