import { expect, it } from 'vitest';
import type { Resource } from '../apimachinery/gvr.ts';
import type { KubernetesObject } from '../apimachinery/object-meta.ts';
import { describeClient } from './client.contract.ts';
import { FakeClient } from './fake-client.ts';

describeClient('FakeClient', async () => ({ client: new FakeClient(), namespace: 'default', [Symbol.asyncDispose]: async () => {} }));

const things: Resource<KubernetesObject & { spec?: unknown; status?: unknown }> = { group: 'x.io', version: 'v1', resource: 'things', kind: 'Thing', namespaced: true };

it('keeps an object with finalizers until the last one is gone', async () => {
  const client = new FakeClient();
  const created = await client.create(things, { apiVersion: '', kind: '', metadata: { name: 'a', namespace: 'n', finalizers: ['x.io/f'] } });
  await client.delete(things, { namespace: 'n', name: 'a' });
  const dying = await client.get(things, { namespace: 'n', name: 'a' });
  expect(dying.metadata.deletionTimestamp).toBeDefined();
  await client.update(things, { ...dying, metadata: { ...dying.metadata, finalizers: [] } });
  expect((await client.list(things)).items).toEqual([]);
  expect(created.kind).toBe('Thing');
});

it('writes only the status through the status subresource and counts generations', async () => {
  const client = new FakeClient();
  const created = await client.create(things, { apiVersion: '', kind: '', metadata: { name: 'a', namespace: 'n' }, spec: { x: 1 } });
  const status = await client.update(things, { ...created, spec: { x: 2 }, status: { ready: true } }, { subresource: 'status' });
  expect(status).toMatchObject({ spec: { x: 1 }, status: { ready: true }, metadata: { generation: 1 } });
  const next = await client.update(things, { ...status, spec: { x: 3 } });
  expect(next.metadata.generation).toBe(2);
});
