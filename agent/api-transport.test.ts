import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { SeededRandom } from '../kube/apimachinery/seeded-random.ts';
import { VirtualClock } from '../kube/apimachinery/virtual-clock.ts';
import { RestClient } from '../kube/client/rest-client.ts';
import { ApiTransport } from './api-transport.ts';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** Plain HTTP/2, because what is tested here is not TLS. */
async function serve(onStream: (stream: ServerHttp2Stream, path: string, headers: Record<string, unknown>) => void): Promise<string> {
  const server: Http2Server = createServer();
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    onStream(stream, String(headers[':path']), headers);
  });
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => sessions.add(session));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', () => resolve()));
  closing.push(() => {
    for (const session of sessions) session.destroy();
    return new Promise((resolve) => void server.close(() => resolve()));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function open(server: string): ApiTransport {
  const transport = new ApiTransport({ server, credentials: () => ({ ca: '', token: 't' }), clock: new VirtualClock() });
  closing.push(() => transport[Symbol.asyncDispose]());
  return transport;
}

it('sends the token and parses the answer', async () => {
  const server = await serve((stream, path, headers) => {
    stream.respond({ ':status': 200, 'content-type': 'application/json' });
    stream.end(JSON.stringify({ path, authorization: headers['authorization'] }));
  });
  const client = new RestClient({ transport: open(server), userAgent: 'test' });
  expect(await client.raw({ method: 'GET', path: '/version' })).toEqual({ path: '/version', authorization: 'Bearer t' });
});

it('streams a watch and ends it with the reason of its signal', async () => {
  const server = await serve((stream) => {
    stream.respond({ ':status': 200 });
    stream.write('{"type":"ADDED","object":{"metadata":{"name":"a"}}}\n{"type":"BOOKM');
    stream.write('ARK","object":{"metadata":{"resourceVersion":"2"}}}\n');
  });
  const client = new RestClient({ transport: open(server), userAgent: 'test' });
  const stop = new AbortController();
  const seen: string[] = [];
  const reading = (async () => {
    const things = { group: '', version: 'v1', resource: 'things', kind: 'Thing', namespaced: true };
    for await (const event of client.watch(things, { signal: stop.signal })) {
      seen.push(event.type);
      if (seen.length === 2) stop.abort(new Error('enough'));
    }
  })();
  await expect(reading).rejects.toThrow('enough');
  expect(seen).toEqual(['ADDED', 'BOOKMARK']);
});

it('opens a new connection after one broke, and after a reload', async () => {
  let connections = 0;
  const known = new Set<unknown>();
  const server = await serve((stream, path) => {
    if (!known.has(stream.session)) connections += 1;
    known.add(stream.session);
    if (path === '/break') {
      stream.session?.destroy();
      return;
    }
    stream.respond({ ':status': 200 });
    stream.end('{}');
  });
  const transport = open(server);
  const client = new RestClient({ transport, userAgent: 'test' });
  await client.raw({ method: 'GET', path: '/' });
  await expect(client.raw({ method: 'GET', path: '/break' })).rejects.toThrow();
  await client.raw({ method: 'GET', path: '/' });
  transport.reload();
  await client.raw({ method: 'GET', path: '/' });
  expect(connections).toBe(3);
});

it('names the server that it cannot reach', async () => {
  const port = 1 + Math.floor(new SeededRandom(1).next() * 10);
  const transport = open(`http://127.0.0.1:${port}`);
  await expect(transport.fetch({ method: 'GET', path: '/' })).rejects.toThrow(`Cannot connect to the API server at http://127.0.0.1:${port}`);
});

it('gives the whole body to a reader that begins after the answer has ended', async () => {
  const server = await serve((stream) => {
    stream.respond({ ':status': 200 });
    stream.end('whole');
  });
  const transport = open(server);
  const bodies = await Promise.all(
    Array.from({ length: 50 }, async (_, i) => {
      const { body } = await transport.fetch({ method: 'GET', path: '/short' });
      for (let turn = 0; turn < i; turn++) await new Promise((resolve) => setImmediate(resolve));
      let text = '';
      if (!(body instanceof Uint8Array)) for await (const chunk of body) text += Buffer.from(chunk).toString();
      return text;
    }),
  );
  expect(new Set(bodies)).toEqual(new Set(['whole']));
});
