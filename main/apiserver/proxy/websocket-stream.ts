import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';

/** RFC 6455 section 1.3. */
const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
/** Upstream: the reader's buffer. */
const MAX_FRAME_BYTES = 2048;

type Headers = Readonly<Record<string, string | undefined>>;

export function isWebSocketRequest(headers: Headers): boolean {
  return headers['upgrade']?.toLowerCase() === 'websocket' && /(^|[,\s])upgrade([,\s]|$)/iv.test(headers['connection'] ?? '');
}

/** How the bytes of a stream are framed (upstream: wsstream.NewDefaultReaderProtocols); undefined when the client wants none that there is. */
export function readerProtocolOf(headers: Headers): { readonly name: string; readonly isBase64: boolean } | undefined {
  const asked = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '');
  if (asked.length === 0) return { name: '', isBase64: false };
  const name = asked.find((one) => one === 'binary.k8s.io' || one === 'base64.binary.k8s.io');
  return name === undefined ? undefined : { name, isBase64: name.startsWith('base64') };
}

/** Answers the handshake and sends a stream of bytes, an empty message first, as upstream's wsstream.Reader. What the client sends is not read. */
export async function sendOverWebSocket(
  socket: Duplex,
  { headers, body, protocol }: { readonly headers: Headers; readonly body: AsyncIterable<Uint8Array>; readonly protocol: { readonly name: string; readonly isBase64: boolean } },
): Promise<void> {
  const accept = createHash('sha1').update(`${headers['sec-websocket-key'] ?? ''}${ACCEPT_GUID}`).digest('base64');
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`, ...(protocol.name === '' ? [] : [`Sec-WebSocket-Protocol: ${protocol.name}`])];
  const closed = new AbortController();
  socket.on('error', () => closed.abort()).on('close', () => closed.abort()).resume();
  const send = async (frame: Uint8Array): Promise<void> => {
    if (!socket.write(frame)) await once(socket, 'drain', { signal: closed.signal });
  };
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const opcode = protocol.isBase64 ? TEXT : BINARY;
  try {
    await send(frameOf(opcode, new Uint8Array(0)));
    for await (const chunk of body) {
      for (let at = 0; at < chunk.length && !closed.signal.aborted; at += MAX_FRAME_BYTES) {
        const part = chunk.subarray(at, at + MAX_FRAME_BYTES);
        await send(frameOf(opcode, protocol.isBase64 ? Buffer.from(Buffer.from(part).toString('base64')) : part));
      }
      if (closed.signal.aborted) break;
    }
    if (!closed.signal.aborted) socket.end(frameOf(CLOSE, Uint8Array.from([0x03, 0xe8])));
  } catch {
    // The client or the source went away in the middle: there is nobody, or nothing more, to tell.
    socket.destroy();
  }
}

/** One unmasked, final frame. */
function frameOf(opcode: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const head = length < 126 ? Buffer.from([0x80 | opcode, length]) : Buffer.from([0x80 | opcode, 126, length >> 8, length & 0xff]);
  return Buffer.concat([head, payload]);
}
