import type { Clock } from '../../kube/apimachinery/clock.ts';
import { SqliteBackend, type SqliteBackendOptions } from './backend/sqlite.ts';
import { MvccStore } from './mvcc-store.ts';
import type { Store } from './store.ts';
import { systemClock } from './system-clock.ts';

/** The directory of `path` must exist. Beside the file SQLite keeps `<path>-wal`. */
export interface SqliteStoreOptions extends SqliteBackendOptions {
  readonly clock?: Clock;
}

/**
 * The store of a real cluster: durable in one file. Rejects with StoreUnavailableError when the file cannot be opened or another process
 * has it open.
 */
export async function openSqliteStore({ clock = systemClock, ...options }: SqliteStoreOptions): Promise<Store> {
  const backend = new SqliteBackend(options);
  try {
    return await MvccStore.open({ backend, clock });
  } catch (error) {
    await backend[Symbol.asyncDispose]();
    throw error;
  }
}
