import { setTimeout as wait } from 'node:timers/promises';
import { openSqliteStore } from './sqlite-store.ts';
import { StoreUnavailableError } from './store.ts';

/**
 * The process that crash.test.ts kills: eight writers at once, each reporting a write on standard output once it is acknowledged, and a
 * compaction now and then. Arguments: the database file, the number of the round, and what is special: `no-redo-log`, or `dying-threads`
 * for an SQLite thread that ends every now and then; a write that fails by that is not reported.
 */
const [path = '', round = '', special] = process.argv.slice(2);
const worker = new URL('./backend/mortal-worker.fixture.ts', import.meta.url);
const store = await openSqliteStore({ path, redoLog: special === 'no-redo-log' ? 'none' : 'always', ...(special === 'dying-threads' ? { worker } : {}) });
const mayFail = special === 'dying-threads';

async function write(writer: number): Promise<never> {
  for (let i = 0; ; i++) {
    const key = `/w/${writer}/${i % 20}`;
    const value = `${round}:${i}`;
    const operation = i % 5 === 4 ? { type: 'delete' as const, range: { start: key } } : { type: 'put' as const, key, value: new TextEncoder().encode(value) };
    const revision = await unlessUnavailable(() => store.txn({ compare: [], success: [operation] }));
    if (revision === undefined) continue;
    // Synchronous, so that what was acknowledged has been reported when the kill comes.
    process.stdout.write(`${revision} ${key} ${operation.type === 'put' ? value : '-'}\n`);
    // No faster than the test that reads along.
    if (i % 10 === 9) await wait(1);
    if (writer === 0 && i % 50 === 49) await unlessUnavailable(() => store.compact(store.revision - 10));
  }
}

async function unlessUnavailable(write: () => Promise<{ readonly revision: number } | void>): Promise<number | undefined> {
  try {
    return (await write())?.revision;
  } catch (error) {
    if (mayFail && error instanceof StoreUnavailableError) return undefined;
    throw error;
  }
}

await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)));
