import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../kube/apimachinery/virtual-clock.ts';
import { openMemoryStore } from '../etcd/memory-store.ts';
import { startCompaction } from './compaction.ts';

const log = { info() {}, warn() {}, error() {} };

describe('compaction of the store', () => {
  it('keeps at least five minutes of history and forgets what is older', async () => {
    const clock = new VirtualClock();
    await using store = await openMemoryStore();
    using _compaction = startCompaction({ store, clock, log });
    const put = async (count: number) => {
      for (let index = 0; index < count; index += 1) await store.txn({ compare: [], success: [{ type: 'put', key: '/registry/a', value: new Uint8Array([index]) }] });
    };
    await put(5);
    await clock.advance(5 * 60_000 + 1);
    const afterFirst = store.revision;
    await put(5);
    await clock.advance(5 * 60_000);
    expect(store.compactRevision).toBe(afterFirst);
    expect(store.revision).toBe(afterFirst + 5);
  });
});
