/** An SQLite thread that dies: a write of `/die-before` is lost with it, one of `/die-after` is in the file and ends with an uncaught error, unreported. */
import { parentPort } from 'node:worker_threads';
import type { SqliteReply, SqliteRequest } from './sqlite-messages.ts';

const port = parentPort!;
const answer = port.postMessage.bind(port);
let isDying = false;
port.on('message', (request: SqliteRequest) => {
  const keys = request.type === 'append' ? request.batches.flatMap(({ rows }) => rows.map(({ key }) => key)) : [];
  if (keys.includes('/die-before')) process.exit(1);
  isDying = keys.includes('/die-after');
});
port.postMessage = (reply: SqliteReply) => {
  if (isDying) throw new Error('died after the write');
  answer(reply);
};
await import('./sqlite-worker.ts');
