import { mkdir, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { readLine } from './line.ts';

/** The host's end of a node's forwarder: a unix socket whose connections go to some loopback ports, and to no others. */
export async function startHostRelay(options: { readonly socketPath: string; readonly ports: readonly number[] }): Promise<AsyncDisposable> {
  const allowed = new Set(options.ports);
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    relay(socket, allowed).catch(() => socket.destroy());
  });
  await mkdir(dirname(options.socketPath), { recursive: true, mode: 0o700 });
  await rm(options.socketPath, { force: true });
  await new Promise<void>((resolve, reject) => { server.once('error', reject).listen(options.socketPath, resolve); });
  return {
    async [Symbol.asyncDispose]() {
      if (!server.listening) return;
      const closed = new Promise<void>((resolve) => { server.close(() => resolve()); });
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

async function relay(socket: Socket, allowed: ReadonlySet<number>): Promise<void> {
  const port = Number(await readLine(socket));
  if (!allowed.has(port)) throw new Error(`port ${port} is not offered to nodes`);
  const target = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  socket.setNoDelay(true);
  target.setNoDelay(true);
  socket.once('close', () => target.destroy());
  await Promise.all([pipeline(socket, target), pipeline(target, socket)]).finally(() => target.destroy());
}
