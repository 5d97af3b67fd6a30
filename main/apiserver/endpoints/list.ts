import type { KubernetesList, KubernetesObject, ListMeta } from '../../../kube/apimachinery/object-meta.ts';
import { newNotAcceptable } from '../../../kube/apimachinery/status-errors.ts';
import { toPartialMetadataList } from '../negotiation/partial-metadata.ts';
import type { ServedResource } from '../registry/catalog.ts';
import { bareJsonHead } from '../storage/json-head.ts';
import { jsonListChunks } from '../storage/json-list.ts';
import type { ListQuery, StoredList, StoredObject } from '../storage/object-storage.ts';
import { answerValue, inVersion, printed, JSON_HEADERS, newWrongShape } from './answer.ts';
import type { ApiResponse } from './request.ts';
import type { ResourceRequest } from './resource-request.ts';
import { selectionOf } from './selection.ts';
import { checkListOptions, integerOption } from './list-options.ts';
import { bodyOf, transformedList } from './transformed-list.ts';

export async function listObjects(request: ResourceRequest): Promise<ApiResponse> {
  const { registry } = request;
  return answerList(request, await registry.storage.list(listQueryOf(request)));
}

export function answerList(request: ResourceRequest, list: StoredList<KubernetesObject>): ApiResponse {
  const { context, served, media, tables } = request;
  if (typeof media === 'object' && media.as?.kind === 'PartialObjectMetadata') throw newWrongShape(served, { asked: media.as.kind, isList: true });
  if (media === 'json' && !served.alternative) return { status: 200, headers: JSON_HEADERS, body: listBody(served, list) };
  if (media === 'metadata') return answerValue(media, metadataList(served, list));
  const quick = transformedList(request, list);
  if (quick) return quick;
  if (typeof media !== 'object' || !media.as) return answerValue(media, listObject(served, list, (item) => itemOf(served, item)));
  const object = listObject(served, list, (item) => printed(served, item));
  if (media.as.kind !== 'Table') return answerValue(media, toPartialMetadataList(object, media.as));
  if (!tables) throw newNotAcceptable(['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']);
  return answerValue(media, tables.listTable(served, object, { version: media.as.version, query: context.request.query }));
}

function listQueryOf(request: ResourceRequest): ListQuery {
  const { query, signal } = request.context.request;
  const limit = integerOption(query, 'limit') ?? 0;
  integerOption(query, 'timeoutSeconds');
  checkListOptions(query, { watch: false });
  const resourceVersion = query.get('resourceVersion');
  const match = query.get('resourceVersionMatch');
  const continueToken = query.get('continue');
  return {
    ...selectionOf(request),
    signal,
    ...(limit > 0 ? { limit } : {}),
    ...(continueToken ? { continue: continueToken } : {}),
    ...(resourceVersion ? { resourceVersion } : {}),
    ...(match ? { resourceVersionMatch: match as 'Exact' | 'NotOlderThan' } : {}),
  };
}

export function listMetaOf(list: StoredList<KubernetesObject>): ListMeta {
  return {
    resourceVersion: list.resourceVersion,
    ...(list.continue ? { continue: list.continue } : {}),
    ...(list.remainingItemCount === undefined ? {} : { remainingItemCount: list.remainingItemCount }),
  };
}

/** `itemOf`: what becomes of each stored object. */
function listObject(served: ServedResource, list: StoredList<KubernetesObject>, itemOf: (stored: KubernetesObject) => KubernetesObject): KubernetesList<KubernetesObject> {
  const { apiVersion } = served;
  const kind = listKindOf(served);
  const items = list.items.map((item) => itemOf(item.object));
  if (!served.custom) return { kind, apiVersion, metadata: listMetaOf(list), items };
  // Members by name, as Go writes custom resources.
  const { resourceVersion, ...others } = listMetaOf(list);
  return { apiVersion, items, kind, metadata: { continue: '', ...others, resourceVersion: resourceVersion ?? '' } };
}

/** For clients in this process; whole objects are not decoded for it. */
function metadataList(served: ServedResource, list: StoredList<KubernetesObject>): KubernetesList<KubernetesObject> {
  const items = list.items.map((item) => partialMetadata(served, item));
  return { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata: listMetaOf(list), items };
}

export function partialMetadata(served: ServedResource, stored: StoredObject<KubernetesObject>): KubernetesObject {
  const metadata = served.alternative ? inVersion(served, stored.object).metadata : stored.metadata;
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata };
}

export function listKindOf({ custom, info }: ServedResource): string {
  return custom?.listKind ?? `${info.kind}List`;
}

/** Custom resources are whole objects in lists too. */
export function itemOf(served: ServedResource, stored: KubernetesObject): KubernetesObject {
  const object = inVersion(served, stored);
  return served.custom ? object : (bare(object) as KubernetesObject);
}

/** Items of a list of built-in kinds carry neither kind nor apiVersion. */
export function bare(object: KubernetesObject): Omit<KubernetesObject, 'kind' | 'apiVersion'> {
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = object;
  return rest;
}

/** A long list is made piece by piece, as fast as the client reads. */
function listBody(served: ServedResource, list: StoredList<KubernetesObject>): Uint8Array | AsyncIterable<Uint8Array> {
  const { apiVersion, custom } = served;
  const head = custom ? served.head : bareJsonHead;
  const byName = custom !== undefined;
  const continued = custom ? { ...list, continue: list.continue ?? '' } : list;
  let size = 0;
  for (const item of list.items) size += item.jsonSize(head);
  return bodyOf((buffers) => jsonListChunks(continued, { kind: listKindOf(served), apiVersion, itemHead: head, byName, buffers }), size);
}
