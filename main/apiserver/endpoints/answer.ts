import { schemaOfKind } from '../../../kube/api/schema.ts';
import { toTyped } from '../../../kube/api/typed-object.ts';
import { parseApiVersion } from '../../../kube/apimachinery/gvr.ts';
import { OBJECT_MEDIA_TYPE } from '../../../kube/client/transport.ts';
import { goJson } from '../../../kube/apimachinery/go-format.ts';
import type { KubernetesObject, TypeMeta } from '../../../kube/apimachinery/object-meta.ts';
import { failureStatus, StatusError } from '../../../kube/apimachinery/status.ts';
import { newNotAcceptable } from '../../../kube/apimachinery/status-errors.ts';
import { encode } from '../negotiation/encode.ts';
import { toPartialMetadata } from '../negotiation/partial-metadata.ts';
import type { ServedResource } from '../registry/catalog.ts';
import type { StoredObject } from '../storage/object-storage.ts';
import type { Media } from './media.ts';
import type { ApiResponse } from './request.ts';
import type { ResourceRequest } from './resource-request.ts';

export const JSON_HEADERS = { 'content-type': 'application/json' };
const OBJECT_HEADERS = { 'content-type': OBJECT_MEDIA_TYPE };
const EMPTY = new Uint8Array(0);
const NEWLINE = 10;

export function answerStored({ media, served, tables, context }: Pick<ResourceRequest, 'media' | 'served' | 'tables' | 'context'>, stored: StoredObject<KubernetesObject>, status = 200): ApiResponse {
  if (typeof media === 'object' && media.as) return answerTransformed({ media, served, tables, context }, printed(served, stored.object), status);
  if (media !== 'json') return answerObject({ media, served, tables, context }, inVersion(served, stored.object), status);
  if (served.alternative) return answerValue(media, inVersion(served, stored.object), status);
  const body = Buffer.allocUnsafe(stored.jsonSize(served.head) + 1);
  body[stored.copyJson(body, { offset: 0, head: served.head })] = NEWLINE;
  return { status, headers: JSON_HEADERS, body };
}

/** An object of the resource that is not stored as it stands: dry runs, conversions, what an update ended. */
export function answerObject({ media, served, tables, context }: Pick<ResourceRequest, 'media' | 'served' | 'tables' | 'context'>, object: KubernetesObject, status = 200): ApiResponse {
  if (media === 'metadata') return answerValue(media, toPartialMetadata(object, { version: 'v1' }), status);
  if (typeof media !== 'object' || !media.as) return answerValue(media, object, status);
  const { alternative, custom } = served;
  return answerTransformed({ media, served, tables, context }, alternative && !custom ? alternative.toStorage(object) : object, status);
}

/** PartialObjectMetadata and Tables: of the object as {@link printed}. */
function answerTransformed({ media, served, tables, context }: Pick<ResourceRequest, 'media' | 'served' | 'tables' | 'context'>, object: KubernetesObject, status: number): ApiResponse {
  if (typeof media !== 'object' || !media.as) return answerValue(media, object, status);
  const { kind, version } = media.as;
  if (kind === 'PartialObjectMetadata') return answerValue(media, toPartialMetadata(object, { version }), status);
  // Upstream takes any custom resource for a list, until it looks for the items.
  if (kind === 'PartialObjectMetadataList' && served.custom) throw new StatusError(failureStatus({ code: 500, reason: '', message: 'content is not a list' }));
  if (kind === 'PartialObjectMetadataList') throw newWrongShape(served, { asked: kind, isList: false });
  if (kind !== 'Table' || !tables) throw newNotAcceptable(['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']);
  return answerValue(media, tables.objectTable(served, object, { version, query: context.request.query }), status);
}

/** What Tables and metadata alone are made of: the stored form of a built-in kind whichever version serves it, as upstream's internal one. */
export function printed(served: ServedResource, stored: KubernetesObject): KubernetesObject {
  return served.custom ? inVersion(served, stored) : stored;
}

interface Shaped extends Pick<ServedResource, 'custom' | 'goType'> {
  readonly info: { readonly group: string; readonly kind: string };
}

/** One object was asked for and there is a list, or the other way round; named as Go names the internal type. */
export function newWrongShape({ info, custom, goType }: Shaped, { asked, isList }: { readonly asked: string; readonly isList: boolean }): StatusError {
  const group = info.group === '' || info.group === 'events.k8s.io' ? 'core' : info.group.split('.')[0];
  const type = goType ?? (custom ? `unstructured.Unstructured${isList ? 'List' : ''}` : `${group}.${info.kind}${isList ? 'List' : ''}`);
  const message = `you requested ${asked}, but the requested object is ${isList ? 'a list' : 'not a list'} (*${type})`;
  return new StatusError(failureStatus({ code: 406, reason: 'NotAcceptable', message }));
}

/** Any value as it is: Status, reviews, Tables. */
export function answerValue(media: Media, object: object, status = 200): ApiResponse {
  if (media === 'object' || media === 'metadata') return { status, headers: OBJECT_HEADERS, body: EMPTY, object };
  if (media === 'json') return { status, headers: JSON_HEADERS, body: Buffer.from(`${goJson(object)}\n`) };
  return { status, headers: { 'content-type': media.contentType }, body: encode(object as KubernetesObject, media) };
}

/** An object of a built-in kind that is made for this answer: in Go's order of fields. */
export function answerTyped<O extends TypeMeta>(media: Media, object: O, status: number): ApiResponse {
  const schema = schemaOfKind({ ...parseApiVersion(object.apiVersion), kind: object.kind });
  return answerMade(media, schema ? (toTyped(schema, object as unknown as Record<string, unknown>) as unknown as O) : object, status);
}

/** The same where it is in Go's order already; or its metadata alone. */
export function answerMade<O extends TypeMeta>(media: Media, object: O, status: number): ApiResponse {
  if (typeof media !== 'object' || !media.as) return answerValue(media, object, status);
  const { group } = parseApiVersion(object.apiVersion);
  if (media.as.kind !== 'PartialObjectMetadata') throw newWrongShape({ info: { group, kind: object.kind } }, { asked: media.as.kind, isList: false });
  return answerValue(media, toPartialMetadata(object as unknown as KubernetesObject, media.as), status);
}

export function inVersion(served: ServedResource, object: KubernetesObject): KubernetesObject {
  return served.alternative ? served.alternative.fromStorage(object) : object;
}
