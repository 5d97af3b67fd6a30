import type { KubernetesList, KubernetesObject, ListMeta } from '../../../kube/apimachinery/object-meta.ts';
import { newBadRequest, newNotAcceptable } from '../../../kube/apimachinery/status-errors.ts';
import { toPartialMetadataList } from '../negotiation/partial-metadata.ts';
import type { ServedResource } from '../registry/catalog.ts';
import { bareJsonHead } from '../storage/json-head.ts';
import { jsonListChunks } from '../storage/json-list.ts';
import type { ListQuery, StoredList } from '../storage/object-storage.ts';
import { answerValue, inVersion, JSON_HEADERS } from './answer.ts';
import type { ApiResponse } from './request.ts';
import type { ResourceRequest } from './resource-request.ts';
import { selectionOf } from './selection.ts';
import { checkListOptions } from './list-options.ts';

const LONG_LIST_BYTES = 128 * 1024;

export async function listObjects(request: ResourceRequest): Promise<ApiResponse> {
  const { context, served, registry, media, tables } = request;
  const list = await registry.storage.list(listQueryOf(request));
  if (media === 'json' && !served.alternative) return { status: 200, headers: JSON_HEADERS, body: listBody(served, list) };
  const object = listObject(served, list);
  if (typeof media !== 'object' || !media.as) return answerValue(media, object);
  if (media.as.kind !== 'Table') return answerValue(media, toPartialMetadataList(object, media.as));
  if (!tables) throw newNotAcceptable(['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']);
  return answerValue(media, tables.listTable(served, object, { version: media.as.version, query: context.request.query }));
}

function listQueryOf(request: ResourceRequest): ListQuery {
  const { query, signal } = request.context.request;
  checkListOptions(query, { watch: false });
  const limit = integer(query.get('limit'), 'limit');
  const resourceVersion = query.get('resourceVersion');
  const match = query.get('resourceVersionMatch');
  const continueToken = query.get('continue');
  return {
    ...selectionOf(request),
    signal,
    ...(limit ? { limit } : {}),
    ...(continueToken ? { continue: continueToken } : {}),
    ...(resourceVersion ? { resourceVersion } : {}),
    ...(match ? { resourceVersionMatch: match as 'Exact' | 'NotOlderThan' } : {}),
  };
}

function integer(text: string | null, name: string): number | undefined {
  if (text === null || text === '') return undefined;
  if (!/^[+-]?\d+$/.test(text)) throw newBadRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  const value = Number(text);
  return name === 'limit' && value < 0 ? undefined : value;
}

export function listMetaOf(list: StoredList<KubernetesObject>): ListMeta {
  return {
    resourceVersion: list.resourceVersion,
    ...(list.continue ? { continue: list.continue } : {}),
    ...(list.remainingItemCount === undefined ? {} : { remainingItemCount: list.remainingItemCount }),
  };
}

export function listObject(served: ServedResource, list: StoredList<KubernetesObject>): KubernetesList<KubernetesObject> {
  return {
    kind: `${served.info.kind}List`,
    apiVersion: served.apiVersion,
    metadata: listMetaOf(list),
    items: list.items.map((item) => bare(inVersion(served, item.object))) as KubernetesObject[],
  };
}

/** Items of a list of built-in kinds carry neither kind nor apiVersion. */
export function bare(object: KubernetesObject): Omit<KubernetesObject, 'kind' | 'apiVersion'> {
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = object;
  return rest;
}

/** A long list is made piece by piece, as fast as the client reads. */
function listBody({ info, apiVersion }: ServedResource, list: StoredList<KubernetesObject>): Uint8Array | AsyncIterable<Uint8Array> {
  const chunks = jsonListChunks(list, { kind: `${info.kind}List`, apiVersion });
  let size = 0;
  for (const item of list.items) if ((size += item.jsonSize(bareJsonHead)) > LONG_LIST_BYTES) return asyncChunks(chunks);
  return Buffer.concat([...chunks]);
}

async function* asyncChunks(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
