import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import { startTestApiServer, type TestApiServer } from '../../testing.ts';

/** v1 has `hostPort: "a:1"`, v2 `host` and `port`: upstream's example of a conversion. */
type Custom = KubernetesObject & { hostPort?: string; host?: string; port?: string };
interface Review {
  readonly apiVersion: string;
  readonly request: { readonly uid: string; readonly desiredAPIVersion: string; readonly objects: readonly Custom[] };
}

let server: TestApiServer;
let webhook: ReturnType<typeof createServer>;
let change: (response: Record<string, unknown>, review: Review) => unknown;
const reviews: Review[] = [];

function converted({ hostPort, host, port, ...object }: Custom, apiVersion: string): Custom {
  if (object.apiVersion === apiVersion) return { ...object, ...(hostPort === undefined ? { host, port } : { hostPort }) } as Custom;
  if (apiVersion.endsWith('/v1')) return { ...object, apiVersion, hostPort: `${host}:${port}` };
  const [name = '', number = ''] = (hostPort ?? '').split(':');
  return { ...object, apiVersion, host: name, port: number };
}

beforeAll(async () => {
  server = await startTestApiServer();
  const { certificate, key } = server.certificates.server;
  webhook = createServer({ cert: certificate, key }, (request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const review = JSON.parse(Buffer.concat(parts).toString()) as Review;
      reviews.push(review);
      const { uid, desiredAPIVersion, objects } = review.request;
      const answer = { uid, result: { status: 'Success' }, convertedObjects: objects.map((object) => converted(object, desiredAPIVersion)) };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ apiVersion: review.apiVersion, kind: 'ConversionReview', response: change(answer, review) }));
    });
  });
  webhook.listen(0, '127.0.0.1');
  await once(webhook, 'listening');
  await created('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition());
  await vi.waitFor(async () => expect((await ask('GET', `${ITEMS('v2')}`)).status).toBe(200), { timeout: 20_000, interval: 25 });
});
beforeEach(() => {
  change = (answer) => answer;
  reviews.length = 0;
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  webhook.closeAllConnections();
  webhook.close();
});

const ITEMS = (version: string): string => `/apis/stable.example.com/${version}/namespaces/default/targets`;

