import { once } from 'node:events';
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { listen, type Listener } from '../server.ts';
import { startTestApiServer, type TestApiServer } from '../testing.ts';

/** Short, so that each test waits for its limit itself; long enough for a slow machine to be in time. */
const limits = { readHeaderMs: 1500, idleMs: 800, lingerMs: 300, stalledReaderMs: 800, shutdownMs: 1000 };
let api: TestApiServer;
let listener: Listener;
const opened: (Socket | ClientHttp2Session)[] = [];
beforeAll(async () => {
  api = await startTestApiServer();
  const { server, ca } = api.certificates;
  listener = await listen(api.apiServer.handler, { host: '127.0.0.1', port: 0, tls: { ...server, clientCA: ca }, limits });
  for (let index = 0; index < 24; index++) {
    const body = JSON.stringify({ metadata: { name: `large-${index}` }, data: { text: 'x'.repeat(500_000) } });
    await api.transport.fetch({ method: 'POST', path: '/api/v1/namespaces/default/configmaps', body });
  }
}, 120_000);
afterEach(() => opened.splice(0).forEach((one) => one.destroy()));
afterAll(async () => {
  await listener[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
});

function tls(protocol: 'h2' | 'http/1.1' = 'http/1.1'): TLSSocket {
  const socket = connectTls({ host: '127.0.0.1', port: listener.port, ca: api.certificates.ca, ALPNProtocols: [protocol] });
  socket.on('error', () => {});
  opened.push(socket);
  return socket;
}

function http2(): ClientHttp2Session {
  const session = connectHttp2(`https://127.0.0.1:${listener.port}`, { ca: api.certificates.ca });
  session.on('error', () => {});
  opened.push(session);
  return session;
}

async function textUntilClosed(socket: TLSSocket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1'))).resume();
  await once(socket, 'close');
  return text;
}

const authorized = (): string => `Host: x\r\nAuthorization: Bearer ${api.token}\r\n`;

async function expectHealthy(): Promise<void> {
  const socket = tls();
  socket.write('GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  expect(await textUntilClosed(socket)).toMatch(/^HTTP\/1.1 200 OK[^]*ok$/);
}

test('a connection that never begins a handshake is closed', async () => {
  const socket = connectTcp(listener.port, '127.0.0.1');
  opened.push(socket);
  socket.on('error', () => {}).resume();
  await once(socket, 'close');
  await expectHealthy();
});

test('headers that trickle without end are cut, without an answer', async () => {
  const socket = tls();
  socket.write('GET /version HTTP/1.1\r\n');
  const trickle = setInterval(() => socket.write('X-More: 1\r\n'), 50);
  expect(await textUntilClosed(socket)).toBe('');
  clearInterval(trickle);
});

test('a connection that asks for nothing more is closed', async () => {
  const socket = tls();
  socket.write(`GET /version HTTP/1.1\r\n${authorized()}\r\n`);
  expect(await textUntilClosed(socket)).toMatch(/^HTTP\/1.1 200/);
});

test('an HTTP/2 session that only pings is closed', async () => {
  const session = http2();
  await once(session, 'connect');
  const pings = setInterval(() => session.destroyed || session.ping(() => {}), 50);
  await once(session, 'close');
  clearInterval(pings);
});

test('an HTTP/2 session with a quiet watch is kept', async () => {
  const session = http2();
  const watch = session.request({ ':path': '/api/v1/nodes?watch=1&timeoutSeconds=2', authorization: `Bearer ${api.token}` });
  let closedEarly = true;
  session.once('close', () => expect(closedEarly).toBe(false));
  watch.resume();
  await once(watch, 'end');
  closedEarly = false;
});

test('a body that is still coming after the answer ends with the connection', async () => {
  const socket = tls();
  socket.write(`POST /api/v1/namespaces/default/nonsense HTTP/1.1\r\n${authorized()}Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{`);
  const trickle = setInterval(() => socket.write(' '), 50);
  const text = await textUntilClosed(socket);
  clearInterval(trickle);
  expect(text).toMatch(/^HTTP\/1.1 404[^]*connection: close/i);
});

test('a body that is too large is answered before the connection ends', async () => {
  const socket = tls();
  socket.write(`POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\n${authorized()}Content-Type: application/json\r\nContent-Length: 9000000\r\n\r\n`);
  const chunk = Buffer.alloc(1_000_000, 0x20);
  for (let sent = 0; sent < 9; sent++) socket.write(chunk);
  expect(await textUntilClosed(socket)).toMatch(/^HTTP\/1.1 413[^]*limit is 3145728/);
});

test('an HTTP/2 stream whose body is still coming after the answer is ended', async () => {
  const session = http2();
  const stream = session.request({ ':path': '/api/v1/namespaces/default/nonsense', ':method': 'POST', authorization: `Bearer ${api.token}`, 'content-type': 'application/json' });
  stream.on('error', () => {});
  stream.write('{');
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
  expect(headers[':status']).toBe(404);
  stream.resume();
  await once(stream, 'close');
  expect(session.destroyed).toBe(false);
});

test('a client that never reads a long list is cut', async () => {
  const socket = tls();
  socket.pause();
  socket.write(`GET /api/v1/namespaces/default/configmaps HTTP/1.1\r\n${authorized()}\r\n`);
  await once(socket, 'secureConnect');
  // Nothing is read until well after the limit: what had been sent by then is all that ever comes.
  await new Promise((resolve) => setTimeout(resolve, 3 * limits.stalledReaderMs));
  const text = await textUntilClosed(socket);
  expect(text.length).toBeGreaterThan(0);
  expect(text.length).toBeLessThan(20_000_000);
});

test('a client whose HTTP/2 window stays empty is cut', async () => {
  const session = connectHttp2(`https://127.0.0.1:${listener.port}`, { ca: api.certificates.ca, settings: { initialWindowSize: 0 } });
  session.on('error', () => {});
  opened.push(session);
  const stream = session.request({ ':path': '/api/v1/namespaces/default/configmaps/large-1', authorization: `Bearer ${api.token}` });
  stream.on('error', () => {});
  await once(stream, 'response');
  await once(stream, 'close');
});

test('many headers, and long ones, are let through', async () => {
  const socket = tls();
  const many = Array.from({ length: 5000 }, (_, index) => `X-Header-${index}: 1\r\n`).join('');
  socket.write(`GET /api/v1/namespaces/default HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(500_000)}\r\n${many}Authorization: Bearer ${api.token}\r\nConnection: close\r\n\r\n`);
  expect(await textUntilClosed(socket)).toMatch(/^HTTP\/1.1 200/);
});

test('an upgrade that nobody knows is answered as if it had not been asked for, watches too', async () => {
  const upgrade = 'Connection: Upgrade\r\nUpgrade: nonsense\r\n';
  const plain = tls();
  plain.write(`GET /api/v1/namespaces/default HTTP/1.1\r\n${authorized()}${upgrade}\r\n`);
  expect(await textUntilClosed(plain)).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*"name":"default"/);
  const watch = tls();
  watch.write(`GET /api/v1/namespaces?watch=1&timeoutSeconds=1 HTTP/1.1\r\n${authorized()}${upgrade}\r\n`);
  expect(await textUntilClosed(watch)).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*"type":"ADDED"/);
});

const garbage: readonly { readonly name: string; readonly protocol: 'h2' | 'http/1.1'; readonly text: string }[] = [
  { name: 'zeros', protocol: 'http/1.1', text: '\0'.repeat(100_000) },
  { name: 'an HTTP/2 preface where HTTP/1.1 was agreed', protocol: 'http/1.1', text: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' },
  { name: 'HTTP/1.1 where HTTP/2 was agreed', protocol: 'h2', text: 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' },
  { name: 'a frame longer than was agreed', protocol: 'h2', text: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\xff\xff\xff\0\0\0\0\0\x01' },
  { name: 'headers that do not decompress', protocol: 'h2', text: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x04\x01\x05\0\0\0\x01\xff\xff\xff\xff' },
  { name: 'two lengths of one body', protocol: 'http/1.1', text: 'POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab' },
  { name: 'a chunk without a size', protocol: 'http/1.1', text: 'POST /version HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n' },
];
test.each(garbage)('$name: that connection ends, no other', async ({ protocol, text }) => {
  const socket = tls(protocol);
  await once(socket, 'secureConnect');
  socket.write(text, 'latin1');
  await textUntilClosed(socket);
  await expectHealthy();
});
