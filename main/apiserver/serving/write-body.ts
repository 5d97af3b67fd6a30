import type { Writable } from 'node:stream';

/** The next chunk is made while this much is on its way. */
const MAX_UNREAD_BYTES = 512 * 1024;

/**
 * Writes a response body and ends the stream. A slow reader holds back its own source only: the next chunk is taken after the stream has
 * drained, and at most one chunk more than the above waits in memory.
 */
export async function writeBody(stream: Writable, body: Uint8Array | AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  if (body instanceof Uint8Array) {
    stream.end(body);
    return;
  }
  const iterator = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await iterator.next();
      if (next.done || stream.destroyed) break;
      if (!stream.write(next.value) && stream.writableLength >= MAX_UNREAD_BYTES) await drained(stream, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await iterator.return?.();
    if (!stream.destroyed) stream.end();
  }
}

function drained(stream: Writable, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done).off('close', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    if (signal.aborted || stream.destroyed) return resolve();
    stream.on('drain', done).on('close', done);
    signal.addEventListener('abort', done, { once: true });
  });
}

/** A body that nobody will read: lets its source clean up. */
export async function discardBody(body: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
  if (!(body instanceof Uint8Array)) await body[Symbol.asyncIterator]().return?.();
}
