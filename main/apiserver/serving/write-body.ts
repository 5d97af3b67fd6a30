import type { Writable } from 'node:stream';
import { LongBody } from '../storage/chunk-buffers.ts';

/** The next chunk of a list is made while this much is on its way. */
const MAX_UNREAD_BYTES = 512 * 1024;
/** The same of watches and other streams, of which a client may have a thousand and read none. */
const MAX_UNREAD_STREAM_BYTES = 64 * 1024;
/** A body of this size or more may take its reader a while. */
const LARGE_BYTES = 64 * 1024;

export interface Reader {
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
  readonly stalledReaderMs: number;
}

/**
 * Writes a response body and ends the stream. A slow reader holds back its own source only: the next chunk is taken after the stream has
 * drained, and at most one chunk more than the above waits in memory. A reader that stalls is cut off.
 */
export async function writeBody(stream: Writable, body: Uint8Array | AsyncIterable<Uint8Array>, reader: Reader): Promise<void> {
  if (body instanceof Uint8Array) {
    stream.end(body);
    if (body.length >= LARGE_BYTES && stream.writableLength > 0) cutWhenStalled(stream, reader);
    return;
  }
  const iterator = body[Symbol.asyncIterator]();
  const maxUnreadBytes = body instanceof LongBody ? MAX_UNREAD_BYTES : MAX_UNREAD_STREAM_BYTES;
  const recycle = body instanceof LongBody ? (chunk: Uint8Array) => body.recycle(chunk) : undefined;
  try {
    for (;;) {
      const next = await iterator.next();
      if (next.done || stream.destroyed) break;
      const chunk = next.value;
      if (!stream.write(chunk, recycle && (() => recycle(chunk))) && stream.writableLength >= maxUnreadBytes) await drained(stream, reader);
    }
  } catch (error) {
    if (!reader.signal.aborted) throw error;
  } finally {
    await iterator.return?.();
    if (!stream.destroyed) stream.end();
    if (stream.writableLength >= LARGE_BYTES) cutWhenStalled(stream, reader);
  }
}

/** Destroys the stream unless it is written out or closed in time. */
function cutWhenStalled(stream: Writable, { stalledReaderMs }: Reader): void {
  const timer = setTimeout(() => stream.destroy(), stalledReaderMs).unref();
  const done = (): void => clearTimeout(timer);
  stream.once('finish', done).once('close', done);
}

function drained(stream: Writable, { signal, stalledReaderMs }: Reader): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => stream.destroy(), stalledReaderMs);
    const done = (): void => {
      clearTimeout(timer);
      stream.off('drain', done).off('close', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    if (signal.aborted || stream.destroyed) return done();
    stream.on('drain', done).on('close', done);
    signal.addEventListener('abort', done, { once: true });
  });
}

/** A body that nobody will read: lets its source clean up. */
export async function discardBody(body: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
  if (!(body instanceof Uint8Array)) await body[Symbol.asyncIterator]().return?.();
}
