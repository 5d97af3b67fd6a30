import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreUnavailableError } from '../../etcd/store.ts';
import { bareJsonHead, jsonHead } from './json-head.ts';
import { jsonListChunks } from './json-list.ts';
import { type TestStorage, openTestStorage, pod, podHead } from './test-storage.fixture.ts';

const parse = (json: Uint8Array): unknown => JSON.parse(Buffer.from(json).toString());

describe('object storage', () => {
  let test: TestStorage;
  beforeEach(async () => {
    test = await openTestStorage();
  });
  afterEach(() => test.dispose());
  const a = { namespace: 'default', name: 'a' };

  it('creates, and gives back the object with its resourceVersion, decoded and as bytes', async () => {
    const created = await test.pods.create(pod('a', { image: 'nginx' }));
    expect(created.object).toEqual({ ...pod('a', { image: 'nginx' }), metadata: { ...pod('a').metadata, resourceVersion: created.resourceVersion } });
    const read = await test.pods.get(a);
    expect(parse(read.json(podHead))).toEqual(read.object);
    expect(Object.isFrozen(read.object.spec)).toBe(true);
    expect(parse(read.json(jsonHead({ apiVersion: 'v2', kind: 'Pod' })))).toMatchObject({ apiVersion: 'v2' });
    expect(parse(read.json(bareJsonHead))).not.toHaveProperty('kind');
  });

  it('answers NotFound and AlreadyExists in upstream words', async () => {
    await expect(test.pods.get(a)).rejects.toThrow('pods "a" not found');
    await test.pods.create(pod('a'));
    await expect(test.pods.create(pod('a'))).rejects.toMatchObject({ status: { code: 409, reason: 'AlreadyExists', message: 'pods "a" already exists' } });
  });

  it('retries an update until nobody has written in between', async () => {
    await test.pods.create(pod('a', { image: '0' }));
    const add = () => test.pods.guaranteedUpdate(a, (current) => ({ ...current, spec: { image: String(Number(current.spec.image) + 1) } }));
    await Promise.all(Array.from({ length: 20 }, add));
    expect((await test.pods.get(a)).object.spec.image).toBe('20');
  });

  it('writes nothing when an update changes nothing', async () => {
    const created = await test.pods.create(pod('a', { image: '1' }));
    const { revision } = test.store;
    const same = await test.pods.guaranteedUpdate(a, (current) => structuredClone(current));
    expect([same.resourceVersion, test.store.revision]).toEqual([created.resourceVersion, revision]);
  });

  it('refuses when a precondition fails, in upstream words', async () => {
    await test.pods.create(pod('a'));
    const update = test.pods.guaranteedUpdate(a, (current) => current, { preconditions: { uid: 'other' } });
    await expect(update).rejects.toThrow(
      'Operation cannot be fulfilled on pods "a": StorageError: invalid object, Code: 4, Key: /registry/pods/default/a, ' +
        'ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: other, UID in object meta: uid-a',
    );
    await expect(test.pods.delete(a, { preconditions: { resourceVersion: '1' } })).rejects.toMatchObject({ status: { reason: 'Conflict' } });
  });

  it('deletes, after a last look at what is deleted', async () => {
    const { resourceVersion } = await test.pods.create(pod('a'));
    const refuse = (): never => {
      throw new Error('in use');
    };
    await expect(test.pods.delete(a, { validate: refuse })).rejects.toThrow('in use');
    const deleted = await test.pods.delete(a, { preconditions: { uid: 'uid-a', resourceVersion } });
    expect(deleted.object.metadata).toMatchObject({ name: 'a', resourceVersion: String(test.store.revision) });
    expect(await test.pods.count()).toBe(0);
  });

  it('answers 503 while the store cannot write, and reads on', async () => {
    await test.pods.create(pod('a'));
    test.backend.failWith(new StoreUnavailableError('diskFull', 'the disk is full'));
    await expect(test.pods.create(pod('b'))).rejects.toMatchObject({ status: { code: 503, message: 'the disk is full' } });
    expect((await test.pods.list()).items).toHaveLength(1);
    test.backend.failWith();
    await test.pods.create(pod('b'));
    expect((await test.pods.list()).items).toHaveLength(2);
  });

  it('lets objects with a time to live go, on shared leases', async () => {
    for (const name of ['a', 'b']) await test.pods.create(pod(name), { ttlSeconds: 3600 });
    await test.pods.create(pod('stays'));
    const leases = new Set((await test.store.range({ start: '/registry/', end: '/registry0' })).kvs.map((kv) => kv.lease));
    expect(leases.size).toBe(2);
    await test.clock.advance(3_599_000);
    expect(await test.pods.count()).toBe(3);
    await test.clock.advance(62_000);
    expect(await test.pods.count()).toBe(1);
  });

  it('turns what another version stored into its own', async () => {
    const value = new TextEncoder().encode(JSON.stringify({ apiVersion: 'v0', kind: 'Pod', metadata: { name: 'old', namespace: 'default' }, spec: {} }));
    await test.store.txn({ compare: [], success: [{ type: 'put', key: '/registry/pods/default/old', value }] });
    const { items } = await test.pods.list();
    expect(parse(items[0]!.json(podHead))).toMatchObject({ apiVersion: 'v1', metadata: { name: 'old', resourceVersion: '2' } });
    expect(items[0]!.object.apiVersion).toBe('v1');
  });

  it('keeps other encodings with the object', async () => {
    const stored = await test.pods.create(pod('a'));
    let encodings = 0;
    const encode = () => new Uint8Array([++encodings]);
    expect([stored.encoded('x', encode), stored.encoded('x', encode), stored.encoded('y', encode)]).toEqual([[1], [1], [2]].map((one) => new Uint8Array(one)));
  });

  it('writes a list from the kept bytes, in several chunks', async () => {
    const image = 'x'.repeat(5000);
    for (let i = 0; i < 120; i++) await test.pods.create(pod(`p-${String(i).padStart(3, '0')}`, { image }));
    const list = await test.pods.list();
    const chunks = [...jsonListChunks(list, { kind: 'PodList', apiVersion: 'v1' })];
    expect(chunks.length).toBeGreaterThan(3);
    const parsed = parse(Buffer.concat(chunks)) as { metadata: unknown; items: { metadata: { name: string; resourceVersion: string } }[] };
    expect(parsed.metadata).toEqual({ resourceVersion: list.resourceVersion });
    expect(parsed.items.map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`)).toEqual(list.items.map((item) => `${item.name}@${item.resourceVersion}`));
    const empty = [...jsonListChunks({ resourceVersion: '7', items: [] }, { kind: 'PodList', apiVersion: 'v1' })];
    expect(Buffer.concat(empty).toString()).toBe('{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[]}\n');
  });
});

describe('object storage with encryption at rest', () => {
  it('keeps no plain text in the store and reads it back', async () => {
    const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ 0x55);
    const test = await openTestStorage({ transformer: { toStorage: flip, fromStorage: flip, isCurrent: () => true } });
    await test.pods.create(pod('a', { image: 'secret' }));
    const { kvs } = await test.store.range({ start: '/registry/pods/default/a' });
    expect(Buffer.from(kvs[0]!.value).toString()).not.toContain('secret');
    expect((await test.pods.list()).items[0]!.object.spec.image).toBe('secret');
    await test.dispose();
  });
});
