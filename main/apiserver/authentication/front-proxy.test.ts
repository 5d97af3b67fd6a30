import { request as httpsRequest } from 'node:https';
import { connect } from 'node:http2';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../testing.ts';
import type { TestKeyPair } from '../testing-certificates.ts';

let server: TestApiServer;
let port: number;
beforeAll(async () => {
  server = await startTestApiServer();
  ({ port } = await server.listen());
});
afterAll(() => server[Symbol.asyncDispose]());

const REVIEW = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const HEADERS = { 'content-type': 'application/json', 'x-remote-user': 'jane', 'x-remote-uid': '7', 'x-remote-group': ['devs, and more', 'ops'], 'x-remote-extra-example.com%2fScope': ['a', 'b'] };
const JANE = { username: 'jane', uid: '7', groups: ['devs, and more', 'ops', 'system:authenticated'], extra: { 'example.com/scope': ['a', 'b'] } };

async function review(client: TestKeyPair | undefined, headers: Record<string, string | string[]> = HEADERS): Promise<{ status: number | undefined; user: unknown }> {
  const request = httpsRequest({ host: '127.0.0.1', port, ca: server.certificates.ca, path: REVIEW, method: 'POST', headers, agent: false, ...(client ? { cert: client.certificate, key: client.key } : {}) });
  request.end('{}');
  const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  const body = JSON.parse(Buffer.concat(parts).toString()) as { status?: { userInfo?: unknown } };
  return { status: response.statusCode, user: body.status?.userInfo };
}

test('the front proxy speaks for a user, whose groups may hold commas', async () => {
  expect(await review(server.certificates.frontProxy.client)).toEqual({ status: 201, user: JANE });
});

test('the front proxy speaks for a user over HTTP/2 too', async () => {
  const { certificate, key } = server.certificates.frontProxy.client;
  const session = connect(`https://127.0.0.1:${port}`, { ca: server.certificates.ca, cert: certificate, key });
  const stream = session.request({ ':path': REVIEW, ':method': 'POST', ...HEADERS });
  stream.end('{}');
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  session.close();
  expect((JSON.parse(Buffer.concat(parts).toString()) as { status: unknown }).status).toEqual({ userInfo: JANE });
});

test.each([
  { name: 'a certificate of the proxies\' authority with another name', client: () => server.certificates.frontProxy.issueClient('somebody'), headers: HEADERS },
  { name: 'the front proxy that says for nobody', client: async () => server.certificates.frontProxy.client, headers: { 'content-type': 'application/json' } },
  { name: 'nobody', client: async () => undefined, headers: HEADERS },
])('$name is not authenticated', async ({ client, headers }) => {
  expect(await review(await client(), headers)).toMatchObject({ status: 401 });
});

test('a user\'s own certificate does not let it speak for others', async () => {
  expect(await review(await server.certificates.issueClient('eve', ['devs']))).toMatchObject({ status: 201, user: { username: 'eve', groups: ['devs', 'system:authenticated'] } });
});

test('extension servers read in a ConfigMap whom to trust, and it comes back when it is deleted', async () => {
  const path = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';
  const read = async (): Promise<{ data?: Record<string, string> }> => JSON.parse(Buffer.from((await server.transport.fetch({ method: 'GET', path })).body as Uint8Array).toString()) as { data?: Record<string, string> };
  const { client: _client, ca: frontProxyCA } = server.certificates.frontProxy;
  const expected = {
    'client-ca-file': `${server.certificates.ca.trim()}\n`, 'requestheader-client-ca-file': `${frontProxyCA.trim()}\n`, 'requestheader-allowed-names': '["front-proxy-client"]',
    'requestheader-username-headers': '["X-Remote-User"]', 'requestheader-uid-headers': '["X-Remote-Uid"]', 'requestheader-group-headers': '["X-Remote-Group"]', 'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
  };
  expect((await read()).data).toEqual(expected);
  await server.transport.fetch({ method: 'DELETE', path });
  await vi.waitFor(async () => expect((await read()).data).toEqual(expected), { timeout: 20_000, interval: 25 });
});
