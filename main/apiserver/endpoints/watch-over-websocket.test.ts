import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../testing.ts';
import { watchMessages } from './watch-messages.ts';

let server: TestApiServer;
let port: number;
beforeAll(async () => {
  server = await startTestApiServer();
  ({ port } = await server.listen());
});
afterAll(() => server[Symbol.asyncDispose]());

const PATH = '/api/v1/namespaces?watch=true&fieldSelector=metadata.name%3Ddefault';
const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
const HANDSHAKE: readonly string[] = ['Sec-WebSocket-Version: 13', KEY];
const ORIGIN = 'Origin: http://localhost';

class Client implements Disposable {
  readonly #socket: TLSSocket;
  #bytes = Buffer.alloc(0);

  constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => (this.#bytes = Buffer.concat([this.#bytes, chunk])));
    socket.on('error', () => {});
  }

  static async open(headers: readonly string[], path = PATH, handshake = HANDSHAKE): Promise<Client> {
    const socket = connect({ port, host: '127.0.0.1', ca: server.certificates.ca, ALPNProtocols: ['http/1.1'] });
    await once(socket, 'secureConnect');
    const client = new Client(socket);
    socket.write([`GET ${path} HTTP/1.1`, 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket', ...handshake, ...headers, '', ''].join('\r\n'));
    return client;
  }

  async take(size: number): Promise<Buffer> {
    while (this.#bytes.length < size) await once(this.#socket, 'data');
    const taken = this.#bytes.subarray(0, size);
    this.#bytes = this.#bytes.subarray(size);
    return taken;
  }

  async head(): Promise<string> {
    for (;;) {
      const end = this.#bytes.indexOf('\r\n\r\n');
      if (end >= 0) return (await this.take(end + 4)).toString();
      await once(this.#socket, 'data');
    }
  }

  async frame(): Promise<{ readonly first: number; readonly payload: Buffer }> {
    const [first = 0, short = 0] = await this.take(2);
    const length = short === 126 ? (await this.take(2)).readUInt16BE(0) : short;
    return { first, payload: await this.take(length) };
  }

  send(bytes: readonly number[]): void {
    this.#socket.write(Buffer.from(bytes));
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

const bearer = (): string => `Authorization: Bearer ${server.token}`;
const protocolOf = (token: string): string => `base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString('base64url')}`;

test('each event is a text message, and the end of the watch closes the connection', async () => {
  using client = await Client.open([bearer(), ORIGIN], `${PATH}&timeoutSeconds=1`);
  expect(await client.head()).toBe('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n');
  const { first, payload } = await client.frame();
  expect(first).toBe(0x81);
  expect(JSON.parse(payload.toString())).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'default' } } });
  expect(await client.frame()).toEqual({ first: 0x88, payload: Buffer.from([0x03, 0xe8]) });
});

test('protobuf events are binary messages without a length before them', async () => {
  using client = await Client.open([bearer(), ORIGIN, 'Accept: application/vnd.kubernetes.protobuf;stream=watch']);
  await client.head();
  const { first, payload } = await client.frame();
  expect(first).toBe(0x82);
  expect(payload.subarray(0, 7).toString()).toBe('\n\u0005ADDED');
});

test('a token comes as a sub-protocol beside another one, which is agreed on', async () => {
  using client = await Client.open([`Sec-WebSocket-Protocol: ${protocolOf(server.token)}, foo`, ORIGIN]);
  expect(await client.head()).toMatch(/^HTTP\/1\.1 101 [^]*Sec-WebSocket-Protocol: foo\r\n\r\n$/);
});

test('a ping is answered, other messages are not', async () => {
  using client = await Client.open([bearer(), ORIGIN]);
  await client.head();
  await client.frame();
  client.send([0x81, 0x83, 0, 0, 0, 0, 97, 98, 99, 0x89, 0x82, 1, 1, 1, 1, 104 ^ 1, 105 ^ 1]);
  expect(await client.frame()).toEqual({ first: 0x8a, payload: Buffer.from('hi') });
});

test.each([
  { name: 'no Origin', headers: () => [bearer()], head: /^HTTP\/1\.1 403 Forbidden/ },
  { name: 'an Origin that is none', headers: () => [bearer(), 'Origin: null'], head: /^HTTP\/1\.1 403 Forbidden/ },
  { name: 'a version that is not spoken', headers: () => [bearer(), ORIGIN], handshake: ['Sec-WebSocket-Version: 8', KEY], head: /^HTTP\/1\.1 400 Bad Request\r\nSec-WebSocket-Version: 13\r\n/ },
  { name: 'no version', headers: () => [bearer(), ORIGIN], handshake: [KEY], head: /^HTTP\/1\.1 400 Bad Request\r\nSec-WebSocket-Version: 13\r\n/ },
  { name: 'no key', headers: () => [bearer(), ORIGIN], handshake: ['Sec-WebSocket-Version: 13'], head: /^HTTP\/1\.1 400 Bad Request\r\n\r\n/ },
  { name: 'two sub-protocols', headers: () => [bearer(), ORIGIN, 'Sec-WebSocket-Protocol: a, b'], head: /^HTTP\/1\.1 400 Bad Request/ },
  { name: 'a token as its only sub-protocol', headers: () => [ORIGIN, `Sec-WebSocket-Protocol: ${protocolOf(server.token)}`], head: /^HTTP\/1\.1 401 / },
  { name: 'a token that nobody knows', headers: () => [ORIGIN, `Sec-WebSocket-Protocol: ${protocolOf('x')}, foo`], head: /^HTTP\/1\.1 401 / },
])('a client with $name is refused', async ({ headers, handshake, head }) => {
  using client = await Client.open(headers(), PATH, handshake);
  expect(await client.head()).toMatch(head);
});

test('events that share a chunk, or are cut by it, become one message each', async () => {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('{"a":1}\n{"b"');
    yield Buffer.from(':2}\n');
  }
  const messages: string[] = [];
  for await (const message of watchMessages(chunks(), { isText: true })) messages.push(Buffer.from(message).toString());
  expect(messages).toEqual(['{"a":1}\n', '{"b":2}\n']);
});
