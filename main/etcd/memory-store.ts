import type { Clock } from '../../kube/apimachinery/clock.ts';
import { MemoryBackend } from './backend/memory.ts';
import { MvccStore } from './mvcc-store.ts';
import type { Store } from './store.ts';
import { systemClock } from './system-clock.ts';

export interface MemoryStoreOptions {
  readonly clock?: Clock;
  /** To make writes fail, or to keep the log for a second store. */
  readonly backend?: MemoryBackend;
}

/** A store that forgets everything when the process ends, for tests. Same semantics as the durable one: writes are asynchronous. */
export function openMemoryStore({ clock = systemClock, backend = new MemoryBackend() }: MemoryStoreOptions = {}): Promise<Store> {
  return MvccStore.open({ backend, clock });
}
