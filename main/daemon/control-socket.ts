import { chmod, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { serveBridge } from '../bridge/bridge-server.ts';
import type { CallHandlers, StreamSources } from '../bridge/bridge-server.ts';
import type { ClientMessage, ServerMessage } from '../bridge/messages.ts';
import { socketChannel } from '../bridge/socket-channel.ts';
import type { Log } from '../cluster/log.ts';

/** The bridge for the command line: a unix socket 0600 in the data directory (0700). A socket file of a crashed daemon is replaced; the process lock is ours by then. */
export async function serveControlSocket({ path, handlers, log }: { path: string; handlers: { calls: CallHandlers; streams: StreamSources }; log: Log }): Promise<AsyncDisposable> {
  if (process.platform !== 'win32') await rm(path, { force: true });
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    serveBridge(socketChannel<ServerMessage, ClientMessage>(socket), handlers);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
  server.on('error', (error) => log.error('control socket failed', { error: error.message }));
  if (process.platform !== 'win32') await chmod(path, 0o600);
  return {
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open) socket.end();
      setTimeout(() => open.forEach((socket) => socket.destroy()), 500).unref();
      await closed;
    },
  };
}
