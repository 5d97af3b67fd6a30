import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../kube/apimachinery/virtual-clock.ts';
import { MemoryBackend, MemoryLog } from './backend/memory.ts';
import { openMemoryStore } from './memory-store.ts';
import { describeStore, put } from './store.contract.ts';
import { StoreUnavailableError } from './store.ts';

describeStore('MemoryStore', async () => {
  const clock = new VirtualClock();
  const log = new MemoryLog();
  const store = await openMemoryStore({ clock, backend: new MemoryBackend(log) });
  let open = store;
  return {
    store,
    clock,
    reopen: async () => {
      await open[Symbol.asyncDispose]();
      open = await openMemoryStore({ clock, backend: new MemoryBackend(log) });
      return open;
    },
    dispose: async () => open[Symbol.asyncDispose](),
  };
});

describe('a store whose log fails', () => {
  it('rejects the writes under way, shows none of them, and goes on when the log works again', async () => {
    const backend = new MemoryBackend(new MemoryLog());
    const clock = new VirtualClock();
    await using store = await openMemoryStore({ clock, backend });
    const { id } = await store.leaseGrant(100);
    await put(store, '/a', '1');
    const { revision } = store;
    backend.failWith(new StoreUnavailableError('diskFull', 'the disk is full'));
    const writes = [put(store, '/a', '2'), put(store, '/b', '2', id), put(store, '/a', '3')];
    const outcomes = await Promise.allSettled(writes);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(store.revision).toBe(revision);
    expect((await store.range({ start: '/', end: '0' })).kvs.map((kv) => kv.key)).toEqual(['/a']);
    await expect(store.leaseRevoke(id)).rejects.toThrow(StoreUnavailableError);
    backend.failWith();
    expect((await put(store, '/b', '4', id)).revision).toBe(revision + 1);
    await store.leaseRevoke(id);
    expect((await store.range({ start: '/b' })).count).toBe(0);
  });

  it('shows nothing before it is durable, to a transaction that only reads either', async () => {
    await using store = await openMemoryStore({ clock: new VirtualClock() });
    const write = put(store, '/a', '1');
    expect((await store.range({ start: '/a' })).count).toBe(0);
    const read = await store.txn({ compare: [], success: [{ type: 'range', range: { start: '/a' } }] });
    expect(read.revision).toBe(store.revision);
    expect((await store.range({ start: '/a' })).count).toBe(1);
    await write;
  });
});
