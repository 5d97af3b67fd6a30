import { request as httpsRequest } from 'node:https';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { APIService } from '../../../kube/api/generated/apiregistration/v1.ts';
import { openMemoryStore } from '../../etcd/memory-store.ts';
import { startTestApiServer, type TestApiServer } from '../testing.ts';
import { ExtensionServer } from './extension-server.fixture.ts';

let server: TestApiServer;
let extension: ExtensionServer;
let port: number;
let ca = '';

const NAMESPACE = '/api/v1/namespaces/default';
const SERVICES = '/apis/apiregistration.k8s.io/v1/apiservices';
const NAME = 'v1.wardle.example.com';

/** The server is made before the certificates are known, so the dialer looks the extension up when it is asked. */
beforeAll(async () => {
  server = await startTestApiServer({ store: await openMemoryStore(), dialer: { dialNode: (...args) => extension.dialer.dialNode(...args) } });
  extension = await ExtensionServer.start(server.certificates, 'ext.default.svc');
  ({ port } = await server.listen());
  ca = Buffer.from(server.certificates.ca).toString('base64');
  extension.json('/apis/wardle.example.com/v1', {
    kind: 'APIResourceList', apiVersion: 'v1', groupVersion: 'wardle.example.com/v1',
    resources: [{ name: 'flunders', singularName: 'flunder', namespaced: true, kind: 'Flunder', verbs: ['get', 'list'] }],
  });
  extension.json('/apis/wardle.example.com/v1/namespaces/default/flunders', { kind: 'FlunderList', apiVersion: 'wardle.example.com/v1', metadata: {}, items: [] });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await server.store[Symbol.asyncDispose]();
  await extension[Symbol.asyncDispose]();
});

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

