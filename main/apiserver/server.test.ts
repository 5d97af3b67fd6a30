import { request as httpsRequest, type RequestOptions } from 'node:https';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer } from './testing.ts';

let server: TestApiServer;
let port: number;
beforeAll(async () => {
  server = await startTestApiServer();
  ({ port } = await server.listen());
});
afterAll(() => server[Symbol.asyncDispose]());

function ask(path: string, options: RequestOptions & { body?: Buffer } = {}): Promise<{ status: number; text: string }> {
  const { body, ...rest } = options;
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest({ host: '127.0.0.1', port, path, ca: server.certificates.ca, agent: false, ...rest }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

test('health and version answer without a credential, the API does not', async () => {
  expect(await ask('/healthz')).toEqual({ status: 200, text: 'ok' });
  expect((await ask('/version')).text).toContain('"gitVersion": "v1.36.2+coracle"');
  expect((await ask('/api/v1/namespaces')).status).toBe(401);
});

test('a client certificate names the user', async () => {
  const { certificate, key } = server.certificates.admin;
  expect((await ask('/api/v1/namespaces/default', { cert: certificate, key })).status).toBe(200);
});

test('a certificate of another authority is no credential', async () => {
  await using other = await startTestApiServer();
  const { certificate, key } = other.certificates.admin;
  expect((await ask('/api/v1/namespaces', { cert: certificate, key })).status).toBe(401);
});

test('a bearer token works over HTTP/2', async () => {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { ca: server.certificates.ca });
  const stream = session.request({ ':path': '/api/v1/namespaces/default', authorization: `Bearer ${server.token}` });
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
  expect(headers[':status']).toBe(200);
  stream.resume();
  await once(stream, 'close');
  session.close();
});

test('a service account token of the API opens it, and stops with its account', async () => {
  await server.transport.fetch({ method: 'POST', path: '/api/v1/namespaces/default/serviceaccounts', body: '{"metadata":{"name":"robot"}}' });
  const response = await server.transport.fetch({ method: 'POST', path: '/api/v1/namespaces/default/serviceaccounts/robot/token', body: '{"spec":{}}' });
  const { status } = JSON.parse(Buffer.from(response.body as Uint8Array).toString('utf8')) as { status: { token: string } };
  const headers = { authorization: `Bearer ${status.token}` };
  expect((await ask('/api', { headers })).status).toBe(200);
  expect((await ask('/api/v1/secrets', { headers })).text).toContain('system:serviceaccount:default:robot');
});

test('an oversized body is refused with 413', async () => {
  const headers = { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' };
  const { status, text } = await ask('/api/v1/namespaces/default/configmaps', { method: 'POST', headers, body: Buffer.alloc(3 * 1024 * 1024 + 1, 0x20) });
  expect(status).toBe(413);
  expect(text).toContain('Request entity too large: limit is 3145728');
});

test('oversized headers are refused with 431', async () => {
  expect((await ask('/version', { headers: { 'x-long': 'x'.repeat(1_100_000) } })).status).toBe(431);
});

test('garbage on the socket ends that connection only', async () => {
  const socket = connectTls({ host: '127.0.0.1', port, ca: server.certificates.ca });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  socket.resume();
  socket.end('\0\0nonsense\r\n\r\n');
  await once(socket, 'close');
  expect((await ask('/healthz')).status).toBe(200);
});

test('disposing ends open watches', async () => {
  await using own = await startTestApiServer();
  const address = await own.listen();
  const session = connectHttp2(address.url, { ca: own.certificates.ca });
  session.on('error', () => {});
  const stream = session.request({ ':path': '/api/v1/namespaces?watch=true', authorization: `Bearer ${own.token}` });
  stream.on('error', () => {});
  await once(stream, 'response');
  stream.resume();
  const closed = once(stream, 'close');
  await own[Symbol.asyncDispose]();
  await closed;
});
