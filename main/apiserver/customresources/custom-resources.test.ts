import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../testing.ts';

let server: TestApiServer;
beforeAll(async () => {
  server = await startTestApiServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function send(method: string, path: string, { body, headers = {} }: { readonly body?: unknown; readonly headers?: Record<string, string> } = {}): Promise<Answer> {
  const response = await server.transport.fetch({ method, path, headers: { 'content-type': 'application/json', ...headers }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const text = Buffer.from(response.body as Uint8Array).toString('utf8');
  return { status: response.status, body: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : { text } };
}

const SPEC = { type: 'object', properties: { size: { type: 'integer', default: 2 }, color: { type: 'string' } } };

/** Creates a definition in a group of its own and waits until it is served; returns the path of its objects. */
async function define(group: string, version: Record<string, unknown> = {}): Promise<string> {
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec: SPEC, status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } } };
  const spec = { group, scope: 'Namespaced', names: { plural: 'things', kind: 'Thing', shortNames: ['th'] }, versions: [{ name: 'v1', served: true, storage: true, schema, ...version }] };
  const { status } = await send('POST', DEFINITIONS, { body: { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `things.${group}` }, spec } });
  expect(status).toBe(201);
  const path = `/apis/${group}/v1/namespaces/default/things`;
  await expect.poll(async () => (await send('GET', path)).status).toBe(200);
  return path;
}

const thing = (group: string, name: string, rest: object = {}): object => ({ apiVersion: `${group}/v1`, kind: 'Thing', metadata: { name }, ...rest });

