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
  /** Only the items' metadata. */
  readonly metadataOnly?: boolean;
}

/** One element of a JSON list, to be written where it belongs. */
export interface JsonItem {
  readonly size: number;
  copy(target: Uint8Array, offset: number): number;
}

/**
 * The JSON of a list, piece by piece: the kept bytes of each object are copied, nothing is encoded. Every chunk is an array of its own;
 * later ones are made only when asked for.
 */
export function jsonListChunks<T>(list: StoredList<T>, { kind, apiVersion, itemHead = bareJsonHead, metadataOnly = false }: JsonListOptions): Generator<Uint8Array> {
  const { resourceVersion, remainingItemCount } = list;
  const metadata = { resourceVersion, continue: list.continue, remainingItemCount };
  const start = `${JSON.stringify({ kind, apiVersion, metadata }).slice(0, -1)},"items":[`;
  const items = list.items.values().map((item): JsonItem => (metadataOnly
    ? { size: item.metadataJsonSize(itemHead), copy: (target, offset) => item.copyMetadataJson(target, { offset, head: itemHead }) }
    : { size: item.jsonSize(itemHead), copy: (target, offset) => item.copyJson(target, { offset, head: itemHead }) }));
  return joinedChunks(start, items);
}

/** `start`, the items with commas between, and `]}`. */
export function* joinedChunks(start: string, items: Iterable<JsonItem>): Generator<Uint8Array> {
  yield Buffer.from(start);
  let pending: JsonItem[] = [];
  let size = 0;
  let isFirst = true;
  const chunk = (): Uint8Array => {
    const bytes = Buffer.allocUnsafeSlow(size + pending.length - (isFirst ? 1 : 0));
    let offset = 0;
    for (const item of pending) {
      if (!isFirst) bytes[offset++] = comma;
      isFirst = false;
      offset = item.copy(bytes, offset);
    }
    pending = [];
    size = 0;
    return bytes;
  };
  for (const item of items) {
    pending.push(item);
    size += item.size;
    if (size >= chunkBytes) yield chunk();
  }
  if (pending.length > 0) yield chunk();
  yield Buffer.from(']}\n');
}

const comma = 0x2c;
