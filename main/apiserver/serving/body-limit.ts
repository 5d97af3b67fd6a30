import type { Readable } from 'node:stream';
import { newRequestEntityTooLarge } from '../../../kube/apimachinery/status-errors.ts';

/** Upstream's limit of a request body. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;

/** Reads a request body whole, refusing with 413 what is larger than the limit, without keeping more than the limit in memory. */
export function readLimitedBody(stream: Readable, signal: AbortSignal): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const finish = (act: () => void): void => {
      stream.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose);
      signal.removeEventListener('abort', onAbort);
      act();
    };
    const onData = (chunk: Buffer): void => {
      sizeBytes += chunk.length;
      if (sizeBytes > MAX_BODY_BYTES) {
        finish(() => reject(newRequestEntityTooLarge(`limit is ${MAX_BODY_BYTES}`)));
        stream.resume();
      } else chunks.push(chunk);
    };
    const onEnd = (): void => finish(() => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    const onError = (error: Error): void => finish(() => reject(error));
    const onClose = (): void => finish(() => reject(new Error('the client closed the request before its body was complete')));
    const onAbort = (): void => finish(() => reject(signal.reason));
    if (signal.aborted) return reject(signal.reason);
    stream.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
