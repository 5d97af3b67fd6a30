import { mkdtemp, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LearningSwitch } from './learning-switch.ts';

let directory: string;
let network: LearningSwitch;
const sockets: Socket[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'switch-'));
  network = await LearningSwitch.start({ path: join(directory, 'switch.sock') });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await network[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

interface Machine {
  readonly socket: Socket;
  readonly received: string[];
  next(): Promise<string>;
}

async function machine(): Promise<Machine> {
  const socket = connect((network.address as { path: string }).path);
  sockets.push(socket);
  const received: string[] = [];
  const waiting: ((text: string) => void)[] = [];
  let pending = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 4 && pending.length >= 4 + pending.readUInt32BE(0)) {
      const text = pending.subarray(4 + 14, 4 + pending.readUInt32BE(0)).toString();
      pending = pending.subarray(4 + pending.readUInt32BE(0));
      const waiter = waiting.shift();
      if (waiter) waiter(text);
      else received.push(text);
    }
  });
  const before = network.statistics().ports;
  await new Promise((resolve) => { socket.once('connect', resolve); });
  while (network.statistics().ports === before) await new Promise((resolve) => { setImmediate(resolve); });
  return { socket, received, next: () => new Promise((resolve) => { const text = received.shift(); if (text === undefined) waiting.push(resolve); else resolve(text); }) };
}

function frame(to: number, from: number, text: string): Buffer {
  const body = Buffer.alloc(14 + text.length);
  body.writeUIntBE(to, 0, 6);
  body.writeUIntBE(from, 6, 6);
  body.write(text, 14);
  const header = Buffer.alloc(4);
  header.writeUInt32BE(body.length);
  return Buffer.concat([header, body]);
}

const broadcast = 0xffffffffffff;

test('a broadcast reaches every other machine', async () => {
  const [a, b, c] = [await machine(), await machine(), await machine()];
  a.socket.write(frame(broadcast, 0x02, 'who has'));
  expect([await b.next(), await c.next()]).toEqual(['who has', 'who has']);
  expect(a.received).toEqual([]);
});

test('a learned address is sent to its port alone', async () => {
  const [a, b, c] = [await machine(), await machine(), await machine()];
  b.socket.write(frame(broadcast, 0x04, 'hello'));
  await Promise.all([a.next(), c.next()]);
  a.socket.write(frame(0x04, 0x02, 'to b'));
  expect(await b.next()).toBe('to b');
  b.socket.write(frame(broadcast, 0x04, 'after'));
  expect(await c.next()).toBe('after');
});

test('a frame that arrives in pieces is put together', async () => {
  const [a, b] = [await machine(), await machine()];
  const whole = frame(broadcast, 0x02, 'in pieces');
  for (const byte of whole) a.socket.write(Buffer.from([byte]));
  expect(await b.next()).toBe('in pieces');
});

test('a machine that sends an impossible length is cut off', async () => {
  const a = await machine();
  const closed = new Promise((resolve) => { a.socket.once('close', resolve); });
  a.socket.write(Buffer.from([0x7f, 0xff, 0xff, 0xff]));
  await closed;
  expect(network.statistics().ports).toBe(0);
});

test('only the owner may open the socket', async () => {
  expect((await stat((network.address as { path: string }).path)).mode & 0o777).toBe(0o600);
});
