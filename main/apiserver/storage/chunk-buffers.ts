/**
 * The size of the pieces that long answers are made of: large enough to be cheap to send, small enough that a slow client does not hold a
 * whole list, and below the size (128 KiB) from which malloc asks the kernel for fresh pages each time.
 */
const CHUNK_BYTES = 64 * 1024;

/**
 * The buffers that one long answer is written into, used again once they have been sent. With a new one for each piece, a list of 37 MB
 * let V8 see so much external memory come and go that it collected the whole heap once or twice: three times the work of the list itself.
 */
export class ChunkBuffers {
  /** By the memory below them. */
  readonly #all = new Map<ArrayBufferLike, Uint8Array>();
  readonly #free: Uint8Array[] = [];

  /** At least this long. */
  take(sizeBytes: number): Uint8Array {
    if (sizeBytes > CHUNK_BYTES) return Buffer.allocUnsafeSlow(sizeBytes);
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    this.#all.set(buffer.buffer, buffer);
    return buffer;
  }

  /** Nobody reads this part of a buffer any more. Memory that is none of ours is left alone. */
  recycle(chunk: Uint8Array): void {
    const buffer = this.#all.get(chunk.buffer);
    if (buffer !== undefined) this.#free.push(buffer);
  }
}

/** A long body whose chunks may be given back. A reader that keeps them for itself just does not. */
export class LongBody implements AsyncIterable<Uint8Array> {
  readonly #buffers = new ChunkBuffers();
  readonly #make: (buffers: ChunkBuffers) => Iterable<Uint8Array>;

  constructor(make: (buffers: ChunkBuffers) => Iterable<Uint8Array>) {
    this.#make = make;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    yield* this.#make(this.#buffers);
  }

  recycle(chunk: Uint8Array): void {
    this.#buffers.recycle(chunk);
  }
}
