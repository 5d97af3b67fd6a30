import type { WebSocket } from 'ws';
import { connectSpdy } from './upgrade.ts';

export const TUNNEL_PROTOCOL = 'SPDY/3.1+portforward.k8s.io';
const PORT_FORWARD_PROTOCOL = 'portforward.k8s.io';
const MAX_BUFFERED_BYTES = 1024 * 1024;

/** kubectl ≥ 1.31 sends port-forward's SPDY bytes inside a WebSocket (KEP-4006); here they leave it again. To be called in the turn in which it opened. */
export async function serveTunnel(socket: WebSocket, url: string): Promise<void> {
  // What the client sends meanwhile stays with it.
  socket.pause();
  socket.on('error', () => socket.terminate());
  let upstream: Awaited<ReturnType<typeof connectSpdy>>;
  try {
    upstream = await connectSpdy(url, PORT_FORWARD_PROTOCOL);
  } catch (error) {
    socket.close(1011, (error instanceof Error ? error.message : String(error)).slice(0, 120));
    socket.resume();
    return;
  }
  if (socket.readyState !== socket.OPEN) {
    upstream.socket.destroy();
    return;
  }
  const { socket: spdy, head } = upstream;
  const send = (data: Buffer): void => {
    spdy.pause();
    // One message at a time: the socket's own buffer holds the other side back.
    socket.send(data, { binary: true }, (error) => (error ? spdy.destroy() : spdy.resume()));
  };
  if (head.length > 0) send(head);
  spdy.on('data', send);
  spdy.on('error', () => socket.close(1011));
  spdy.once('close', () => socket.close(1000));
  const receive = (message: Buffer): void => {
    if (!spdy.write(message) && spdy.writableLength > MAX_BUFFERED_BYTES) socket.pause();
  };
  socket.on('message', receive);
  spdy.on('drain', () => socket.resume());
  socket.once('close', () => spdy.destroy());
  socket.resume();
}
