import { expect, test } from 'vitest';
import { ChunkBuffers } from './chunk-buffers.ts';
import { jsonHead } from './json-head.ts';
import { jsonListChunks } from './json-list.ts';
import { openTestStorage, pod } from './test-storage.fixture.ts';

const head = jsonHead({ apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata' });
const read = (chunks: Iterable<Uint8Array>): { items: unknown[] } => JSON.parse(Buffer.concat([...chunks]).toString()) as { items: unknown[] };

test('a metadata list is cut from the stored bytes, whatever the metadata has in it', async () => {
  const { pods, dispose } = await openTestStorage();
  await pods.create(pod('a', { labels: { 'x}"': '}"{\\' }, image: '{"metadata":{' }));
  await pods.create(pod('b'));
  const list = await pods.list();
  const { items } = read(jsonListChunks(list, { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', itemHead: head, metadataOnly: true }));
  const expected = list.items.map(({ object: { metadata } }) => ({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata }));
  expect(items).toEqual(expected);
  await dispose();
});

test('a long list comes in pieces that are one JSON text', async () => {
  const { pods, dispose } = await openTestStorage();
  for (let number = 0; number < 5; number++) await pods.create(pod(`p${number}`, { image: 'x'.repeat(150_000) }));
  const chunks = [...jsonListChunks(await pods.list(), { kind: 'PodList', apiVersion: 'v1' })];
  expect(chunks.length).toBe(7);
  expect(read(chunks).items.length).toBe(5);
  await dispose();
});

test('pieces that were given back are used again, and the text stays the same', async () => {
  const { pods, dispose } = await openTestStorage();
  for (let number = 0; number < 20; number++) await pods.create(pod(`p${number}`, { image: 'x'.repeat(20_000) }));
  await pods.create(pod('large', { image: 'y'.repeat(100_000) }));
  const buffers = new ChunkBuffers();
  const list = await pods.list();
  const memories = new Set<ArrayBufferLike>();
  let text = '';
  for (const chunk of jsonListChunks(list, { kind: 'PodList', apiVersion: 'v1', buffers })) {
    if (chunk.length > 100) memories.add(chunk.buffer);
    text += Buffer.from(chunk).toString();
    buffers.recycle(chunk);
  }
  expect(memories.size).toBe(2);
  expect(text).toBe(Buffer.concat([...jsonListChunks(list, { kind: 'PodList', apiVersion: 'v1' })]).toString());
  await dispose();
});

test('an empty list has no items', async () => {
  const { pods, dispose } = await openTestStorage();
  expect(read(jsonListChunks(await pods.list(), { kind: 'PodList', apiVersion: 'v1' })).items).toEqual([]);
  await dispose();
});
