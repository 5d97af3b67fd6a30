import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parallelGzip } from './parallel-gzip.ts';

async function* chunks(texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}
async function compressed(texts: readonly string[]): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of parallelGzip(chunks(texts), { level: 1 })) parts.push(part);
  return Buffer.concat(parts);
}

test.each([
  { name: 'nothing', texts: [] },
  { name: 'an empty chunk', texts: [''] },
  { name: 'one block', texts: ['a'.repeat(1000)] },
  { name: 'exactly one block', texts: ['b'.repeat(512 * 1024)] },
  { name: 'more blocks than are under way at once', texts: Array.from({ length: 40 }, (_, i) => `item ${i},`.repeat(6000)) },
])('$name comes back whole', async ({ texts }) => {
  expect(gunzipSync(await compressed(texts)).toString()).toBe(texts.join(''));
});

test('any text comes back whole', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.string(), fc.integer({ min: 1, max: 40_000 }))), async (pieces) => {
      const texts = pieces.map(([text, times]) => text.repeat(times).slice(0, 400_000));
      expect(gunzipSync(await compressed(texts)).toString()).toBe(texts.join(''));
    }),
    { numRuns: 30 },
  );
});

test('a source that fails fails the reader', async () => {
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(300_000);
    throw new Error('the list is gone');
  }
  const reading = async (): Promise<void> => {
    for await (const _part of parallelGzip(failing(), { level: 1 }));
  };
  await expect(reading()).rejects.toThrow('the list is gone');
});
