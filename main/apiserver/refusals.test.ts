import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestApiServer, type TestApiServer } from './testing.ts';
import { requestsTo, type TestRequest } from './testing-requests.ts';

let server: TestApiServer;
const send = requestsTo(() => server);
beforeAll(async () => {
  server = await startTestApiServer();
  await send('POST', CONFIG_MAPS, { body: { metadata: { name: 'a' } } });
  await send('POST', `${CORE}/serviceaccounts`, { body: { metadata: { name: 'default' } } });
  await send('POST', `${CORE}/pods`, { body: { metadata: { name: 'two' }, spec: { initContainers: [{ name: 'i', image: 'x' }], containers: [{ name: 'c', image: 'x' }, { name: 'd', image: 'x' }] } } });
  await send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', { body: CRD });
  await vi.waitFor(async () => expect((await send('GET', WIDGETS)).status).toBe(200));
  await send('POST', WIDGETS, { body: { apiVersion: 'a.example.com/v1', kind: 'Widget', metadata: { name: 'w' } } });
});
afterAll(() => server[Symbol.asyncDispose]());

const CORE = '/api/v1/namespaces/default';
const CONFIG_MAPS = `${CORE}/configmaps`;
const WIDGETS = '/apis/a.example.com/v1/namespaces/default/widgets';
const UNKNOWN = 'the body of the request was in an unknown format - accepted media types include';
const as = (kind: string) => ({ accept: `application/json;as=${kind};v=v1;g=meta.k8s.io` });
const CRD = {
  metadata: { name: 'widgets.a.example.com' },
  spec: { group: 'a.example.com', scope: 'Namespaced', names: { plural: 'widgets', kind: 'Widget' }, versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }] },
};

interface Case extends TestRequest {
  readonly name: string;
  readonly method?: string;
  readonly path: string;
  readonly status: number;
  readonly message?: string;
}

const NO_STRUCT = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
const cases: readonly Case[] = [
  { name: 'a grace period that is text', method: 'DELETE', path: `${CONFIG_MAPS}/a`, body: { gracePeriodSeconds: 'x' }, status: 400, message: 'json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64' },
  { name: 'delete options that are a list', method: 'DELETE', path: `${CONFIG_MAPS}/a`, body: '[]', status: 400, message: `couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type ${NO_STRUCT}` },
  { name: 'an empty dryRun of a delete', method: 'DELETE', path: `${CONFIG_MAPS}/a?dryRun=`, status: 422, message: 'DeleteOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: [""]: supported values: "All"' },
  { name: 'a read of a version that is none', path: `${CONFIG_MAPS}/a?resourceVersion=x`, status: 500, message: 'resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax' },
  { name: 'a list with a timeout that is none', path: `${CONFIG_MAPS}?timeoutSeconds=x`, status: 400, message: 'strconv.ParseInt: parsing "x": invalid syntax' },
  { name: 'a continue token that is no base64', path: `${CONFIG_MAPS}?continue=x`, status: 400, message: 'invalid continue token: continue key is not valid: illegal base64 data at input byte 0' },
  { name: 'a version of the core group that is none', method: 'POST', path: CONFIG_MAPS, body: { kind: 'ConfigMap', apiVersion: 'v2' }, status: 400, message: 'ConfigMap in version "v2" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "v2" in scheme "pkg/api/legacyscheme/scheme.go:30"' },
  { name: 'an eviction without a name', method: 'POST', path: `${CORE}/pods/two/eviction`, body: {}, status: 400, message: 'name in URL does not match name in Eviction object' },
  { name: 'a binding without a name', method: 'POST', path: `${CORE}/pods/two/binding`, body: { target: { name: 'n' } }, status: 400, message: 'name in URL does not match name in Binding object' },
  { name: 'the log of one of several containers', path: `${CORE}/pods/two/log`, status: 400, message: 'a container name must be specified for pod two, choose one of: [i c d]' },
  { name: 'one stream of a log', path: `${CORE}/pods/two/log?container=c&stream=Stdout`, status: 422 },
  { name: 'a proxy of a scheme that is none', path: `${CORE}/pods/ftp:two:80/proxy/`, status: 400, message: 'invalid pod request "ftp:two:80"' },
  { name: 'a local review of a path', method: 'POST', path: '/apis/authorization.k8s.io/v1/namespaces/default/localsubjectaccessreviews', body: { spec: { user: 'u', nonResourceAttributes: { path: '/' } } }, status: 422 },
  { name: 'below /version', path: '/version/x', status: 404, message: 'the server could not find the requested resource' },
  { name: 'HEAD of a document that go-restful routes', method: 'HEAD', path: '/api', status: 405 },
  { name: 'POST to a version of a group', method: 'POST', path: '/apis/apps/v1', body: {}, status: 405, message: 'the server does not allow this method on the requested resource' },
  { name: 'what is created in namespaces only, outside of them', path: '/api/v1/bindings', status: 404, message: 'the server could not find the requested resource' },
  { name: 'one of what is only created', path: '/apis/authentication.k8s.io/v1/tokenreviews/x', status: 404, message: 'the server could not find the requested resource' },
  { name: 'HEAD of a path that no method has', method: 'HEAD', path: `${CORE}/pods/two/nope`, status: 404 },
  { name: 'HEAD through a proxy to nobody', method: 'HEAD', path: '/api/v1/nodes/nobody/proxy', status: 404 },
  { name: '/version in a type that it has not', path: '/version', headers: { accept: 'application/*' }, status: 406, message: '406: Not Acceptable\n\nAvailable representations: application/json' },
  { name: 'the log of nobody in a type that it has not', path: `${CORE}/pods/nobody/log`, headers: { accept: 'text/html' }, status: 406, message: '406: Not Acceptable\n\nAvailable representations: text/plain, application/json, application/yaml, application/vnd.kubernetes.protobuf' },
  { name: 'the log of nobody in columns', path: `${CORE}/pods/nobody/log`, headers: as('Table'), status: 406, message: 'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf' },
  { name: 'a patch of no type, for an answer of none', method: 'PATCH', path: `${CONFIG_MAPS}/a`, body: {}, headers: { 'content-type': 'a/b', accept: 'a/b' }, status: 415, message: '415: Unsupported Media Type' },
  { name: 'a patch of no type of a custom resource', method: 'PATCH', path: `${WIDGETS}/w`, body: {}, headers: { 'content-type': 'a/b', accept: 'a/b' }, status: 415, message: `${UNKNOWN}: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml` },
  { name: 'a custom resource of no type', method: 'POST', path: WIDGETS, body: {}, headers: { 'content-type': 'a/b' }, status: 415, message: `${UNKNOWN}: application/json, application/yaml, application/vnd.kubernetes.protobuf` },
  { name: 'one custom resource as a list', path: `${WIDGETS}/w`, headers: as('PartialObjectMetadataList'), status: 500, message: 'content is not a list' },
  { name: 'delete options that are no protobuf', method: 'DELETE', path: `${CONFIG_MAPS}/a`, body: {}, headers: { 'content-type': 'application/vnd.kubernetes.protobuf' }, status: 400, message: 'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]' },
  { name: 'components as one', path: '/api/v1/componentstatuses', headers: as('PartialObjectMetadata'), status: 406, message: 'you requested PartialObjectMetadata, but the requested object is a list (*core.ComponentStatusList)' },
  { name: 'a watch of components in a type that it has not', path: '/api/v1/componentstatuses?watch=1', headers: { accept: 'a/b' }, status: 406 },
  { name: 'jwks as plain JSON', path: '/openid/v1/jwks', headers: { accept: 'application/json' }, status: 406, message: '406: Not Acceptable\n\nAvailable representations: application/jwk-set+json' },
];