describe('custom resources', () => {
  test('are served once their definition is there, with defaults and without unknown fields', async () => {
    const path = await define('a.test');
    const { status, body } = await send('POST', path, { body: thing('a.test', 'one', { spec: { color: 'red', nope: 1 } }) });
    expect([status, body['spec']]).toEqual([201, { color: 'red', size: 2 }]);
    const list = await send('GET', path);
    expect(list.body).toMatchObject({ kind: 'ThingList', items: [{ kind: 'Thing', apiVersion: 'a.test/v1' }] });
  });

  test('strict field validation refuses unknown fields', async () => {
    const path = await define('b.test');
    const { status, body } = await send('POST', `${path}?fieldValidation=Strict`, { body: thing('b.test', 'one', { spec: { nope: 1 } }) });
    expect([status, body['message']]).toEqual([400, 'Thing in version "v1" cannot be handled as a Thing: strict decoding error: unknown field "spec.nope"']);
  });

  test('keep the status to its subresource, and scale by their paths', async () => {
    const path = await define('c.test', { subresources: { status: {}, scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' } } });
    await send('POST', path, { body: thing('c.test', 'one', { spec: {}, status: { size: 9 } }) });
    const merge = { 'content-type': 'application/merge-patch+json' };
    await send('PATCH', `${path}/one/status`, { body: { status: { size: 1 }, spec: { size: 8 } }, headers: merge });
    await send('PATCH', `${path}/one/scale`, { body: { spec: { replicas: 4 } }, headers: merge });
    const { body } = await send('GET', `${path}/one`);
    expect(body).toMatchObject({ spec: { size: 4 }, status: { size: 1 }, metadata: { generation: 2 } });
  });

  test('have a Scale that needs no resourceVersion, has columns of its own and no protobuf form', async () => {
    const path = await define('scale.test', { subresources: { scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' } } });
    await send('POST', path, { body: thing('scale.test', 'one') });
    const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'one', namespace: 'default' }, spec: { replicas: 3 } };
    expect(await send('PUT', `${path}/one/scale`, { body: scale })).toMatchObject({ status: 200, body: { spec: { replicas: 3 } } });
    const { body: table } = await send('GET', `${path}/one/scale`, { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } });
    const columns = table['columnDefinitions'] as unknown as readonly { name: string; format: string; description: string }[];
    expect(columns.map(({ name }) => name)).toEqual(['Name', 'Desired', 'Available', 'Age']);
    expect(columns.slice(0, 2)).toMatchObject([{ format: 'name' }, { description: 'Number of desired replicas' }]);
    expect((await send('GET', `${path}/one/scale`, { headers: { accept: 'application/vnd.kubernetes.protobuf' } })).status).toBe(406);
    const { body: refusal } = await send('GET', `${path}/one/scale`, { headers: { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' } });
    expect(refusal['message']).toBe('you requested PartialObjectMetadataList, but the requested object is not a list (*v1.Scale)');
  });

  test('have no Scale to read before they say how many replicas they want', async () => {
    const path = await define('scaleless.test', { subresources: { scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' } } });
    await send('POST', path, { body: thing('scaleless.test', 'one') });
    const read = () => send('GET', `${path}/one/scale`);
    expect(await read()).toMatchObject({ status: 500, body: { reason: 'InternalError', message: 'Internal error occurred: the spec replicas field ".spec.size" does not exist' } });
    await send('PATCH', `${path}/one/scale`, { body: { spec: { replicas: 4 } }, headers: { 'content-type': 'application/merge-patch+json' } });
    expect(await read()).toMatchObject({ status: 200, body: { spec: { replicas: 4 } } });
  });

  test('are refused in the words of the one handler that serves them all', async () => {
    const path = await define('words.test', { subresources: { status: {} } });
    await send('POST', path, { body: thing('words.test', 'one') });
    const ask = async (method: string, rest: string, headers = {}) => {
      const { status, body } = await send(method, path + rest, { headers });
      return [status, body['message']];
    };
    expect(await ask('GET', '?fieldSelector=a%3Db')).toEqual([400, 'field label not supported: a']);
    expect(await ask('DELETE', '/one/status')).toEqual([405, 'delete is not supported on resources of kind "things.words.test"']);
    expect((await ask('PATCH', '', { 'content-type': 'text/plain' }))[0]).toBe(415);
    expect(await ask('PATCH', '', { 'content-type': 'application/merge-patch+json' })).toEqual([400, 'name must be provided']);
    const { body: table } = await send('GET', `${path}?limit=1`, { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } });
    expect(Object.keys(table['metadata'] as object)[0]).toBe('resourceVersion');
  });

  // Upstream ends the connection here; this is what it tells of a type that it does not know.
  test('refuse a body in protobuf', async () => {
    const path = await define('pb.test');
    await send('POST', path, { body: thing('pb.test', 'one') });
    const headers = { 'content-type': 'application/vnd.kubernetes.protobuf' };
    for (const [method, name] of [['POST', ''], ['PUT', '/one']] as const) {
      const { status, body } = await send(method, path + name, { body: {}, headers });
      expect([status, body['reason']]).toEqual([415, 'UnsupportedMediaType']);
    }
  });

  test('know no strategic merge patch', async () => {
    const path = await define('d.test');
    await send('POST', path, { body: thing('d.test', 'one') });
    expect((await send('PATCH', `${path}/one`, { body: {}, headers: { 'content-type': 'application/strategic-merge-patch+json' } })).status).toBe(415);
  });

  test('appear in discovery and OpenAPI', async () => {
    await define('e.test');
    expect((await send('GET', '/apis/e.test/v1')).body).toMatchObject({ resources: [{ name: 'things', kind: 'Thing', shortNames: ['th'] }] });
    const { body } = await send('GET', '/openapi/v3/apis/e.test/v1');
    expect(body).toMatchObject({ components: { schemas: { 'test.e.v1.Thing': { properties: { spec: { type: 'object' } } } } } });
  });

  test('print the columns of their definition', async () => {
    const path = await define('f.test', { additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }] });
    await send('POST', path, { body: thing('f.test', 'one', { spec: {} }) });
    const { body } = await send('GET', path, { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } });
    expect(body).toMatchObject({ columnDefinitions: [{ name: 'Name' }, { name: 'Size', type: 'integer' }], rows: [{ cells: ['one', 2] }] });
  });

  test('have a definition whose status the API server owns', async () => {
    await define('m.test');
    const { managedFields } = (await send('GET', `${DEFINITIONS}/things.m.test`)).body['metadata'] as { managedFields: readonly { manager: string; fieldsV1: object }[] };
    const own = managedFields.find(({ manager }) => manager === 'kube-apiserver');
    expect(own).toMatchObject({ operation: 'Update', subresource: 'status' });
    expect(Object.keys(own?.fieldsV1 ?? {})).toEqual(['f:status']);
  });

  test('go with their definition', async () => {
    const path = await define('g.test');
    await send('POST', path, { body: thing('g.test', 'one') });
    await send('DELETE', `${DEFINITIONS}/things.g.test`);
    await expect.poll(async () => (await send('GET', `${DEFINITIONS}/things.g.test`)).status).toBe(404);
    await expect.poll(async () => (await send('GET', path)).status).toBe(404);
    await define('g.test');
    expect((await send('GET', path)).body).toMatchObject({ items: [] });
  });

  test('whose names are taken are not established', async () => {
    await define('h.test');
    const names = { plural: 'others', kind: 'Thing' };
    const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }];
    await send('POST', DEFINITIONS, { body: { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'others.h.test' }, spec: { group: 'h.test', scope: 'Cluster', names, versions } } });
    const conditions = async (): Promise<unknown> => ((await send('GET', `${DEFINITIONS}/others.h.test`)).body['status'] as { conditions: unknown }).conditions;
    await expect.poll(conditions).toMatchObject([{ type: 'NamesAccepted', status: 'False', reason: 'ListKindConflict', message: '"ThingList" is already in use' }, { type: 'Established', status: 'False' }]);
  });
});
