import { openSqliteStore } from './sqlite-store.ts';

/**
 * The process that crash.test.ts kills: eight writers at once, each reporting a write on standard output once it is acknowledged, and a
 * compaction now and then. Arguments: the database file and the number of the round.
 */
const [path = '', round = ''] = process.argv.slice(2);
const store = await openSqliteStore({ path });

async function write(writer: number): Promise<never> {
  for (let i = 0; ; i++) {
    const key = `/w/${writer}/${i % 20}`;
    const value = `${round}:${i}`;
    const operation = i % 5 === 4 ? { type: 'delete' as const, range: { start: key } } : { type: 'put' as const, key, value: new TextEncoder().encode(value) };
    const { revision } = await store.txn({ compare: [], success: [operation] });
    // Synchronous, so that what was acknowledged has been reported when the kill comes.
    process.stdout.write(`${revision} ${key} ${operation.type === 'put' ? value : '-'}\n`);
    if (writer === 0 && i % 50 === 49) await store.compact(store.revision - 10);
  }
}

await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)));
