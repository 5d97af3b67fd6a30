import type { Duplex } from 'node:stream';
import type { MessageChannel } from './messages.ts';

/** One message may carry a large list; anything beyond is a broken peer. */
const maxMessageBytes = 256 * 1024 * 1024;

/** Messages as JSON lines over a stream (the daemon's control socket). */
export function socketChannel<Out, In>(socket: Duplex): MessageChannel<Out, In> {
  let handler: ((message: In) => void) | undefined;
  const backlog: In[] = [];
  const pieces: Buffer[] = [];
  let pending = 0;
  socket.on('data', (chunk: Buffer) => {
    let rest = chunk;
    for (let newline = rest.indexOf(10); newline >= 0; newline = rest.indexOf(10)) {
      pieces.push(rest.subarray(0, newline));
      rest = rest.subarray(newline + 1);
      deliver(Buffer.concat(pieces.splice(0)));
      pending = 0;
    }
    if (rest.length === 0) return;
    pieces.push(rest);
    pending += rest.length;
    if (pending > maxMessageBytes) socket.destroy(new Error('message too large'));
  });
  socket.on('error', () => socket.destroy()); // 'close' follows and is what callers see.

  function deliver(line: Buffer): void {
    let message: In;
    try {
      message = JSON.parse(line.toString('utf8')) as In;
    } catch {
      socket.destroy(new Error('not a JSON message'));
      return;
    }
    if (handler === undefined) backlog.push(message);
    else handler(message);
  }

  return {
    send: (message) => void (socket.writable && socket.write(`${JSON.stringify(message)}\n`)),
    onMessage(next) {
      handler = next;
      for (const message of backlog.splice(0)) next(message);
    },
    onClose: (closed) => void socket.once('close', closed),
    close: () => void socket.end(),
    get bufferedBytes() {
      return socket.writableLength;
    },
    drained: () =>
      new Promise((resolve) => {
        if (socket.writableLength === 0 || socket.destroyed) return resolve();
        const done = () => {
          socket.off('drain', done).off('close', done);
          resolve();
        };
        socket.on('drain', done).on('close', done);
      }),
  };
}
