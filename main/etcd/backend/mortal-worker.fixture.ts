/** An SQLite thread that may end at any request, before or after its work, unreported. */
import { parentPort } from 'node:worker_threads';
import type { SqliteReply } from './sqlite-messages.ts';

const port = parentPort!;
const answer = port.postMessage.bind(port);
const fate = (): boolean => Math.random() < 0.01;
let requests = 0;
port.on('message', () => {
  // It loads first, and tells of the redo log.
  if (++requests > 10 && fate()) process.exit(1);
});
let isDying = false;
port.postMessage = (reply: SqliteReply) => {
  isDying ||= requests > 10 && fate();
  if (isDying) throw new Error('died after the work');
  answer(reply);
};
await import('./sqlite-worker.ts');
