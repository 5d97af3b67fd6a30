import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../testing.ts';
import { createTestCertificates } from '../testing-certificates.ts';

/** Everything that a client may upgrade, sent what no client should send: the server goes on, and holds nothing open. */
let server: TestApiServer;
let port: number;
let kubelet: Server;
const dialed = new Set<Socket>();
const CORE = '/api/v1/namespaces/default';

const send = (method: string, path: string, body: object): Promise<unknown> =>
  server.transport.fetch({ method, path, headers: { 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' }, body: JSON.stringify(body) });

beforeAll(async () => {
  const { server: material } = await createTestCertificates(Date.now());
  kubelet = createServer({ cert: material.certificate, key: material.key, rejectUnauthorized: false }, (_request, response) => response.end('x'.repeat(100_000)));
  kubelet.on('upgrade', ({ headers }, socket: Duplex) => {
    socket.on('error', () => {});
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${headers.upgrade ?? ''}\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n`);
    socket.pipe(socket);
  });
  kubelet.listen(0, '127.0.0.1');
  await once(kubelet, 'listening');
  const dialNode = async (): Promise<Socket> => {
    const socket = connect((kubelet.address() as AddressInfo).port, '127.0.0.1');
    dialed.add(socket.on('close', () => dialed.delete(socket)));
    await once(socket, 'connect');
    return socket;
  };
  server = await startTestApiServer({ dialer: { dialNode } });
  ({ port } = await server.listen());
  await send('POST', `${CORE}/serviceaccounts`, { metadata: { name: 'default' } });
  await send('POST', '/api/v1/nodes', { metadata: { name: 'n1' } });
  await send('PATCH', '/api/v1/nodes/n1/status', { status: { addresses: [{ type: 'InternalIP', address: '10.89.0.7' }], daemonEndpoints: { kubeletEndpoint: { Port: 10250 } } } });
  await send('POST', `${CORE}/pods`, { metadata: { name: 'p' }, spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'i' }] } });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  kubelet.close();
  kubelet.closeAllConnections();
});

const paths = fc.constantFrom(
  `${CORE}/pods/p/exec?command=x&stdin=1&stdout=1`, `${CORE}/pods/p/attach?stdin=1`, `${CORE}/pods/p/portforward?ports=80`, `${CORE}/pods/p/portforward`, `${CORE}/pods/p/log?follow=1`, `${CORE}/pods/p/proxy/x`,
  '/api/v1/nodes/n1/proxy/x', '/api/v1/namespaces?watch=1&timeoutSeconds=1', `${CORE}/pods?watch=1&resourceVersion=0&timeoutSeconds=1`, `${CORE}/pods/gone/exec?command=x`, '/version',
);
const odd = fc.constantFrom('', 'x', '13', 'é\x01', '\t', 'a'.repeat(5000), 'v4.channel.k8s.io', 'v5.channel.k8s.io', 'SPDY/3.1', 'v4.channel.k8s.io, v5.channel.k8s.io', ',,,', 'base64.channel.k8s.io');
const names = fc.constantFrom('Sec-WebSocket-Key', 'Sec-WebSocket-Version', 'Sec-WebSocket-Protocol', 'Sec-WebSocket-Extensions', 'X-Stream-Protocol-Version', 'Origin', 'Upgrade', 'Connection');
const handshakes = fc.record({
  path: paths,
  method: fc.constantFrom('GET', 'GET', 'POST'),
  upgrade: fc.constantFrom('websocket', 'websocket', 'WebSocket', 'SPDY/3.1', 'SPDY/3.1', 'nonsense'),
  protocol: fc.constantFrom('v5.channel.k8s.io', 'v4.channel.k8s.io', 'SPDY/3.1+portforward.k8s.io', 'binary.k8s.io', 'nonsense', undefined),
  /** Headers that go out beside the right ones. */
  more: fc.array(fc.tuple(names, odd), { maxLength: 3 }),
  /** Of its text this part is sent. */
  part: fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, fc.double({ min: 0, max: 1, noNaN: true })),
});
type Handshake = typeof handshakes extends fc.Arbitrary<infer T> ? T : never;

function textOf({ path, method, upgrade, protocol, more, part }: Handshake): Buffer {
  const isSpdy = upgrade.startsWith('SPDY');
  const wanted = isSpdy
    ? [['X-Stream-Protocol-Version', protocol]]
    : [['Sec-WebSocket-Key', randomBytes(16).toString('base64')], ['Sec-WebSocket-Version', '13'], ['Origin', 'http://x'], ['Sec-WebSocket-Protocol', protocol]];
  const lines = [['Host', 'x'], ['Authorization', `Bearer ${server.token}`], ['Connection', 'Upgrade'], ['Upgrade', upgrade], ...wanted, ...more];
  const text = `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => (value === undefined ? '' : `${name}: ${value}\r\n`)).join('')}\r\n`;
  return Buffer.from(text.slice(0, Math.ceil(text.length * part)), 'latin1');
}

/** A frame of a WebSocket: any opcode, reserved bits, mask or none, and a length that may not be that of what follows. */
const webSocketFrames = fc.record({ first: fc.nat(255), masked: fc.boolean(), length: fc.oneof(fc.nat(125), fc.constantFrom(126, 127, 65_535, 65_536, 2 ** 31, 2 ** 53)), payload: fc.uint8Array({ maxLength: 300 }) }).map(({ first, masked, length, payload }) => {
  const head = length < 126 ? Buffer.from([length]) : Buffer.alloc(length < 65_536 ? 3 : 9);
  if (length >= 126) {
    head[0] = length < 65_536 ? 126 : 127;
    if (length < 65_536) head.writeUInt16BE(length, 1);
    else head.writeBigUInt64BE(BigInt(length), 1);
  }
  if (masked) head[0] = (head[0] ?? 0) | 0x80;
  return Buffer.concat([Buffer.from([first]), head, masked ? randomBytes(4) : Buffer.alloc(0), payload]);
});
/** A control or data frame of SPDY, of any type and any length. */
const spdyFrames = fc.record({ control: fc.boolean(), type: fc.nat(12), flags: fc.nat(255), length: fc.oneof(fc.nat(400), fc.constant(0xff_ffff)), payload: fc.uint8Array({ maxLength: 400 }) }).map(({ control, type, flags, length, payload }) => {
  const head = Buffer.from([control ? 0x80 : 0, control ? 3 : 1, 0, type, flags, length >> 16, (length >> 8) & 0xff, length & 0xff]);
  return Buffer.concat([head, payload]);
});
const sent = fc.array(fc.oneof(webSocketFrames, spdyFrames, fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes))), { maxLength: 6 });
const ends = fc.constantFrom('end', 'destroy', 'wait');

/** What the server answers first, once it has said all that it will: it has a moment, then the client is gone. */
async function talk({ handshake, frames, end }: { handshake: Handshake; frames: readonly Buffer[]; end: 'end' | 'destroy' | 'wait' }): Promise<string> {
  const socket: TLSSocket = connectTls({ host: '127.0.0.1', port, ca: server.certificates.ca, ALPNProtocols: ['http/1.1'] });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  let text = '';
  const answered = new Promise<void>((resolve) => socket.once('data', () => resolve()));
  socket.on('data', (chunk: Buffer) => (text.length < 1000 ? (text += chunk.toString('latin1')) : undefined));
  socket.write(textOf(handshake));
  if (end === 'wait' && handshake.part === 1) await Promise.race([answered, closed]);
  for (const frame of frames) socket.write(frame);
  if (end === 'end') socket.end();
  if (end === 'wait') await Promise.race([closed, new Promise((resolve) => setImmediate(resolve))]);
  socket.destroy();
  await closed;
  return text;
}

const ANSWERS = /^(?:$|HTTP\/1\.[01] (?:101|200|400|403|404|405|406|411|413|415|426|431|500|501|502|503) )/;

test('nothing that is sent with an upgrade stops the server, or stays', { timeout: 120_000 }, async () => {
  let turn = 0;
  const runs = Number(process.env['FUZZ_RUNS'] ?? 150);
  await fc.assert(
    fc.asyncProperty(handshakes, sent, ends, async (handshake, frames, end) => {
      // Watches have something to send meanwhile.
      const [text] = await Promise.all([talk({ handshake, frames, end }), send('PATCH', '/api/v1/namespaces/default', { metadata: { annotations: { turn: String(turn++) } } })]);
      expect(text).toMatch(ANSWERS);
    }),
    { numRuns: runs },
  );
  const { status } = await server.transport.fetch({ method: 'GET', path: '/readyz' });
  expect(status).toBe(200);
  await vi.waitFor(() => expect(dialed.size).toBe(0), { timeout: 10_000 });
});
