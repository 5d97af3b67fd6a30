import { type KeyOrder, byteOrder, hasSurrogate, unitOrder } from './key-range.ts';

/** The most items of one chunk: inserting moves at most this many, finding looks at log2 of it. */
const maxChunkSize = 512;

/**
 * Items in key order: a list of sorted chunks, found by two binary searches. A chunk that grows beyond 512 is halved, an empty one is
 * dropped, so 100,000 keys are some 300 chunks and an insertion moves a few kilobytes.
 *
 * Worked example, with at most 4 items a chunk. Inserting e into
 *
 *     [ a c ] [ d f g h ] [ k ]
 *
 * finds the last chunk that starts at or before e (the second), puts e there, and halves the chunk as it has 5 items now:
 *
 *     [ a c ] [ d e ] [ f g h ] [ k ]
 *
 * Going through [ c, g ) starts in the first chunk at c and crosses two borders: c d e f.
 */
export class SortedKeys<T extends { readonly key: string }> {
  #chunks: T[][] = [];
  #size = 0;
  #order: KeyOrder = unitOrder;
  /** The chunk that the last item went into, and its place there: the next key is often its neighbour. */
  #lastChunk = 0;
  #lastPlace = 0;

  get size(): number {
    return this.#size;
  }

  /** The order in use: plain string order until the first key or bound with a surrogate comes by. */
  orderFor(key: string): KeyOrder {
    // Switching keeps the order of what is stored already: the two orders differ only where a surrogate meets another unit.
    if (this.#order === unitOrder && hasSurrogate(key)) this.#order = byteOrder;
    return this.#order;
  }

  /** Puts item in the place of the one with the same key, or inserts it. */
  set(item: T): void {
    this.orderFor(item.key);
    const chunkIndex = this.#belongsToLast(item.key) ? this.#lastChunk : Math.max(0, this.#chunkOf(item.key));
    const chunk = this.#chunks[chunkIndex];
    if (chunk === undefined) {
      this.#size++;
      this.#chunks.push([item]);
      return;
    }
    const at = chunkIndex === this.#lastChunk ? this.#lowerBoundNear(chunk, item.key) : this.#lowerBound(chunk, item.key);
    this.#lastChunk = chunkIndex;
    this.#lastPlace = at;
    if (chunk[at]?.key === item.key) {
      chunk[at] = item;
      return;
    }
    this.#size++;
    if (at === chunk.length) chunk.push(item);
    else chunk.splice(at, 0, item);
    if (chunk.length > maxChunkSize) this.#chunks.splice(chunkIndex + 1, 0, chunk.splice(chunk.length >> 1));
  }

  delete(key: string): boolean {
    const chunkIndex = this.#chunkOf(key);
    const chunk = this.#chunks[chunkIndex];
    if (chunk === undefined) return false;
    const at = this.#lowerBound(chunk, key);
    if (chunk[at]?.key !== key) return false;
    chunk.splice(at, 1);
    if (chunk.length === 0) this.#chunks.splice(chunkIndex, 1);
    this.#size--;
    return true;
  }

  /** Calls visit for each item in [start, end) in order. The visitor must not insert or delete. */
  forEach(start: string, end: string, visit: (item: T) => void): void {
    this.orderFor(start);
    const order = this.orderFor(end);
    let chunkIndex = Math.max(0, this.#chunkOf(start));
    const first = this.#chunks[chunkIndex];
    if (first === undefined) return;
    let at = this.#lowerBound(first, start);
    for (; chunkIndex < this.#chunks.length; chunkIndex++, at = 0) {
      const chunk = this.#chunks[chunkIndex]!;
      const whole = order(chunk[chunk.length - 1]!.key, end) < 0;
      const stop = whole ? chunk.length : this.#lowerBound(chunk, end);
      for (; at < stop; at++) visit(chunk[at]!);
      if (!whole) return;
    }
  }

  /** The index of the last chunk that starts at or before key; -1 when all start after it. */
  #chunkOf(key: string): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#order(this.#chunks[middle]![0]!.key, key) <= 0) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #belongsToLast(key: string): boolean {
    const chunk = this.#chunks[this.#lastChunk];
    if (chunk === undefined || this.#order(chunk[0]!.key, key) > 0) return false;
    const next = this.#chunks[this.#lastChunk + 1];
    return next === undefined || this.#order(next[0]!.key, key) > 0;
  }

  /** The same as below, looking right after the last place first. */
  #lowerBoundNear(chunk: readonly T[], key: string): number {
    const before = chunk[this.#lastPlace];
    if (before === undefined || this.#order(before.key, key) >= 0) return this.#lowerBound(chunk, key);
    const after = chunk[this.#lastPlace + 1];
    return after === undefined || this.#order(after.key, key) >= 0 ? this.#lastPlace + 1 : this.#lowerBound(chunk, key);
  }

  /** The index of the first item at or after key. */
  #lowerBound(chunk: readonly T[], key: string): number {
    if (chunk.length > 0 && this.#order(chunk[chunk.length - 1]!.key, key) < 0) return chunk.length;
    let low = 0;
    let high = chunk.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#order(chunk[middle]!.key, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
