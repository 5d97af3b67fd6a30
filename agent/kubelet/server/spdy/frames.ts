/**
 * SPDY/3.1 framing, as much as exec and attach need towards a container runtime. No flow control: neither Kubernetes' nor containerd's
 * SPDY has any.
 */
const VERSION = 0x8003;
const SYN_STREAM = 1;
const RST_STREAM = 3;
const PING = 6;
const GOAWAY = 7;
const FLAG_FIN = 1;
const HEADER_BYTES = 8;
/** A frame's length has 24 bits. */
export const MAX_DATA_BYTES = 0xff_ffff;

export type SpdyFrame =
  | { readonly type: 'data'; readonly streamId: number; readonly data: Buffer; readonly fin: boolean }
  | { readonly type: 'reset'; readonly streamId: number }
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'goaway' }
  /** Replies, settings and whatever else asks nothing of us; `streamId` and `fin` are set for replies. */
  | { readonly type: 'other'; readonly kind: number };

/** Collects bytes and yields whole frames. */
export class SpdyDecoder {
  #pending: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): SpdyFrame[] {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const frames: SpdyFrame[] = [];
    let offset = 0;
    while (this.#pending.length - offset >= HEADER_BYTES) {
      const length = this.#pending.readUIntBE(offset + 5, 3);
      if (this.#pending.length - offset < HEADER_BYTES + length) break;
      frames.push(decodeFrame(this.#pending.subarray(offset, offset + HEADER_BYTES + length)));
      offset += HEADER_BYTES + length;
    }
    this.#pending = this.#pending.subarray(offset);
    return frames;
  }
}

function decodeFrame(frame: Buffer): SpdyFrame {
  const flags = frame.readUInt8(4);
  const body = frame.subarray(HEADER_BYTES);
  if ((frame.readUInt8(0) & 0x80) === 0) return { type: 'data', streamId: frame.readUInt32BE(0), data: Buffer.from(body), fin: (flags & FLAG_FIN) !== 0 };
  const kind = frame.readUInt16BE(2);
  // A control frame without what it is about asks nothing that could be done.
  if (body.length < 4) return kind === GOAWAY ? { type: 'goaway' } : { type: 'other', kind };
  if (kind === RST_STREAM) return { type: 'reset', streamId: body.readUInt32BE(0) & 0x7fff_ffff };
  if (kind === PING) return { type: 'ping', id: body.readUInt32BE(0) };
  return kind === GOAWAY ? { type: 'goaway' } : { type: 'other', kind };
}

export function dataFrame(streamId: number, data: Uint8Array, fin: boolean): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(streamId, 0);
  header.writeUInt8(fin ? FLAG_FIN : 0, 4);
  header.writeUIntBE(data.length, 5, 3);
  return Buffer.concat([header, data]);
}

export function pingFrame(id: number): Buffer {
  const body = Buffer.alloc(4);
  body.writeUInt32BE(id, 0);
  return controlFrame(PING, 0, body);
}

export function synStreamFrame(streamId: number, headerBlock: Buffer): Buffer {
  const head = Buffer.alloc(10);
  head.writeUInt32BE(streamId, 0);
  return controlFrame(SYN_STREAM, 0, Buffer.concat([head, headerBlock]));
}

function controlFrame(kind: number, flags: number, body: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(VERSION, 0);
  header.writeUInt16BE(kind, 2);
  header.writeUInt8(flags, 4);
  header.writeUIntBE(body.length, 5, 3);
  return Buffer.concat([header, body]);
}

/**
 * The header blocks of one direction are one zlib stream. Ours is made of stored blocks, which every inflater takes and which need
 * neither a compressor nor SPDY's dictionary (a stream that does not name a dictionary is read without it).
 */
export class SpdyHeaderEncoder {
  #begun = false;

  encode(headers: Readonly<Record<string, string>>): Buffer {
    const entries = Object.entries(headers);
    const parts: Buffer[] = [uint32(entries.length)];
    for (const [name, value] of entries) {
      for (const text of [name.toLowerCase(), value]) parts.push(uint32(Buffer.byteLength(text)), Buffer.from(text));
    }
    const block = Buffer.concat(parts);
    const stored = Buffer.alloc(5);
    stored.writeUInt16LE(block.length, 1);
    stored.writeUInt16LE(~block.length & 0xffff, 3);
    const head = this.#begun ? [] : [Buffer.from([0x78, 0x01])];
    this.#begun = true;
    return Buffer.concat([...head, stored, block, SYNC_MARK]);
  }
}

/** An empty stored block, as a sync flush writes it: without it Go's inflater runs into the frame's end and keeps that error for ever. */
const SYNC_MARK = Buffer.from([0x00, 0x00, 0x00, 0xff, 0xff]);

function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value, 0);
  return buffer;
}
