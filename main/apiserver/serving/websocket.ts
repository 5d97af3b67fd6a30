import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { headerValues } from '../endpoints/header-values.ts';
import type { ApiRequest } from '../endpoints/request.ts';

/** The server's side of a WebSocket over which nothing but messages to the client goes (RFC 6455): watches. */

const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const TOKEN_PROTOCOL = 'base64url.bearer.authorization.k8s.io.';
/** What Go takes for the URI of a request: an absolute one, or a path. */
const ORIGIN = /^(?:\/|[a-z][a-z0-9+.-]*:)[^\u0000-\u001f\u007f]*$/i;
const CLOSE_NORMALLY = Buffer.from([0x88, 2, 0x03, 0xe8]);
/** The longest payload of a ping or a close. */
const MAX_CONTROL_BYTES = 125;

export function isWebSocket({ headers }: ApiRequest): boolean {
  return headers['upgrade']?.toLowerCase() === 'websocket' && /\bupgrade\b/i.test(headers['connection'] ?? '');
}

/** The head of the 101 answer, or that of the refusal: as golang.org/x/net/websocket, which wants an Origin and at most one protocol. */
export function handshake(request: ApiRequest): { readonly head: string; readonly isAccepted: boolean } {
  const { headers } = request;
  const refusal = (status: string, text = ''): { readonly head: string; readonly isAccepted: false } => ({ head: `HTTP/1.1 ${status}\r\n\r\n${text}`, isAccepted: false });
  const key = headers['sec-websocket-key'];
  const protocols = headerValues(request, 'sec-websocket-protocol').flatMap((line) => line.split(',')).map((name) => name.trim()).filter((name) => name !== '' && !name.startsWith(TOKEN_PROTOCOL));
  if (!key) return refusal('400 Bad Request', 'mismatch challenge/response');
  if (headers['sec-websocket-version']?.split(',', 1)[0] !== '13') return refusal('400 Bad Request\r\nSec-WebSocket-Version: 13', 'missing or bad WebSocket Version');
  if (!ORIGIN.test(headers['origin'] ?? '')) return refusal('403 Forbidden');
  if (protocols.length > 1) return refusal('400 Bad Request');
  const accept = createHash('sha1').update(key + ACCEPT_GUID).digest('base64');
  const [protocol] = protocols;
  const chosen = protocol === undefined ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`;
  return { head: `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${chosen}\r\n`, isAccepted: true };
}

/** Sends each message as one frame; a slow reader holds back its source. Ends with a close frame; destroys the socket when the client closes. */
export async function sendMessages(socket: Duplex, messages: AsyncIterable<Uint8Array>, { isText, signal }: { readonly isText: boolean; readonly signal: AbortSignal }): Promise<void> {
  answerControlFrames(socket);
  try {
    for await (const message of messages) {
      if (socket.destroyed) return;
      socket.write(frameHead(isText ? 0x81 : 0x82, message.length));
      if (!socket.write(message)) await drained(socket, signal);
    }
    if (!socket.destroyed) socket.end(CLOSE_NORMALLY);
  } catch (error) {
    socket.destroy();
    if (!signal.aborted) throw error;
  }
}

function frameHead(first: number, length: number): Buffer {
  if (length < 126) return Buffer.from([first, length]);
  if (length < 65_536) return Buffer.from([first, 126, length >> 8, length & 0xff]);
  const head = Buffer.alloc(10);
  head[0] = first;
  head[1] = 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

/** What the client sends is dropped as it comes, but for pings, which are answered, and its goodbye. */
function answerControlFrames(socket: Duplex): void {
  let pending: Buffer = Buffer.alloc(0);
  let skip = 0n;
  socket.on('data', (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    for (;;) {
      if (skip > 0n) {
        const dropped = Number(skip < BigInt(pending.length) ? skip : BigInt(pending.length));
        pending = pending.subarray(dropped);
        skip -= BigInt(dropped);
        if (skip > 0n) return;
      }
      const frame = frameOf(pending);
      if (!frame) return;
      if (frame.opcode < 8) {
        pending = pending.subarray(frame.headLength);
        skip = frame.length;
        continue;
      }
      const end = frame.headLength + Number(frame.length);
      if (frame.length > MAX_CONTROL_BYTES) return void socket.destroy();
      if (pending.length < end) return;
      control(socket, frame.opcode, unmasked(pending.subarray(frame.headLength, end), frame.mask));
      pending = pending.subarray(end);
    }
  });
  socket.on('end', () => socket.destroy());
}

interface Frame {
  readonly opcode: number;
  readonly headLength: number;
  readonly length: bigint;
  readonly mask: Buffer | undefined;
}

function frameOf(bytes: Buffer): Frame | undefined {
  if (bytes.length < 2) return undefined;
  const [first = 0, second = 0] = bytes;
  const short = second & 0x7f;
  const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0;
  const isMasked = (second & 0x80) !== 0;
  const headLength = 2 + lengthBytes + (isMasked ? 4 : 0);
  if (bytes.length < headLength) return undefined;
  const length = lengthBytes === 8 ? bytes.readBigUInt64BE(2) : BigInt(lengthBytes === 2 ? bytes.readUInt16BE(2) : short);
  return { opcode: first & 0x0f, headLength, length, mask: isMasked ? bytes.subarray(headLength - 4, headLength) : undefined };
}

function unmasked(payload: Buffer, mask: Buffer | undefined): Buffer {
  return mask ? Buffer.from(payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0))) : payload;
}

function control(socket: Duplex, opcode: number, payload: Buffer): void {
  if (opcode === 8) socket.end(CLOSE_NORMALLY);
  else if (opcode === 9) socket.write(Buffer.concat([Buffer.from([0x8a, payload.length]), payload]));
}

function drained(socket: Duplex, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    if (signal.aborted || socket.destroyed) return resolve();
    socket.on('drain', done).on('close', done);
    signal.addEventListener('abort', done, { once: true });
  });
}
