import { createServer, type Server } from 'node:https';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startTestApiServer, type TestApiServer } from '../testing.ts';
import { createTestCertificates } from '../testing-certificates.ts';

/** A kubelet that answers with what it was asked, and echoes upgraded streams. */
async function fakeKubelet(): Promise<{ server: Server; port: number; seen: string[] }> {
  const { server: material } = await createTestCertificates(Date.now());
  const seen: string[] = [];
  const server = createServer({ cert: material.certificate, key: material.key, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    seen.push(request.url ?? '');
    if (request.url?.includes('previous=true')) {
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end('previous terminated container "c" in pod "bound" not found');
      return;
    }
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.write('line one\n');
    response.end('line two\n');
  });
  server.on('upgrade', (request, socket: Duplex) => {
    seen.push(request.url ?? '');
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade}\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n`);
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port, seen };
}

let kubelet: Awaited<ReturnType<typeof fakeKubelet>>;
let server: TestApiServer;
let port: number;
const dialed: string[] = [];
let isDown = false;

beforeAll(async () => {
  kubelet = await fakeKubelet();
  server = await startTestApiServer({
    dialer: {
      async dialNode(nodeName, target) {
        dialed.push(`${nodeName} ${target.host}:${target.port}`);
        if (isDown) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
        const socket = connect(kubelet.port, '127.0.0.1');
        await once(socket, 'connect');
        return socket;
      },
    },
  });
  ({ port } = await server.listen());
  const post = async (path: string, body: object): Promise<void> => {
    const response = await server.transport.fetch({ method: 'POST', path, body: JSON.stringify(body) });
    expect(response.status, Buffer.from(response.body as Uint8Array).toString()).toBe(201);
  };
  await post('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
  await post('/api/v1/nodes', { metadata: { name: 'n1' } });
  await server.transport.fetch({
    method: 'PATCH', path: '/api/v1/nodes/n1/status', headers: { 'content-type': 'application/merge-patch+json' },
    body: JSON.stringify({ status: { addresses: [{ type: 'InternalIP', address: '10.89.0.7' }], daemonEndpoints: { kubeletEndpoint: { Port: 10250 } } } }),
  });
  for (const name of ['bound', 'waiting']) {
    await post('/api/v1/namespaces/default/pods', { metadata: { name }, spec: { containers: [{ name: 'c', image: 'i' }], ...(name === 'bound' ? { nodeName: 'n1' } : {}) } });
  }
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  kubelet.server.close();
  kubelet.server.closeAllConnections();
});

const headers = () => ({ authorization: `Bearer ${server.token}` });

test('logs stream from the kubelet of the pod, through the dialer', async () => {
  const response = await server.transport.fetch({ method: 'GET', path: '/api/v1/namespaces/default/pods/bound/log?tailLines=5&timestamps=true' });
  let text = '';
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) text += Buffer.from(chunk).toString();
  expect(text).toBe('line one\nline two\n');
  expect(kubelet.seen.at(-1)).toBe('/containerLogs/default/bound/c?tailLines=5&timestamps=true');
  expect(dialed.at(-1)).toBe('n1 10.89.0.7:10250');
});

test.each([
  { protocol: 'binary.k8s.io', decode: (data: Buffer) => data.toString() },
  { protocol: 'base64.binary.k8s.io', decode: (data: Buffer) => Buffer.from(data.toString(), 'base64').toString() },
])('logs stream over a WebSocket as $protocol', async ({ protocol, decode }) => {
  const socket = new WebSocket(`wss://127.0.0.1:${port}/api/v1/namespaces/default/pods/bound/log`, [protocol], { headers: headers(), ca: server.certificates.ca });
  const messages: string[] = [];
  socket.on('message', (data: Buffer) => messages.push(decode(data)));
  const [code] = (await once(socket, 'close')) as [number];
  expect([socket.protocol, messages[0], messages.join(''), code]).toEqual([protocol, '', 'line one\nline two\n', 1000]);
});

