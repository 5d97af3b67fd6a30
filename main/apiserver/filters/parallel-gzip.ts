import { constants, crc32, createDeflateRaw, type DeflateRaw } from 'node:zlib';
import { LongBody } from '../storage/chunk-buffers.ts';

/** Compressed in one go by one thread: one to two milliseconds. */
const BLOCK_BYTES = 512 * 1024;
/** Threads of Node's pool that one answer may keep busy. Each holds a block and 270 KB of zlib's. */
const LANES = 3;

/** RFC 1952: no name, no time, «fastest», an unknown system; and the last block of RFC 1951, empty. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255]);
const LAST_BLOCK = Buffer.from([0x03, 0x00]);

/**
 * One gzip stream, compressed by several threads: the text is cut into blocks that know nothing of each other and end on a whole byte (a full
 * flush), so they can be deflated at the same time and strung together. A block of half a megabyte loses a hundredth to not seeing the one before.
 *
 *     header │ block 1 │ block 2 │ block 3 │ block 4 │ an empty last block │ CRC-32 │ length
 *              lane 1    lane 2    lane 3    lane 1
 *
 * Lanes are used again for block after block: zlib's state is large, and V8 collects the whole heap when much of it comes and goes.
 */
export async function* parallelGzip(body: AsyncIterable<Uint8Array>, { level }: { readonly level: number }): AsyncGenerator<Uint8Array> {
  using stack = new DisposableStack();
  const lanes = Array.from({ length: LANES }, () => stack.use(new DeflateLane(level)));
  const laneOf = (block: number) => lanes[block % LANES] as DeflateLane;
  let filling = 0;
  let crc = 0;
  let length = 0;
  yield HEADER;
  for await (const chunk of body) {
    crc = crc32(chunk, crc);
    length += chunk.length;
    for (let rest = chunk; rest.length > 0; ) {
      rest = rest.subarray(laneOf(filling).add(rest));
      if (!laneOf(filling).isFull) continue;
      laneOf(filling++).start();
      // The lane for the next block has the oldest of those under way.
      if (laneOf(filling).isStarted) yield await laneOf(filling).take();
    }
    if (body instanceof LongBody) body.recycle(chunk);
  }
  laneOf(filling).start();
  for (let block = filling + 1; block <= filling + LANES; block++) if (laneOf(block).isStarted) yield await laneOf(block).take();
  yield trailer(crc, length);
}

function trailer(crc: number, length: number): Uint8Array {
  const end = Buffer.alloc(8);
  end.writeUInt32LE(crc, 0);
  end.writeUInt32LE(length % 2 ** 32, 4);
  return Buffer.concat([LAST_BLOCK, end]);
}

/** Deflates one block at a time: `add` until it is full, `start`, `take`, and again. */
class DeflateLane implements Disposable {
  readonly #zip: DeflateRaw;
  readonly #block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #length = 0;
  #parts: Uint8Array[] = [];
  #deflated: Promise<void> | undefined;

  constructor(level: number) {
    this.#zip = createDeflateRaw({ level, chunkSize: 64 * 1024 });
    this.#zip.on('data', (part: Uint8Array) => this.#parts.push(part));
  }

  get isFull(): boolean {
    return this.#length === BLOCK_BYTES;
  }
  get isStarted(): boolean {
    return this.#deflated !== undefined;
  }

  /** Takes as much as there is room for; returns how much. */
  add(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, BLOCK_BYTES - this.#length);
    this.#block.set(bytes.subarray(0, taken), this.#length);
    this.#length += taken;
    return taken;
  }

  start(): void {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#zip.once('error', reject);
    this.#zip.write(this.#block.subarray(0, this.#length));
    this.#zip.flush(constants.Z_FULL_FLUSH, () => {
      this.#zip.off('error', reject);
      resolve();
    });
    // A reader that leaves early does not come to it.
    promise.catch(() => {});
    this.#deflated = promise;
  }

  async take(): Promise<Uint8Array> {
    await this.#deflated;
    const bytes = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#length = 0;
    this.#deflated = undefined;
    return bytes;
  }

  [Symbol.dispose](): void {
    this.#zip.destroy();
  }
}
