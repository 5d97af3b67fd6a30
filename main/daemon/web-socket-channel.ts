import type { WebSocket } from 'ws';
import type { MessageChannel } from '../bridge/messages.ts';

/** Bridge messages as JSON text frames. */
export function webSocketChannel<Out, In>(socket: WebSocket): MessageChannel<Out, In> {
  socket.on('error', () => socket.terminate()); // 'close' follows and is what callers see.
  return {
    send: (message) => {
      if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
    },
    onMessage: (handler) =>
      void socket.on('message', (data) => {
        const message = parse<In>(String(data));
        if (message === undefined) socket.close(1003, 'not a JSON message');
        else handler(message);
      }),
    onClose: (handler) => void socket.once('close', handler),
    close: () => socket.close(),
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    async drained() {
      // A WebSocket tells its level but no event for it; a stream that is far ahead may wait this long between looks.
      while (socket.readyState === socket.OPEN && socket.bufferedAmount > 65_536) await new Promise((resolve) => setTimeout(resolve, 20));
    },
  };
}

function parse<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}