test('a WebSocket of another protocol than the streams have is refused', async () => {
  const socket = new WebSocket(`wss://127.0.0.1:${port}/api/v1/namespaces/default/pods/bound/log`, ['chat'], { headers: headers(), ca: server.certificates.ca });
  socket.on('error', () => {});
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
  expect(response.statusCode).toBe(403);
  socket.terminate();
});

test('a kubelet that refuses logs is quoted in a Status', async () => {
  const response = await server.transport.fetch({ method: 'GET', path: '/api/v1/namespaces/default/pods/bound/log?previous=true' });
  expect(response.status).toBe(400);
  const status: unknown = JSON.parse(Buffer.from(response.body as Uint8Array).toString());
  expect(status).toMatchObject({ kind: 'Status', reason: 'BadRequest', message: 'previous terminated container "c" in pod "bound" not found' });
});

test('a kubelet that is down is told of in the words of the client that asked it', async () => {
  isDown = true;
  try {
    const log = await server.transport.fetch({ method: 'GET', path: '/api/v1/namespaces/default/pods/bound/log' });
    const refused = 'dial tcp 10.89.0.7:10250: connect: connection refused';
    expect(JSON.parse(Buffer.from(log.body as Uint8Array).toString())).toMatchObject({ code: 500, message: `Get "https://10.89.0.7:10250/containerLogs/default/bound/c": ${refused}` });
    const socket = new WebSocket(`wss://127.0.0.1:${port}/api/v1/namespaces/default/pods/bound/exec?command=ls&stdout=true`, ['v5.channel.k8s.io'], { headers: headers(), ca: server.certificates.ca });
    socket.on('error', () => {});
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, AsyncIterable<Uint8Array>];
    let text = '';
    for await (const chunk of response) text += Buffer.from(chunk).toString();
    const message = `Internal error occurred: error sending request: Post "https://10.89.0.7:10250/exec/default/bound/c?command=ls&output=1": ${refused}`;
    expect(JSON.parse(text)).toMatchObject({ code: 500, reason: 'InternalError', message });
    socket.terminate();
  } finally {
    isDown = false;
  }
});

test('logs of a pod without a node are empty', async () => {
  expect((await server.transport.fetch({ method: 'GET', path: '/api/v1/namespaces/default/pods/waiting/log' })).status).toBe(204);
});

test.each([
  { name: 'exec', path: 'exec?command=sh&command=-c&command=a%20b&stdin=true&stdout=true&tty=true', kubeletPath: '/exec/default/bound/c?command=sh&command=-c&command=a+b&input=1&output=1&tty=1' },
  { name: 'attach', path: 'attach?stdout=true&stderr=true', kubeletPath: '/attach/default/bound/c?error=1&output=1' },
  { name: 'port-forward', path: 'portforward?ports=80', kubeletPath: '/portForward/default/bound?port=80' },
])('$name joins client and kubelet byte for byte', async ({ path, kubeletPath }) => {
  const outgoing = httpsRequest({
    host: '127.0.0.1', port, path: `/api/v1/namespaces/default/pods/bound/${path}`, ca: server.certificates.ca,
    headers: { ...headers(), connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'v4.channel.k8s.io' },
  });
  outgoing.end();
  const [response, socket] = (await once(outgoing, 'upgrade')) as [{ headers: Record<string, string> }, Duplex];
  expect(response.headers['x-stream-protocol-version']).toBe('v4.channel.k8s.io');
  socket.write('ping');
  expect(String((await once(socket, 'data'))[0])).toBe('ping');
  expect(kubelet.seen.at(-1)).toBe(kubeletPath);
  socket.destroy();
});

test('an upgrade that may not be is refused with a Status', async () => {
  const outgoing = httpsRequest({
    host: '127.0.0.1', port, path: '/api/v1/namespaces/default/pods/waiting/exec?command=sh', ca: server.certificates.ca,
    headers: { ...headers(), connection: 'Upgrade', upgrade: 'SPDY/3.1' },
  });
  outgoing.end();
  const [response] = (await once(outgoing, 'response')) as [{ statusCode: number; resume(): void }];
  expect(response.statusCode).toBe(400);
  response.resume();
});
