import { readBody } from '../../../kube/client/watch-frames.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../testing.ts';
import { requestsTo } from '../testing-requests.ts';

let server: TestApiServer;
const send = requestsTo(() => server);
beforeAll(async () => {
  server = await startTestApiServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const WIDGETS = '/apis/x.io/v1/namespaces/default/widgets';
const METADATA = { accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1' };

async function textOf(path: string, headers: Record<string, string> = {}): Promise<string> {
  const { body } = await server.transport.fetch({ method: 'GET', path, headers });
  return (await readBody(body)).replaceAll(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g, 'UID').replaceAll(/\d{4}-\d\d-\d\dT[\d:]+Z/g, 'TIME').replaceAll(/"resourceVersion":( ?)"\d+"/g, '"resourceVersion":$1"RV"');
}

test('a built-in object has its fields in the order of Go structs, and maps by key, as escaped for HTML', async () => {
  const metadata = { labels: { z: '1', a: '2' }, annotations: { resourceVersion: '', b: '<i>' }, name: 'c' };
  await send('POST', `${CONFIG_MAPS}?fieldManager=m`, { body: { data: { z: 'a&b', a: '1' }, metadata } });
  const fields = '"managedFields":[{"manager":"m","operation":"Update","apiVersion":"v1","time":"TIME","fieldsType":"FieldsV1","fieldsV1":{"f:data":{".":{},"f:a":{},"f:z":{}},"f:metadata":{"f:annotations":{".":{},"f:b":{},"f:resourceVersion":{}},"f:labels":{".":{},"f:a":{},"f:z":{}}}}}]';
  const written = `"metadata":{"name":"c","namespace":"default","uid":"UID","resourceVersion":"RV","creationTimestamp":"TIME","labels":{"a":"2","z":"1"},"annotations":{"b":"\\u003ci\\u003e","resourceVersion":""},${fields}}`;
  const data = '"data":{"a":"1","z":"a\\u0026b"}';
  expect(await textOf(`${CONFIG_MAPS}/c`)).toBe(`{"kind":"ConfigMap","apiVersion":"v1",${written},${data}}\n`);
  expect(await textOf(`${CONFIG_MAPS}/c`, METADATA)).toBe(`{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1",${written}}\n`);
  expect(await textOf(`${CONFIG_MAPS}?fieldSelector=metadata.name%3Dc`)).toBe(`{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"RV"},"items":[{${written},${data}}]}\n`);
});

test('indented JSON has the same order, and no newline at its end', async () => {
  const text = await textOf(`${CONFIG_MAPS}/c?pretty=true`);
  expect(JSON.stringify(JSON.parse(text))).toBe(JSON.stringify(JSON.parse(await textOf(`${CONFIG_MAPS}/c`))));
  expect(text.endsWith('\n}')).toBe(true);
});

test('what a controller writes in another order goes out in the same one', async () => {
  await send('PATCH', `${CONFIG_MAPS}/c`, { body: { metadata: { annotations: { a: '0' } } } });
  expect(await textOf(`${CONFIG_MAPS}/c`)).toContain('"annotations":{"a":"0","b":');
});

test('a custom resource has its members by name at every depth, its metadata alone in the order of fields', async () => {
  const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }];
  const names = { plural: 'widgets', kind: 'Widget' };
  await send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', { body: { metadata: { name: 'widgets.x.io' }, spec: { group: 'x.io', scope: 'Namespaced', names, versions } } });
  const body = {
    kind: 'Widget', apiVersion: 'x.io/v1', spec: { z: 1, a: { d: '<', c: 2 } }, data: { resourceVersion: '', metadata: { resourceVersion: '' } }, Zed: 1,
    metadata: { name: 'w', annotations: { resourceVersion: '' }, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'u', controller: true }] },
  };
  const sent = await send('POST', `${WIDGETS}?fieldManager=m`, { body });
  expect(sent.status).toBe(201);
  const text = await textOf(`${WIDGETS}/w`);
  expect(text).toMatch(/^\{"Zed":1,"apiVersion":"x\.io\/v1","data":\{"metadata":\{"resourceVersion":""\},"resourceVersion":""\},"kind":"Widget","metadata":\{"annotations":\{"resourceVersion":""\},"creationTimestamp":"TIME","generation":1,"managedFields":\[\{"apiVersion":/);
  expect(text).toMatch(/"name":"w","namespace":"default","ownerReferences":\[\{"apiVersion":"v1","controller":true,"kind":"Node","name":"n","uid":"u"\}\],"resourceVersion":"RV","uid":"UID"\},"spec":\{"a":\{"c":2,"d":"\\u003c"\},"z":1\}\}\n$/);
  expect(await textOf(WIDGETS)).toBe(`{"apiVersion":"x.io/v1","items":[${text.trimEnd()}],"kind":"WidgetList","metadata":{"continue":"","resourceVersion":"RV"}}\n`);
  const metadata = await textOf(`${WIDGETS}/w`, METADATA);
  expect(metadata).toMatch(/"metadata":\{"name":"w","namespace":"default","uid":"UID","resourceVersion":"RV","generation":1,"creationTimestamp":"TIME","annotations":\{"resourceVersion":""\},"ownerReferences":\[\{"apiVersion":"v1","kind":"Node","name":"n","uid":"u","controller":true\}\],"managedFields":\[\{"manager":"m",/);
});

test('an error is indented for whoever asks for a form that a Status has not', async () => {
  const { body } = await server.transport.fetch({ method: 'GET', path: `${CONFIG_MAPS}/none`, headers: METADATA });
  expect(await readBody(body)).toMatch(/^\{\n {2}"kind": "Status",\n[^]*\n\}$/);
});
