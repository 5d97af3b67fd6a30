import type { WebSocket } from 'ws';
import { connectSpdy } from './upgrade.ts';
import { SpdyRemoteCommand } from './spdy/remote-command.ts';
import type { StreamName } from './spdy/remote-command.ts';

/** Channel numbers of v4.channel.k8s.io and v5.channel.k8s.io; the first byte of every message. */
const CHANNELS: readonly StreamName[] = ['stdin', 'stdout', 'stderr', 'error', 'resize'];
/** v5 only: the second byte names the channel that the client has closed (KEP-4006). */
const CLOSE_SIGNAL = 255;
/** A client that reads slower than the container writes holds the container back beyond this. */
const MAX_BUFFERED_BYTES = 1024 * 1024;
const NORMAL_CLOSURE = 1000;
const DRAIN_POLL_MS = 20;

export interface RemoteCommandOptions {
  readonly socket: WebSocket;
  /** The runtime's answer to Exec or Attach. */
  readonly url: string;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/**
 * Joins a WebSocket client to the runtime's SPDY: the runtime's own WebSocket cannot be told that stdin has ended. To be called in the turn
 * in which the socket opened: nothing that the client sends, nor an error of it, may go unheard.
 */
export async function serveRemoteCommand({ socket, url, stdin, stdout, stderr, tty }: RemoteCommandOptions): Promise<void> {
  // What the client sends meanwhile stays with it.
  socket.pause();
  socket.on('error', () => socket.terminate());
  let connection: Awaited<ReturnType<typeof connectSpdy>>;
  try {
    connection = await connectSpdy(url, 'v4.channel.k8s.io');
  } catch (error) {
    sendFailure(socket, error);
    socket.resume();
    return;
  }
  if (socket.readyState !== socket.OPEN) {
    connection.socket.destroy();
    return;
  }
  const streams: StreamName[] = ['error', ...(stdin ? ['stdin' as const] : []), ...(stdout ? ['stdout' as const] : []), ...(stderr && !tty ? ['stderr' as const] : []), ...(tty ? ['resize' as const] : [])];
  const open = new Set<StreamName>(streams.filter((name) => name === 'error' || name === 'stdout' || name === 'stderr'));
  const send = (name: StreamName, data: Buffer): void => {
    socket.send(Buffer.concat([Buffer.from([CHANNELS.indexOf(name)]), data]), { binary: true });
    if (socket.bufferedAmount > MAX_BUFFERED_BYTES) holdBack(socket, command);
  };
  const command: SpdyRemoteCommand = new SpdyRemoteCommand({
    ...connection, streams,
    events: {
      data: send,
      end: (name) => {
        open.delete(name);
        if (open.size === 0) socket.close(NORMAL_CLOSURE);
      },
      close: () => socket.close(NORMAL_CLOSURE),
    },
  });
  // An empty message tells the client that the connection stands (upstream does the same).
  send(stdout ? 'stdout' : stderr && !tty ? 'stderr' : 'error', Buffer.alloc(0));
  const receive = (message: Buffer): void => {
    const [channel = 0] = message;
    if (channel === CLOSE_SIGNAL) command.end(CHANNELS[message[1] ?? 0] ?? 'stdin');
    else if (channel === 0 || channel === 4) {
      const ready = command.write(channel === 0 ? 'stdin' : 'resize', message.subarray(1));
      if (!ready) socket.pause();
    }
  };
  socket.on('message', receive);
  command.onDrain(() => socket.resume());
  socket.once('close', () => command.destroy());
  socket.resume();
}

function holdBack(socket: WebSocket, command: SpdyRemoteCommand): void {
  command.pause();
  const timer = setInterval(() => {
    if (socket.bufferedAmount > MAX_BUFFERED_BYTES / 2 && socket.readyState === socket.OPEN) return;
    clearInterval(timer);
    command.resume();
  }, DRAIN_POLL_MS);
}

function sendFailure(socket: WebSocket, error: unknown): void {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason: 'InternalError', message: error instanceof Error ? error.message : String(error), code: 500 };
  socket.send(Buffer.concat([Buffer.from([3]), Buffer.from(JSON.stringify(status))]), { binary: true });
  socket.close(NORMAL_CLOSURE);
}
