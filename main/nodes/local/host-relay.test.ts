import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startHostRelay } from './host-relay.ts';
import { readLine } from './line.ts';

let directory: string;
let server: Server;
let port: number;
let relay: AsyncDisposable | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'relay-'));
  server = createServer((socket) => socket.end('from the host\n'));
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  port = (server.address() as AddressInfo).port;
});
afterEach(async () => {
  await relay?.[Symbol.asyncDispose]();
  await new Promise((resolve) => { server.close(resolve); });
  await rm(directory, { recursive: true, force: true });
});

async function ask(line: string): Promise<string> {
  const socket: Socket = connect(join(directory, 'host.sock'));
  socket.write(line);
  return text(socket);
}

test('a node reaches an offered port of the host', async () => {
  relay = await startHostRelay({ socketPath: join(directory, 'host.sock'), ports: [port] });
  expect(await ask(`${port}\n`)).toBe('from the host\n');
});

test('a node does not reach any other port of the host', async () => {
  relay = await startHostRelay({ socketPath: join(directory, 'host.sock'), ports: [1] });
  expect(await ask(`${port}\n`)).toBe('');
});

test('what follows the first line is not lost', async () => {
  const echo = createServer((socket) => { readLine(socket).then((line) => { socket.write(`${line}|`); socket.pipe(socket); }, () => socket.destroy()); });
  await new Promise<void>((resolve) => { echo.listen(join(directory, 'echo.sock'), resolve); });
  const socket = connect(join(directory, 'echo.sock'));
  socket.end('first\nsecond\nthird');
  expect(await text(socket)).toBe('first|second\nthird');
  await new Promise((resolve) => { echo.close(resolve); });
});
