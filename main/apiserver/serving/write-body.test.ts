import { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { LongBody } from '../storage/chunk-buffers.ts';
import { writeBody } from './write-body.ts';

const KIB = 1024;

/** Bytes taken from the source by a client that reads nothing. */
async function takenByStalled(bodyOf: (chunks: () => Iterable<Uint8Array>) => AsyncIterable<Uint8Array>): Promise<number> {
  let taken = 0;
  function* chunks(): Generator<Uint8Array> {
    for (let i = 0; i < 100; i++) {
      taken += 32 * KIB;
      yield new Uint8Array(32 * KIB);
    }
  }
  const client = new AbortController();
  const stream = new Writable({ write: () => {} });
  const written = writeBody(stream, bodyOf(chunks), { signal: client.signal, stalledReaderMs: 60_000 });
  for (let turn = 0; turn < 200; turn++) await nextTurn();
  stream.destroy();
  await written;
  return taken;
}

test('of a stream that nobody reads little waits in memory, of a list a little more', async () => {
  const stream = await takenByStalled(async function* (chunks) {
    yield* chunks();
  });
  expect(stream).toBeLessThanOrEqual(96 * KIB);
  const list = await takenByStalled((chunks) => new LongBody(chunks));
  expect(list).toBeGreaterThan(256 * KIB);
  expect(list).toBeLessThanOrEqual(576 * KIB);
});
