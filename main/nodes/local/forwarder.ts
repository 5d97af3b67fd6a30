import { rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { readLine } from './line.ts';

/**
 * Runs inside a node's network namespace. Unix sockets cross namespaces, TCP does not, so it relays both ways:
 * 10.0.2.2:PORT in the node -> host.sock (first line: PORT) -> the host's loopback; node.sock (first line: {"host","port"}) -> any address the node reaches.
 */
interface ForwarderSettings {
  readonly address: string;
  readonly ports: readonly number[];
  readonly hostSocket: string;
  readonly nodeSocket: string;
}

const connectTimeoutMs = 10_000;

async function main(settings: ForwarderSettings): Promise<void> {
  for (const port of settings.ports) {
    await listen(createServer({ allowHalfOpen: true }, (socket) => relay(socket, relayToHost(socket, settings.hostSocket, port))), { port, host: settings.address });
  }
  await rm(settings.nodeSocket, { force: true });
  await listen(createServer({ allowHalfOpen: true }, (socket) => relay(socket, relayIntoNode(socket))), { path: settings.nodeSocket });
  process.stdout.write('ready\n');
  // The driver holds the other end of standard input: when the daemon dies, so do we.
  process.stdin.resume().on('end', () => process.exit(0)).on('error', () => process.exit(0));
}

function listen(server: Server, where: { readonly port: number; readonly host: string } | { readonly path: string }): Promise<void> {
  return new Promise((resolve, reject) => { server.once('error', reject).listen(where, resolve); });
}

function relay(socket: Socket, relayed: Promise<void>): void {
  relayed.catch(() => socket.destroy());
}

async function relayToHost(socket: Socket, hostSocket: string, port: number): Promise<void> {
  const host = connect({ path: hostSocket, allowHalfOpen: true });
  host.write(`${port}\n`);
  await join(socket, host);
}

async function relayIntoNode(socket: Socket): Promise<void> {
  const { host, port } = JSON.parse(await readLine(socket)) as { readonly host: string; readonly port: number };
  const target = connect({ host, port, allowHalfOpen: true });
  try {
    await new Promise<void>((resolve, reject) => {
      target.once('connect', resolve).once('error', reject);
      target.setTimeout(connectTimeoutMs, () => reject(new Error('timed out')));
    });
  } catch (cause) {
    target.destroy();
    socket.end(`${(cause as Error).message}\n`);
    return;
  }
  target.setTimeout(0);
  socket.write('ok\n');
  await join(socket, target);
}

async function join(a: Socket, b: Socket): Promise<void> {
  a.setNoDelay(true);
  b.setNoDelay(true);
  try {
    await Promise.all([pipeline(a, b), pipeline(b, a)]);
  } finally {
    a.destroy();
    b.destroy();
  }
}

await main(JSON.parse(process.argv[2] ?? '{}') as ForwarderSettings);
