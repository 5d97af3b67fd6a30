import { ChunkBuffers } from './chunk-buffers.ts';
import { type JsonHead, bareJsonHead } from './json-head.ts';
import type { StoredList } from './object-storage.ts';

export interface JsonListOptions {
  /** `PodList`. */
  readonly kind: string;
  readonly apiVersion: string;
  /** What each item begins with. Absent: items without kind and apiVersion, as upstream's built-in lists. */
  readonly itemHead?: JsonHead;
  /** Only the items' metadata. */
  readonly metadataOnly?: boolean;
  /** Members by name, as Go writes lists of custom resources. */
  readonly byName?: boolean;
  readonly buffers?: ChunkBuffers;
}

/** One element of a JSON list, to be written where it belongs. */
export interface JsonItem {
  readonly size: number;
  copy(target: Uint8Array, offset: number): number;
}

/**
 * The JSON of a list, piece by piece: the kept bytes of each object are copied, nothing is encoded. A piece is made only when asked for, in
 * an array of its own unless the reader gives earlier ones back to `buffers`.
 */
export function jsonListChunks<T>(list: StoredList<T>, { kind, apiVersion, itemHead = bareJsonHead, metadataOnly = false, byName = false, buffers }: JsonListOptions): Generator<Uint8Array> {
  const { resourceVersion, remainingItemCount } = list;
  const start = byName ? `{"apiVersion":${JSON.stringify(apiVersion)},"items":[` : `${JSON.stringify({ kind, apiVersion, metadata: { resourceVersion, continue: list.continue, remainingItemCount } }).slice(0, -1)},"items":[`;
  const end = byName ? `],${JSON.stringify({ kind, metadata: { continue: list.continue, remainingItemCount, resourceVersion } }).slice(1)}\n` : LIST_END;
  const items = list.items.values().map((item): JsonItem => (metadataOnly
    ? { size: item.metadataJsonSize(itemHead), copy: (target, offset) => item.copyMetadataJson(target, { offset, head: itemHead }) }
    : { size: item.jsonSize(itemHead), copy: (target, offset) => item.copyJson(target, { offset, head: itemHead }) }));
  return joinedChunks({ start, end }, items, buffers);
}

/** `start`, the items with commas between, and `end`. */
export function* joinedChunks({ start, end = LIST_END }: { readonly start: string; readonly end?: string }, items: Iterable<JsonItem>, buffers = new ChunkBuffers()): Generator<Uint8Array> {
  yield Buffer.from(start);
  let chunk: Uint8Array | undefined;
  let offset = 0;
  let isFirst = true;
  for (const item of items) {
    const size = item.size + 1;
    if (chunk !== undefined && offset + size > chunk.length) {
      yield chunk.subarray(0, offset);
      chunk = undefined;
    }
    if (chunk === undefined) {
      chunk = buffers.take(size);
      offset = 0;
    }
    if (!isFirst) chunk[offset++] = comma;
    isFirst = false;
    offset = item.copy(chunk, offset);
  }
  if (chunk !== undefined) yield chunk.subarray(0, offset);
  yield Buffer.from(end);
}

const comma = 0x2c;
const LIST_END = ']}\n';