function definition(storage = 'v1'): object {
  const version = (name: string, fields: readonly string[]): object => ({
    name, served: true, storage: name === storage, subresources: { status: {} }, selectableFields: fields.map((field) => ({ jsonPath: `.${field}` })),
    schema: { openAPIV3Schema: { type: 'object', properties: { ...Object.fromEntries(fields.map((field) => [field, { type: 'string' }])), status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } } },
  });
  const url = `https://127.0.0.1:${(webhook.address() as AddressInfo).port}/convert`;
  return {
    metadata: { name: 'targets.stable.example.com' },
    spec: {
      group: 'stable.example.com', scope: 'Namespaced', names: { plural: 'targets', kind: 'Target' }, versions: [version('v1', ['hostPort']), version('v2', ['host', 'port'])],
      conversion: { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'], clientConfig: { url, caBundle: Buffer.from(server.certificates.ca).toString('base64') } } },
    },
  };
}

async function ask(method: string, path: string, body?: unknown, type = 'application/json'): Promise<{ status: number; json: Custom & { items?: Custom[]; message?: string } }> {
  const response = await server.transport.fetch({ method, path, headers: { 'content-type': type, accept: 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  return { status: response.status, json: JSON.parse(Buffer.from(response.body as Uint8Array).toString()) as Custom };
}

async function created(path: string, body: object): Promise<Custom> {
  const { status, json } = await ask('POST', path, body);
  expect(status, json.message).toBe(201);
  return json;
}

const v1 = (name: string, hostPort: string): object => ({ apiVersion: 'stable.example.com/v1', kind: 'Target', metadata: { name }, hostPort });
const v2 = (name: string, host: string, port: string): object => ({ apiVersion: 'stable.example.com/v2', kind: 'Target', metadata: { name }, host, port });

test('an object created in one version is read, listed and updated in the other', async () => {
  await created(ITEMS('v1'), v1('one', 'a:1'));
  expect(reviews).toEqual([]);
  const read = await ask('GET', `${ITEMS('v2')}/one`);
  expect(read.json).toMatchObject({ apiVersion: 'stable.example.com/v2', host: 'a', port: '1' });
  expect(reviews[0]).toMatchObject({ apiVersion: 'apiextensions.k8s.io/v1', request: { desiredAPIVersion: 'stable.example.com/v2', objects: [{ apiVersion: 'stable.example.com/v1', hostPort: 'a:1' }] } });
  expect((await ask('PUT', `${ITEMS('v2')}/one`, { ...read.json, port: '2' })).json).toMatchObject({ port: '2', metadata: { generation: 2, managedFields: [{ apiVersion: 'stable.example.com/v2', fieldsV1: { 'f:port': {} } }] } });
  expect((await ask('GET', `${ITEMS('v1')}/one`)).json).toMatchObject({ apiVersion: 'stable.example.com/v1', hostPort: 'a:2' });
});

test('an object created in a version that is not stored is stored in the other', async () => {
  await created(ITEMS('v2'), v2('two', 'b', '1'));
  const { kvs } = await server.store.range({ start: '/registry/stable.example.com/targets/default/two' });
  expect(JSON.parse(Buffer.from(kvs[0]?.value ?? '').toString())).toMatchObject({ apiVersion: 'stable.example.com/v1', hostPort: 'b:1' });
  const { json } = await ask('GET', ITEMS('v2'));
  expect(json.items?.map(({ metadata, host }) => [metadata.name, host])).toEqual([['one', 'a'], ['two', 'b']]);
});

test('a list is converted with one question, and again without any', async () => {
  await created(ITEMS('v1'), v1('three', 'c:3'));
  await created(ITEMS('v1'), v1('four', 'd:4'));
  reviews.length = 0;
  const { json } = await ask('GET', `${ITEMS('v2')}?fieldSelector=host%3Dc`);
  expect(json.items?.map(({ metadata }) => metadata.name)).toEqual(['three']);
  expect(reviews.map(({ request }) => request.objects.length)).toEqual([2]);
  await ask('GET', ITEMS('v2'));
  expect(reviews).toHaveLength(1);
});

test('a watch of the other version is converted, and selects by that version\'s fields', async () => {
  const { json: { metadata } } = await ask('GET', ITEMS('v2'));
  const response = await server.transport.fetch({ method: 'GET', path: `${ITEMS('v2')}?watch=true&fieldSelector=host%3Dw&resourceVersion=${metadata.resourceVersion}`, headers: { accept: 'application/json' } });
  const events = (response.body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => {
    const { type, object } = JSON.parse(Buffer.from((await events.next()).value as Uint8Array).toString()) as { type: string; object: Custom };
    return [type, object.apiVersion, object.host, object.port];
  };
  await created(ITEMS('v1'), v1('five', 'w:1'));
  expect(await next()).toEqual(['ADDED', 'stable.example.com/v2', 'w', '1']);
  await ask('PATCH', `${ITEMS('v1')}/five`, { hostPort: 'w:2' }, 'application/merge-patch+json');
  expect(await next()).toEqual(['MODIFIED', 'stable.example.com/v2', 'w', '2']);
  await ask('PATCH', `${ITEMS('v2')}/five`, { host: 'x' }, 'application/merge-patch+json');
  expect(await next()).toEqual(['DELETED', 'stable.example.com/v2', 'x', '2']);
  await events.return?.();
});

test('server-side apply in one version keeps what managers of the other version own', async () => {
  await ask('PATCH', `${ITEMS('v1')}/six?fieldManager=first`, v1('six', 's:1'), 'application/apply-patch+yaml');
  const conflict = await ask('PATCH', `${ITEMS('v2')}/six?fieldManager=second`, v2('six', 's', '2'), 'application/apply-patch+yaml');
  expect(conflict).toMatchObject({ status: 409, json: { message: 'Apply failed with 1 conflict: conflict with "first": .hostPort' } });
  const forced = await ask('PATCH', `${ITEMS('v2')}/six?fieldManager=second&force=true`, v2('six', 's', '2'), 'application/apply-patch+yaml');
  expect(forced.json).toMatchObject({ host: 's', port: '2' });
  expect(forced.json.metadata.managedFields?.map(({ manager, apiVersion }) => [manager, apiVersion])).toEqual([['second', 'stable.example.com/v2']]);
});

test('status and deletion work in every version', async () => {
  await created(ITEMS('v2'), v2('seven', 'e', '7'));
  expect((await ask('PATCH', `${ITEMS('v2')}/seven/status`, { status: { ready: true } }, 'application/merge-patch+json')).json).toMatchObject({ host: 'e', status: { ready: true } });
  expect((await ask('DELETE', `${ITEMS('v2')}/seven`)).status).toBe(200);
  expect((await ask('GET', `${ITEMS('v1')}/seven`)).status).toBe(404);
});

const FAILS = 'conversion webhook for stable.example.com/v1, Kind=Target';
test.each<{ name: string; change: typeof change; message: string }>([
  { name: 'refuses', change: (answer) => ({ ...answer, result: { status: 'Failed', message: 'no way' } }), message: `${FAILS} failed: no way` },
  { name: 'says neither yes nor no', change: (answer) => ({ ...answer, result: {} }), message: `${FAILS} failed: response.result.status was '', not 'Success'` },
  { name: 'answers nothing', change: () => undefined, message: `${FAILS} failed: no response provided` },
  { name: 'answers another question', change: (answer) => ({ ...answer, uid: 'x' }), message: `${FAILS} failed: expected response.uid="UID", got "x"` },
  { name: 'loses the object', change: (answer) => ({ ...answer, convertedObjects: [] }), message: `${FAILS} returned 0 objects, expected 1` },
  { name: 'leaves the version', change: (answer, { request }) => ({ ...answer, convertedObjects: request.objects }), message: `${FAILS} returned invalid object at index 0: invalid groupVersion (expected stable.example.com/v2, received stable.example.com/v1)` },
  { name: 'renames', change: (answer) => ({ ...answer, convertedObjects: [changed(answer, { name: 'other' })] }), message: `${FAILS} returned invalid object: must have the same name: eight != other` },
  { name: 'makes a bad label', change: (answer) => ({ ...answer, convertedObjects: [changed(answer, { labels: { a: 1 } })] }), message: `${FAILS} returned invalid metadata: metadata.labels[a] must be a string, but is int64 in converted object` },
])('a webhook that $name is told of', async ({ change: wrong, message }) => {
  await created(ITEMS('v1'), v1('eight', 'f:8'));
  change = wrong;
  const { status, json } = await ask('GET', `${ITEMS('v2')}/eight`);
  await ask('DELETE', `${ITEMS('v1')}/eight`);
  expect({ status, message: json.message?.replace(reviews.at(-1)?.request.uid ?? '-', 'UID') }).toEqual({ status: 500, message });
});

function changed(answer: Record<string, unknown>, metadata: object): object {
  const [object] = answer['convertedObjects'] as Custom[];
  return { ...object, metadata: { ...object?.metadata, ...metadata } };
}

test('a webhook may change labels and annotations and nothing else of the metadata', async () => {
  await created(ITEMS('v1'), v1('nine', 'g:9'));
  change = (answer) => ({ ...answer, convertedObjects: [changed(answer, { labels: { from: 'webhook' }, generation: 77, finalizers: ['a/b'] })] });
  const { metadata } = (await ask('GET', `${ITEMS('v2')}/nine`)).json;
  expect(metadata).toMatchObject({ labels: { from: 'webhook' }, generation: 1 });
  expect(metadata).not.toHaveProperty('finalizers');
});

test('a webhook that cannot be reached fails the request, not the server', async () => {
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/targets.stable.example.com';
  const { url } = { url: 'https://127.0.0.1:1/convert' };
  await ask('PATCH', path, { spec: { conversion: { webhook: { clientConfig: { url } } } } }, 'application/merge-patch+json');
  await vi.waitFor(async () => expect(await ask('GET', `${ITEMS('v2')}/one`)).toMatchObject({ status: 500, json: { message: expect.stringMatching(/^conversion webhook for stable\.example\.com\/v1, Kind=Target failed: Post "https:\/\/127\.0\.0\.1:1\/convert\?timeout=30s": .*refused/) as unknown } }), { timeout: 20_000, interval: 25 });
  expect((await ask('GET', `${ITEMS('v1')}/one`)).status).toBe(200);
  const original = (definition() as { spec: { conversion: object } }).spec.conversion;
  await ask('PATCH', path, { spec: { conversion: original } }, 'application/merge-patch+json');
  await vi.waitFor(async () => expect((await ask('GET', `${ITEMS('v2')}/one`)).status).toBe(200), { timeout: 20_000, interval: 25 });
});

test('after the stored version has changed, objects stored before are still read in every version', async () => {
  await created(ITEMS('v1'), v1('ten', 'h:10'));
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/targets.stable.example.com';
  const current = (await ask('GET', path)).json;
  const put = await ask('PUT', path, { ...current, spec: (definition('v2') as { spec: object }).spec });
  expect(put.status, put.json.message).toBe(200);
  await vi.waitFor(async () => {
    await ask('PATCH', `${ITEMS('v2')}/ten`, { port: '11' }, 'application/merge-patch+json');
    const { kvs } = await server.store.range({ start: '/registry/stable.example.com/targets/default/ten' });
    expect(JSON.parse(Buffer.from(kvs[0]?.value ?? '').toString())).toMatchObject({ apiVersion: 'stable.example.com/v2', host: 'h', port: '11' });
  }, { timeout: 20_000, interval: 25 });
  const list = await ask('GET', ITEMS('v2'));
  expect(list.json.items?.every(({ apiVersion, host }) => apiVersion === 'stable.example.com/v2' && host !== undefined)).toBe(true);
  expect((await ask('GET', `${ITEMS('v1')}/ten`)).json).toMatchObject({ hostPort: 'h:11' });
});