describe('refused in upstream words', () => {
  test.each(cases)('$name', async ({ method = 'GET', path, status, message, ...request }) => {
    const answer = await send(method, path, request);
    expect(answer.status).toBe(status);
    if (message !== undefined) expect(answer.body.message).toBe(message);
  });
});

describe('taken as upstream takes it', () => {
  test('any method of the lists of groups, which the aggregator serves', async () => {
    expect((await send('POST', '/apis')).body['kind']).toBe('APIGroupList');
    expect((await send('GET', '/apis', { headers: { accept: 'application/*' } })).status).toBe(200);
  });

  test('documents for verifiers with a slash behind them', async () => {
    expect((await send('GET', '/openid/v1/jwks/')).status).toBe(200);
  });

  test('a group without a name is no path of the API', async () => {
    expect((await send('GET', '/apis//v1')).body['text']).toBe('404 page not found\n');
  });

  test('watch without a resource fails where upstream fails', async () => {
    const answer = await send('GET', '/api/v1/watch');
    expect(answer.status).toBe(500);
    expect(answer.body['text']).toBe('Internal Server Error: "/api/v1/watch": failed to create RequestInfo: unable to determine kind and namespace from url, /api/v1/watch\n');
  });

  test('aggregated discovery in YAML', async () => {
    const { status, headers } = await send('GET', '/apis', { headers: { accept: 'application/yaml;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' } });
    expect([status, headers['content-type']]).toEqual([200, 'application/yaml;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList']);
  });

  test('component statuses as a Table', async () => {
    const { body } = await send('GET', '/api/v1/componentstatuses', { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } });
    expect(body).toMatchObject({ kind: 'Table', rows: [{ cells: ['scheduler', 'Healthy', 'ok', ''] }, {}, {}] });
  });

  test('the generation that a client gives a kind without generations', async () => {
    expect((await send('POST', CONFIG_MAPS, { body: { metadata: { name: 'aged', generation: 7 } } })).body.metadata['generation']).toBe(7);
  });

  test('an empty hash of an OpenAPI document', async () => {
    expect((await send('GET', '/openapi/v3/api/v1?hash=')).status).toBe(200);
    expect((await send('GET', '/openapi/v3/apis/nope')).status).toBe(404);
  });
});
