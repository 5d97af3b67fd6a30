import type { Duplex } from 'node:stream';
import { dataFrame, MAX_DATA_BYTES, pingFrame, SpdyDecoder, SpdyHeaderEncoder, synStreamFrame } from './frames.ts';

export type StreamName = 'error' | 'stdin' | 'stdout' | 'stderr' | 'resize';

export interface RemoteCommandEvents {
  data(name: StreamName, data: Buffer): void;
  /** The runtime has closed this stream. */
  end(name: StreamName): void;
  /** Once; nothing follows. */
  close(): void;
}

/** The client's half of a remote command (exec, attach) over SPDY: one stream for each of error, stdin, stdout, stderr, resize. */
export class SpdyRemoteCommand {
  readonly #socket: Duplex;
  readonly #decoder = new SpdyDecoder();
  readonly #names = new Map<number, StreamName>();
  readonly #ids = new Map<StreamName, number>();
  readonly #ended = new Set<StreamName>();

  constructor(options: { readonly socket: Duplex; readonly head: Buffer; readonly streams: readonly StreamName[]; readonly events: RemoteCommandEvents }) {
    const { socket, head, streams, events } = options;
    this.#socket = socket;
    const headers = new SpdyHeaderEncoder();
    streams.forEach((name, index) => {
      const id = 2 * index + 1;
      this.#names.set(id, name);
      this.#ids.set(name, id);
      socket.write(synStreamFrame(id, headers.encode({ streamtype: name })));
    });
    const receive = (chunk: Buffer): void => this.#receive(chunk, events);
    socket.on('data', receive);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => events.close());
    socket.on('end', () => socket.end());
    if (head.length > 0) receive(head);
  }

  /** False when the runtime is slow: wait for {@link onDrain}. */
  write(name: StreamName, data: Buffer): boolean {
    const id = this.#ids.get(name);
    if (id === undefined || this.#ended.has(name)) return true;
    let ready = true;
    for (let offset = 0; offset < data.length; offset += MAX_DATA_BYTES) ready = this.#socket.write(dataFrame(id, data.subarray(offset, offset + MAX_DATA_BYTES), false));
    return ready;
  }

  end(name: StreamName): void {
    const id = this.#ids.get(name);
    if (id === undefined || this.#ended.has(name)) return;
    this.#ended.add(name);
    this.#socket.write(dataFrame(id, Buffer.alloc(0), true));
  }

  onDrain(callback: () => void): void {
    this.#socket.on('drain', callback);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer, events: RemoteCommandEvents): void {
    for (const frame of this.#decoder.push(chunk)) {
      if (frame.type === 'ping') this.#socket.write(pingFrame(frame.id));
      else if (frame.type === 'data' || frame.type === 'reset') {
        const name = this.#names.get(frame.streamId);
        if (name === undefined) continue;
        if (frame.type === 'data' && frame.data.length > 0) events.data(name, frame.data);
        if (frame.type === 'reset' || frame.fin) events.end(name);
      }
    }
  }
}
