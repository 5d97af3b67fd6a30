import { expect, test } from 'vitest';
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
  expect(chunks.length).toBe(5);
  expect(read(chunks).items.length).toBe(5);
  await dispose();
});

test('an empty list has no items', async () => {
  const { pods, dispose } = await openTestStorage();
  expect(read(jsonListChunks(await pods.list(), { kind: 'PodList', apiVersion: 'v1' })).items).toEqual([]);
  await dispose();
});
