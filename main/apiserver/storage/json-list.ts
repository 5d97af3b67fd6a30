import { type JsonHead, bareJsonHead } from './json-head.ts';
import type { StoredList } from './object-storage.ts';

/** Chunks handed to the socket: large enough to be cheap, small enough that a slow client does not hold a whole list. */
const chunkBytes = 256 * 1024;

export interface JsonListOptions {
  /** `PodList`. */
  readonly kind: string;
  readonly apiVersion: string;
  /** What each item begins with. Absent: items without kind and apiVersion, as upstream's built-in lists. */
  readonly itemHead?: JsonHead;
}

/**
 * The JSON of a list, piece by piece: the kept bytes of each object are copied, nothing is encoded. Every chunk is an array of its own;
 * later ones are made only when asked for.
 */
export function* jsonListChunks<T>(list: StoredList<T>, { kind, apiVersion, itemHead = bareJsonHead }: JsonListOptions): Generator<Uint8Array> {
  const { resourceVersion, remainingItemCount } = list;
  const metadata = { resourceVersion, continue: list.continue, remainingItemCount };
  yield Buffer.from(`${JSON.stringify({ kind, apiVersion, metadata }).slice(0, -1)},"items":[`);
  let first = 0;
  while (first < list.items.length) {
    let size = 0;
    let next = first;
    while (next < list.items.length && (next === first || size < chunkBytes)) size += list.items[next++]!.jsonSize(itemHead) + 1;
    const chunk = Buffer.allocUnsafeSlow(size - (next === list.items.length ? 1 : 0));
    let offset = 0;
    for (let i = first; i < next; i++) {
      offset = list.items[i]!.copyJson(chunk, { offset, head: itemHead });
      if (i + 1 < list.items.length) chunk[offset++] = comma;
    }
    yield chunk;
    first = next;
  }
  yield Buffer.from(']}\n');
}

const comma = 0x2c;
