import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { serveRemoteCommand } from './remote-command-socket.ts';
import { serveTunnel } from './spdy-tunnel.ts';
import { SpdyDecoder } from './spdy/frames.ts';

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
/** Bytes that are nearly SPDY: a control frame's beginning, a kind, and a length that is mostly short. */
const almostSpdy = fc.array(
  fc.tuple(fc.constantFrom(0x8003, 0x8002, 0x0000), fc.nat(9), fc.nat(255), fc.nat(12), fc.uint8Array({ maxLength: 16 })).map(([version, kind, flags, length, body]) => {
    const head = Buffer.alloc(8);
    head.writeUInt16BE(version, 0);
    head.writeUInt16BE(kind, 2);
    head.writeUInt8(flags, 4);
    head.writeUIntBE(length, 5, 3);
    return Buffer.concat([head, body]);
  }),
  { minLength: 1, maxLength: 8 },
).map((frames) => Buffer.concat(frames));

it('finds the same frames in any bytes, however they are cut, and takes no offence', () => {
  fc.assert(fc.property(almostSpdy, fc.nat(), (bytes, at) => {
    const cut = at % (bytes.length + 1);
    const decoder = new SpdyDecoder();
    expect([...decoder.push(bytes.subarray(0, cut)), ...decoder.push(bytes.subarray(cut))]).toEqual(new SpdyDecoder().push(bytes));
  }), { seed, numRuns: 500 });
});

describe.each(['a remote command', 'a tunnel'] as const)('%s of a client that does not keep the rules', (kind) => {
  let runtime: Server;
  let accept = Promise.withResolvers<void>();
  const streams = new Set<Duplex>();
  let front: Server;
  let fromRuntime = Buffer.alloc(0);

  beforeEach(async () => {
    accept = Promise.withResolvers();
    fromRuntime = Buffer.alloc(0);
    streams.clear();
    runtime = createServer().on('upgrade', (_request, socket: Duplex) => {
      streams.add(socket);
      socket.on('error', () => socket.destroy()).on('close', () => streams.delete(socket)).on('end', () => socket.end()).resume();
      accept.promise.then(() => socket.write(Buffer.concat([Buffer.from('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n'), fromRuntime])), () => socket.destroy());
    }).listen(0, '127.0.0.1');
    await once(runtime, 'listening');
    const url = `http://127.0.0.1:${(runtime.address() as AddressInfo).port}/exec/token`;
    const webSockets = new WebSocketServer({ noServer: true });
    front = createServer().on('upgrade', (request, socket, head) => {
      socket.on('error', () => socket.destroy());
      webSockets.handleUpgrade(request, socket, head, (accepted) => {
        const serving = kind === 'a tunnel' ? serveTunnel(accepted, url) : serveRemoteCommand({ socket: accepted, url, stdin: true, stdout: true, stderr: true, tty: false });
        serving.catch(() => accepted.terminate());
      });
    }).listen(0, '127.0.0.1');
    await once(front, 'listening');
  });
  afterEach(() => {
    for (const server of [front, runtime]) {
      server.close();
      server.closeAllConnections();
    }
    for (const stream of streams) stream.destroy();
  });

  /** Sends the handshake and what follows it in one go; resolves once the server has let go of the connection. */
  async function abuse(bytes: Uint8Array, { acceptFirst }: { readonly acceptFirst: boolean }): Promise<void> {
    if (acceptFirst) accept.resolve();
    const socket = connect((front.address() as AddressInfo).port, '127.0.0.1').on('error', () => socket.destroy()).resume();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write('GET / HTTP/1.1\r\nHost: node\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n');
    socket.end(bytes);
    await vi.waitUntil(() => streams.size > 0 || acceptFirst);
    accept.resolve();
    await closed;
    await vi.waitUntil(() => streams.size === 0);
  }

  it.each([
    { name: 'an unknown opcode', bytes: Buffer.from([0x8b, 0x80, 0, 0, 0, 0]) },
    { name: 'a frame without a mask', bytes: Buffer.from([0x82, 0x01, 0x00]) },
    { name: 'a message beyond all limits', bytes: Buffer.from([0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]) },
    { name: 'half a frame', bytes: Buffer.from([0x82, 0x85, 1, 2]) },
    { name: 'nothing', bytes: Buffer.alloc(0) },
  ])('ends with its connection after $name, before and after the runtime answers', async ({ bytes }) => {
    for (const acceptFirst of [false, true]) await abuse(bytes, { acceptFirst });
  });

  it('ends with its connection after any bytes, whatever the runtime says', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), almostSpdy, fc.boolean(), async (bytes, answer, acceptFirst) => {
      fromRuntime = answer;
      accept = Promise.withResolvers();
      await abuse(bytes, { acceptFirst });
    }), { seed, numRuns: 40 });
  });
});