async function ask(method: string, path: string, { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {}): Promise<Answer> {
  const response = await server.transport.fetch({ method, path, headers: { accept: 'application/json', 'content-type': 'application/json', ...headers }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const parts: Uint8Array[] = [];
  if (response.body instanceof Uint8Array) parts.push(response.body);
  else for await (const part of response.body) parts.push(part);
  const text = Buffer.concat(parts).toString();
  return { status: response.status, headers: response.headers as Record<string, string>, text, json: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {} };
}

const apiService = (changes: object = {}): object => ({
  metadata: { name: NAME },
  spec: { group: 'wardle.example.com', version: 'v1', service: { namespace: 'default', name: 'ext', port: 8443 }, caBundle: ca, groupPriorityMinimum: 2000, versionPriority: 10, ...changes },
});

async function condition(name = NAME): Promise<string> {
  const { json } = await ask('GET', `${SERVICES}/${name}`);
  const found = (json as unknown as APIService).status?.conditions?.find(({ type }) => type === 'Available');
  return `${found?.status} ${found?.reason}: ${found?.message}`;
}

const eventually = (check: () => Promise<void> | void): Promise<void> => vi.waitFor(check, { timeout: 20_000, interval: 25 });

test('the group versions of this server are registered as local APIServices, with upstream\'s priorities', async () => {
  const { json } = await ask('GET', `${SERVICES}/v1.apps`);
  expect(json).toMatchObject({
    metadata: { labels: { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' } },
    spec: { group: 'apps', version: 'v1', groupPriorityMinimum: 17800, versionPriority: 15 },
  });
  await eventually(async () => expect(await condition('v1.apps')).toBe('True Local: Local APIServices are always available'));
  expect((await ask('GET', `${SERVICES}/v1.`)).json).toMatchObject({ spec: { version: 'v1', groupPriorityMinimum: 18000, versionPriority: 1 } });
});

test('the condition follows the Service and its endpoints until the extension server answers', async () => {
  expect((await ask('POST', SERVICES, { body: apiService() })).status).toBe(201);
  await eventually(async () => expect(await condition()).toBe('False ServiceNotFound: service/ext in "default" is not present'));
  expect((await ask('GET', '/apis/wardle.example.com/v1')).text).toBe('service unavailable\n');

  await ask('POST', `${NAMESPACE}/services`, { body: { metadata: { name: 'ext' }, spec: { ports: [{ port: 443 }] } } });
  await eventually(async () => expect(await condition()).toBe('False ServicePortError: service/ext in "default" is not listening on port 8443'));

  await ask('PATCH', `${NAMESPACE}/services/ext`, { body: { spec: { ports: [{ port: 443, $patch: 'delete' }, { name: 'api', port: 8443 }] } }, headers: { 'content-type': 'application/strategic-merge-patch+json' } });
  await eventually(async () => expect(await condition()).toBe('False EndpointsNotFound: cannot find endpointslices for service/ext in "default"'));

  const slice = { metadata: { name: 'ext-1', labels: { 'kubernetes.io/service-name': 'ext' } }, addressType: 'IPv4', ports: [{ name: 'api', port: 9443 }], endpoints: [{ addresses: ['10.244.1.9'], nodeName: 'n1', conditions: { ready: false } }] };
  await ask('POST', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', { body: slice });
  await eventually(async () => expect(await condition()).toBe('False MissingEndpoints: endpointslices for service/ext in "default" have no addresses with port name "api"'));

  await ask('PATCH', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/ext-1', { body: { endpoints: [{ ...slice.endpoints[0], conditions: { ready: true } }] }, headers: { 'content-type': 'application/merge-patch+json' } });
  await eventually(async () => expect(await condition()).toBe('True Passed: all checks passed'));
  expect(extension.dialed).toContain('n1 10.244.1.9:9443');
});

test('a request is passed on with who asks, shown by the front proxy\'s certificate, and nothing of the client\'s own claims', async () => {
  const answer = await ask('GET', '/apis/wardle.example.com/v1/namespaces/default/flunders?limit=3', {
    headers: { 'x-remote-user': 'eve', 'impersonate-user': 'jane', 'impersonate-group': 'system:masters', 'impersonate-uid': '42', 'impersonate-extra-a%2fb': 'one', authorization: 'Bearer secret', 'audit-id': 'audit-1' },
  });
  expect(answer).toMatchObject({ status: 200, json: { kind: 'FlunderList' } });
  const seen = extension.seen.at(-1);
  expect(seen).toMatchObject({ client: 'front-proxy-client', url: '/apis/wardle.example.com/v1/namespaces/default/flunders?limit=3' });
  expect(seen?.headers).toMatchObject({ 'x-remote-user': 'jane', 'x-remote-group': 'system:masters, system:authenticated', 'x-remote-uid': '42', 'x-remote-extra-a%2fb': 'one', 'audit-id': 'audit-1', 'x-forwarded-proto': 'https' });
  expect(seen?.headers).not.toHaveProperty('authorization');
  expect(seen?.headers).not.toHaveProperty('impersonate-user');
});

test('who may not list flunders is refused here', async () => {
  const answer = await ask('GET', '/apis/wardle.example.com/v1/namespaces/default/flunders', { headers: { 'impersonate-user': 'nobody' } });
  expect(answer.json).toMatchObject({ code: 403, message: 'flunders.wardle.example.com is forbidden: User "nobody" cannot list resource "flunders" in API group "wardle.example.com" in the namespace "default"' });
});

test('a watch streams through as its events come', async () => {
  let open: { write(text: string): void; end(): void } | undefined;
  extension.answers.set('/apis/wardle.example.com/v1/flunders', (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"type":"ADDED"}\n');
    open = response;
  });
  const response = await server.transport.fetch({ method: 'GET', path: '/apis/wardle.example.com/v1/flunders?watch=true' });
  const chunks = (response.body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  expect(Buffer.from((await chunks.next()).value as Uint8Array).toString()).toBe('{"type":"ADDED"}\n');
  open?.write('{"type":"DELETED"}\n');
  expect(Buffer.from((await chunks.next()).value as Uint8Array).toString()).toBe('{"type":"DELETED"}\n');
  open?.end();
  expect((await chunks.next()).done).toBe(true);
});

test('an upgraded connection is joined with the extension server', async () => {
  const upgrade = httpsRequest({
    port, host: '127.0.0.1', ca: server.certificates.ca, path: '/apis/wardle.example.com/v1/namespaces/default/flunders/a/connect',
    headers: { connection: 'Upgrade', upgrade: 'websocket', authorization: `Bearer ${server.token}`, 'sec-websocket-protocol': 'base64url.bearer.authorization.k8s.io.abc, v5.channel.k8s.io' },
  });
  upgrade.end();
  const [response, socket] = (await once(upgrade, 'upgrade')) as [{ statusCode: number }, import('node:stream').Duplex];
  expect(response.statusCode).toBe(101);
  socket.write('ping');
  expect(String((await once(socket, 'data'))[0])).toBe('ping');
  socket.destroy();
  expect(extension.seen.at(-1)?.headers).toMatchObject({ 'x-remote-user': 'admin', 'sec-websocket-protocol': 'v5.channel.k8s.io' });
});

test('a redirect of the extension server is not handed on', async () => {
  extension.answers.set('/apis/wardle.example.com/v1/away', (_request, response) => void response.writeHead(302, { location: 'https://elsewhere' }).end());
  expect(await ask('GET', '/apis/wardle.example.com/v1/away')).toMatchObject({ status: 502, text: 'the backend attempted to redirect this request, which is not permitted' });
});

test('discovery tells of the group in all its forms, in the order of priorities', async () => {
  const groups = (await ask('GET', '/apis')).json as { groups: { name: string }[] };
  const names = groups.groups.map(({ name }) => name);
  expect(names[0]).toBe('apiregistration.k8s.io');
  expect(names.at(-1)).toBe('wardle.example.com');
  expect((await ask('GET', '/apis/wardle.example.com')).json).toMatchObject({ kind: 'APIGroup', preferredVersion: { groupVersion: 'wardle.example.com/v1' } });
  expect((await ask('GET', '/apis/wardle.example.com/v1')).json).toMatchObject({ kind: 'APIResourceList', resources: [{ name: 'flunders' }] });
  await eventually(async () => expect(await aggregated()).toEqual({
    metadata: { name: 'wardle.example.com' },
    versions: [{ version: 'v1', freshness: 'Current', resources: [{ resource: 'flunders', responseKind: { group: '', version: '', kind: 'Flunder' }, scope: 'Namespaced', singularResource: 'flunder', verbs: ['get', 'list'] }] }],
  }));
});

async function aggregated(): Promise<unknown> {
  const { json } = await ask('GET', '/apis', { headers: { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' } });
  return (json as { items: { metadata: { name: string } }[] }).items.find(({ metadata }) => metadata.name === 'wardle.example.com');
}

test('OpenAPI 2 has the paths of the group, with other types of the same name apart', async () => {
  const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
  extension.json('/openapi/v2', {
    swagger: '2.0', info: {},
    paths: { '/apis/wardle.example.com/v1/flunders': { get: { responses: { 200: { schema: { $ref: '#/definitions/dev.Flunder' } } } } }, '/version/': {} },
    definitions: { 'dev.Flunder': { type: 'object', properties: { metadata: { $ref: `#/definitions/${meta}` } } }, [meta]: { type: 'object', description: 'another' }, 'dev.Unused': {} },
  }, { etag: '"1"' });
  extension.json('/openapi/v3', { paths: { 'apis/wardle.example.com/v1': { serverRelativeURL: '/openapi/v3/apis/wardle.example.com/v1?hash=H' }, version: { serverRelativeURL: '/openapi/v3/version?hash=V' } } });
  extension.json('/openapi/v3/apis/wardle.example.com/v1', { openapi: '3.0.0', info: { title: 'wardle' } });
  // A change of the APIService makes the server look again, one second later.
  await ask('PUT', `${SERVICES}/${NAME}`, { body: { ...(await ask('GET', `${SERVICES}/${NAME}`)).json, spec: { ...(apiService({ versionPriority: 11 }) as { spec: object }).spec } } });
  await eventually(async () => {
    const { definitions, paths } = (await ask('GET', '/openapi/v2')).json as { definitions: Record<string, unknown>; paths: Record<string, unknown> };
    expect(paths).toHaveProperty(['/apis/wardle.example.com/v1/flunders']);
    expect(definitions['dev.Flunder']).toEqual({ type: 'object', properties: { metadata: { $ref: `#/definitions/${meta}_v2` } } });
    expect(definitions[`${meta}_v2`]).toEqual({ type: 'object', description: 'another' });
    expect(definitions).not.toHaveProperty(['dev.Unused']);
  });
  const index = (await ask('GET', '/openapi/v3')).json as { paths: Record<string, { serverRelativeURL: string }> };
  expect(index.paths['apis/wardle.example.com/v1']).toEqual({ serverRelativeURL: '/openapi/v3/apis/wardle.example.com/v1?hash=H' });
  expect((await ask('GET', '/openapi/v3/apis/wardle.example.com/v1?hash=H')).json).toEqual({ openapi: '3.0.0', info: { title: 'wardle' } });
});

test('an extension server that fails its check is unavailable, and stale in discovery', async () => {
  extension.answers.set('/apis/wardle.example.com/v1', (_request, response) => void response.writeHead(500).end());
  await ask('PATCH', `${SERVICES}/${NAME}`, { body: { metadata: { labels: { look: 'again' } } }, headers: { 'content-type': 'application/merge-patch+json' } });
  await eventually(async () => expect(await condition()).toMatch(/^False FailedDiscoveryCheck: failing or missing response from https:\/\/10\.244\.1\.9:9443\/apis\/wardle\.example\.com\/v1: bad status from .*: 500$/));
  expect(await ask('GET', '/apis/wardle.example.com/v1/flunders')).toMatchObject({ status: 503, text: 'service unavailable\n' });
  await eventually(async () => expect(await aggregated()).toMatchObject({ versions: [{ freshness: 'Stale' }] }));
});

test('a certificate of nobody we know is told in the condition', async () => {
  await ask('PATCH', `${SERVICES}/${NAME}`, { body: { spec: { caBundle: Buffer.from(server.certificates.frontProxy.ca).toString('base64') } }, headers: { 'content-type': 'application/merge-patch+json' } });
  await eventually(async () => expect(await condition()).toContain('tls: failed to verify certificate: x509: certificate signed by unknown authority'));
});

test('the group goes with its APIService', async () => {
  await ask('DELETE', `${SERVICES}/${NAME}`);
  await eventually(async () => expect((await ask('GET', '/apis/wardle.example.com')).status).toBe(404));
  expect(await aggregated()).toBeUndefined();
});

test('versions of CustomResourceDefinitions are registered as they come and go', async () => {
  const definition = {
    metadata: { name: 'gadgets.dev.example.com' },
    spec: { group: 'dev.example.com', scope: 'Cluster', names: { plural: 'gadgets', kind: 'Gadget' }, versions: [{ name: 'v1beta1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }] },
  };
  await ask('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', { body: definition });
  await eventually(async () => expect((await ask('GET', `${SERVICES}/v1beta1.dev.example.com`)).json).toMatchObject({
    metadata: { labels: { 'kube-aggregator.kubernetes.io/automanaged': 'true' } }, spec: { groupPriorityMinimum: 1000, versionPriority: 100 },
  }));
  await ask('DELETE', `${SERVICES}/v1beta1.dev.example.com`);
  await eventually(async () => expect((await ask('GET', `${SERVICES}/v1beta1.dev.example.com`)).status).toBe(200));
  await ask('DELETE', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gadgets.dev.example.com');
  await eventually(async () => expect((await ask('GET', `${SERVICES}/v1beta1.dev.example.com`)).status).toBe(404));
});
