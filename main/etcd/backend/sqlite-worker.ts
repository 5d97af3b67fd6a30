import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../../kube/apimachinery/assert.ts';
import { SqliteLog, type SqliteLogOptions } from './sqlite-log.ts';
import type { SqliteFailure, SqliteReply, SqliteRequest } from './sqlite-messages.ts';

/** The SQLite thread: takes one request at a time and answers each. */
function serve(port: MessagePort, options: SqliteLogOptions): void {
  let log: SqliteLog | undefined;
  port.on('message', (request: SqliteRequest) => {
    try {
      if (request.type === 'close') {
        log?.close();
        port.postMessage({ type: 'done' } satisfies SqliteReply);
        port.close();
        return;
      }
      log ??= new SqliteLog(options);
      const reply = answer(log, request);
      port.postMessage(reply, reply.type === 'page' ? [reply.page.values.buffer] : []);
      log.prepare();
    } catch (error) {
      port.postMessage({ type: 'failed', error: failureOf(error) } satisfies SqliteReply);
    }
  });
}

function answer(log: SqliteLog, request: Exclude<SqliteRequest, { type: 'close' }>): SqliteReply {
  switch (request.type) {
    case 'load':
      return { type: 'page', page: log.load() };
    case 'append':
      log.append(request.batches, request.redo);
      return { type: 'done' };
    case 'compact':
      log.noteCompaction(request.revision);
      return { type: 'done' };
    case 'delete':
      log.deleteRows(request.rowIds);
      return { type: 'done' };
  }
}

function failureOf(error: unknown): SqliteFailure {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = (error as { errcode?: unknown }).errcode;
  // The low byte is the primary code; the rest says more precisely what kind of I/O error it was.
  return typeof code === 'number' ? { message: error.message, code: code & 0xff } : { message: error.message };
}

assert(parentPort !== null, 'sqlite-worker.ts is the entry of a worker thread');
serve(parentPort, workerData as SqliteLogOptions);
