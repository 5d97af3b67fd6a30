import { openSqliteStore } from '../etcd/sqlite-store.ts';
import { startTestApiServer } from './testing.ts';

/** The process that crash-server.test.ts kills: an API server over the file of its argument; prints its port when it serves. */
const store = await openSqliteStore({ path: process.argv[2] ?? '' });
const api = await startTestApiServer({ store });
const { port } = await api.listen();
process.stdout.write(`${port}\n`);
