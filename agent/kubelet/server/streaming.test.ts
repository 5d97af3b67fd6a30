import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { createInflate, constants } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { requestAttributes } from './authorization.ts';
import { serveRemoteCommand } from './remote-command-socket.ts';
import { dataFrame, SpdyDecoder, SpdyHeaderEncoder } from './spdy/frames.ts';

describe('SPDY framing', () => {
  it('finds frames however the bytes are cut', () => {
    const bytes = Buffer.concat([dataFrame(1, Buffer.from('hello'), false), dataFrame(3, Buffer.alloc(0), true)]);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const decoder = new SpdyDecoder();
      const frames = [...decoder.push(bytes.subarray(0, cut)), ...decoder.push(bytes.subarray(cut))];
      expect(frames.map((frame) => (frame.type === 'data' ? [frame.streamId, frame.data.toString(), frame.fin] : frame.type))).toEqual([[1, 'hello', false], [3, '', true]]);
    }
  });

  it('writes header blocks that are one zlib stream', async () => {
    const encoder = new SpdyHeaderEncoder();
    const inflate = createInflate({ finishFlush: constants.Z_SYNC_FLUSH });
    const chunks: Buffer[] = [];
    inflate.on('data', (chunk: Buffer) => chunks.push(chunk));
    inflate.write(encoder.encode({ streamType: 'stdin' }));
    inflate.end(encoder.encode({ streamtype: 'stdout' }));
    await vi.waitFor(() => expect(Buffer.concat(chunks).toString('latin1')).toContain('stdout'));
    const text = Buffer.concat(chunks);
    expect(text.readUInt32BE(0)).toBe(1);
    expect(text.subarray(8, 18).toString()).toBe('streamtype');
  });
});

describe('a remote command over a WebSocket', () => {
  let runtime: ReturnType<typeof createServer>;
  let spdy: Duplex | undefined;
  const received: (readonly [number, string, boolean])[] = [];
  let front: WebSocketServer;
  let client: WebSocket;
  const messages: Buffer[] = [];

  beforeEach(async () => {
    received.length = 0;
    messages.length = 0;
    runtime = createServer();
    runtime.on('upgrade', (request, socket: Duplex) => {
      spdy = socket;
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${request.headers['x-stream-protocol-version']}\r\n\r\n`);
      const decoder = new SpdyDecoder();
      socket.on('data', (chunk: Buffer) => {
        for (const frame of decoder.push(chunk)) if (frame.type === 'data') received.push([frame.streamId, frame.data.toString(), frame.fin]);
      });
    });
    await new Promise<void>((resolve) => runtime.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(runtime.address() as AddressInfo).port}/exec/token`;
    front = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'v5.channel.k8s.io' });
    const failures: unknown[] = [];
    front.on('connection', (socket) => {
      serveRemoteCommand({ socket, url, stdin: true, stdout: true, stderr: true, tty: false }).catch((error: unknown) => failures.push(error));
    });
    await new Promise((resolve) => front.once('listening', resolve));
    client = new WebSocket(`ws://127.0.0.1:${(front.address() as AddressInfo).port}`, ['v5.channel.k8s.io']);
    client.on('message', (message: Buffer) => messages.push(message));
    await new Promise((resolve) => client.once('open', resolve));
    await vi.waitFor(() => expect(messages).toHaveLength(1));
  });
  afterEach(() => {
    client.terminate();
    front.close();
    spdy?.destroy();
    runtime.close();
  });

  it('says that it stands, carries both ways, and passes on that stdin has ended', async () => {
    expect(messages[0]).toEqual(Buffer.from([1]));
    client.send(Buffer.concat([Buffer.from([0]), Buffer.from('input')]));
    client.send(Buffer.from([255, 0]));
    // Streams: error 1, stdin 3, stdout 5, stderr 7.
    await vi.waitFor(() => expect(received).toEqual([[3, 'input', false], [3, '', true]]));
    spdy?.write(dataFrame(5, Buffer.from('out'), false));
    spdy?.write(dataFrame(7, Buffer.from('err'), false));
    await vi.waitFor(() => expect(messages.slice(1).map((message) => [message[0], message.subarray(1).toString()])).toEqual([[1, 'out'], [2, 'err']]));
  });

  it('closes normally after the status, once all outputs have ended', async () => {
    const closed = new Promise<number>((resolve) => client.once('close', resolve));
    for (const id of [5, 7]) spdy?.write(dataFrame(id, Buffer.alloc(0), true));
    spdy?.write(dataFrame(1, Buffer.from('{"status":"Success"}'), true));
    expect(await closed).toBe(1000);
    expect(messages.at(-1)).toEqual(Buffer.concat([Buffer.from([3]), Buffer.from('{"status":"Success"}')]));
  });

  it('lets go of the runtime when the client goes', async () => {
    const gone = new Promise((resolve) => spdy?.once('end', resolve));
    client.terminate();
    await gone;
  });
});

it.each([
  ['POST', '/exec/ns/pod/c', 'create', 'proxy'], ['GET', '/containerLogs/ns/pod/c', 'get', 'proxy'], ['GET', '/stats/summary', 'get', 'stats'], ['GET', '/metrics/resource', 'get', 'metrics'], ['GET', '/healthz', 'get', 'healthz'],
])('%s %s needs the verb %s on nodes/%s', (method, url, verb, subresource) => {
  expect(requestAttributes({ method, url }, 'node-1')).toMatchObject({ verb, resource: 'nodes', subresource, name: 'node-1' });
});
