import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../testing.ts';
import { requestsTo } from '../testing-requests.ts';

let server: TestApiServer;
const send = requestsTo(() => server);
beforeAll(async () => {
  server = await startTestApiServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const DAEMON_SETS = '/apis/apps/v1/namespaces/default/daemonsets';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const as = (kind: string) => ({ accept: `application/json;as=${kind};v=v1;g=meta.k8s.io` });

test('the metadata of a DaemonSet alone is without the annotation that stands for a field', async () => {
  const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const created = await send('POST', DAEMON_SETS, { body: { metadata: { name: 'd' }, spec: { selector: { matchLabels: { app: 'a' } }, template } } });
  expect(created.body.metadata['annotations']).toEqual({ 'deprecated.daemonset.template.generation': '1' });
  const one = await send('GET', `${DAEMON_SETS}/d`, { headers: as('PartialObjectMetadata') });
  const list = await send('GET', DAEMON_SETS, { headers: as('PartialObjectMetadataList') });
  const table = await send('GET', DAEMON_SETS, { headers: as('Table') });
  const items = list.body['items'] as readonly { metadata: Record<string, unknown> }[];
  const rows = table.body['rows'] as readonly { object: { metadata: Record<string, unknown> } }[];
  for (const metadata of [one.body.metadata, items[0]?.metadata, rows[0]?.object.metadata]) {
    expect(metadata).toMatchObject({ name: 'd' });
    expect(metadata).not.toHaveProperty('annotations');
  }
});

test('rows with whole objects have their kind', async () => {
  await send('POST', CONFIG_MAPS, { body: { metadata: { name: 'row' } } });
  const { body } = await send('GET', `${CONFIG_MAPS}?includeObject=Object`, { headers: as('Table') });
  expect((body['rows'] as readonly { object: object }[])[0]?.object).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1' });
});

test('a list is no single object, nor the other way round', async () => {
  const list = await send('GET', CONFIG_MAPS, { headers: as('PartialObjectMetadata') });
  expect([list.status, list.body.message]).toEqual([406, 'you requested PartialObjectMetadata, but the requested object is a list (*core.ConfigMapList)']);
  const one = await send('GET', `${CONFIG_MAPS}/row`, { headers: as('PartialObjectMetadataList') });
  expect([one.status, one.body.message]).toEqual([406, 'you requested PartialObjectMetadataList, but the requested object is not a list (*core.ConfigMap)']);
});

test('a patch of an object that is going away, and changes nothing, writes nothing', async () => {
  await send('POST', CONFIG_MAPS, { body: { metadata: { name: 'going', finalizers: ['x.io/f'] } } });
  const going = await send('DELETE', `${CONFIG_MAPS}/going`);
  const patched = await send('PATCH', `${CONFIG_MAPS}/going`, { body: { metadata: { deletionTimestamp: null } } });
  expect(patched.body.metadata['resourceVersion']).toBe(going.body.metadata['resourceVersion']);
});
