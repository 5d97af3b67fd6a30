import { goJson } from '../../../kube/apimachinery/go-format.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { hidesAnnotations } from '../negotiation/partial-metadata.ts';
import { printerOf } from '../negotiation/printers/registry.ts';
import type { Table } from '../negotiation/table.ts';
import { ChunkBuffers, LongBody } from '../storage/chunk-buffers.ts';
import { jsonHead, type JsonHead } from '../storage/json-head.ts';
import { joinedChunks, jsonListChunks, type JsonItem } from '../storage/json-list.ts';
import type { StoredList, StoredObject } from '../storage/object-storage.ts';
import type { ApiResponse } from './request.ts';
import type { ResourceRequest } from './resource-request.ts';

/** Beyond this an answer is made as fast as it is read. */
export const LONG_LIST_BYTES = 128 * 1024;
const ROW_END = Buffer.from('}');
const HEADS = new Map(['v1', 'v1beta1'].map((version) => [version, jsonHead({ apiVersion: `meta.k8s.io/${version}`, kind: 'PartialObjectMetadata' })]));

/**
 * PartialObjectMetadataList and Table in JSON, where each object's metadata is a piece of the bytes that storage keeps: only a Table's
 * cells are encoded. Undefined when this is asked for in some other way.
 */
export function transformedList({ media, served, tables, context }: ResourceRequest, list: StoredList<KubernetesObject>): ApiResponse | undefined {
  if (typeof media !== 'object' || !media.as || media.format !== 'json' || media.pretty || served.custom || hidesAnnotations({ apiVersion: served.apiVersion, kind: served.info.kind })) return undefined;
  const { kind, version } = media.as;
  const head = HEADS.get(version);
  if (!head) return undefined;
  const headers = { 'content-type': media.contentType };
  let size = 0;
  for (const item of list.items) size += item.metadataJsonSize(head);
  if (kind === 'PartialObjectMetadataList' && list.items.length > 0) {
    return { status: 200, headers, body: bodyOf((buffers) => jsonListChunks(list, { kind, apiVersion: `meta.k8s.io/${version}`, itemHead: head, metadataOnly: true, buffers }), size) };
  }
  const { query } = context.request;
  if (kind !== 'Table' || !tables || (query.get('includeObject') ?? '') !== '' || printerOf(served.info).inOrder) return undefined;
  const objects = { kind: '', apiVersion: '', metadata: metaOf(list), items: list.items.map((item) => item.object) };
  // Rows without their objects: those are put in below.
  const { rows, ...table } = tables.listTable(served, objects, { version, query: new URLSearchParams({ includeObject: 'None' }) }) as Table;
  if (!rows) return undefined;
  const start = `${goJson(table).slice(0, -1)},"rows":[`;
  const items = rows.values().map(({ object: _none, ...row }, index) => rowItem(`${goJson(row).slice(0, -1)},"object":`, list.items[index] as StoredObject<KubernetesObject>, head));
  return { status: 200, headers, body: bodyOf((buffers) => joinedChunks({ start }, items, buffers), size) };
}

function metaOf({ resourceVersion, continue: next, remainingItemCount }: StoredList<KubernetesObject>): { resourceVersion: string; continue?: string; remainingItemCount?: number } {
  return { resourceVersion, ...(next ? { continue: next } : {}), ...(remainingItemCount === undefined ? {} : { remainingItemCount }) };
}

function rowItem(text: string, stored: StoredObject<KubernetesObject>, head: JsonHead): JsonItem {
  const cells = Buffer.from(text);
  return {
    size: cells.length + stored.metadataJsonSize(head) + ROW_END.length,
    copy(target, offset) {
      target.set(cells, offset);
      const end = stored.copyMetadataJson(target, { offset: offset + cells.length, head });
      target.set(ROW_END, end);
      return end + ROW_END.length;
    },
  };
}

/** In one piece when it is short. */
export function bodyOf(chunks: (buffers: ChunkBuffers) => Iterable<Uint8Array>, size: number): Uint8Array | AsyncIterable<Uint8Array> {
  return size > LONG_LIST_BYTES ? new LongBody(chunks) : Buffer.concat([...chunks(new ChunkBuffers())]);
}
