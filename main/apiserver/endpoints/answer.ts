import { OBJECT_MEDIA_TYPE } from '../../../kube/client/transport.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { ServedResource } from '../registry/catalog.ts';
import type { StoredObject } from '../storage/object-storage.ts';
import type { ApiRequest, ApiResponse, RequestContext } from './request.ts';
import { jsonResponse } from './respond.ts';

const JSON_HEADERS = { 'content-type': 'application/json' };
const OBJECT_HEADERS = { 'content-type': OBJECT_MEDIA_TYPE };
const EMPTY = new Uint8Array(0);
const NEWLINE = 10;

/** In-process callers may ask for objects instead of bytes. */
export function wantsObject(request: ApiRequest): boolean {
  return request.identity !== undefined && request.headers['accept'] === OBJECT_MEDIA_TYPE;
}

export function answerStored(context: RequestContext, served: ServedResource, stored: StoredObject<KubernetesObject>, status = 200): ApiResponse {
  if (wantsObject(context.request)) {
    return { status, headers: OBJECT_HEADERS, body: EMPTY, object: inVersion(served, stored.object) };
  }
  if (served.alternative) return answerObject(context, inVersion(served, stored.object), status);
  const body = Buffer.allocUnsafe(stored.jsonSize(served.head) + 1);
  body[stored.copyJson(body, { offset: 0, head: served.head })] = NEWLINE;
  return { status, headers: JSON_HEADERS, body };
}

/** An object that is not stored as it stands: dry runs, reviews, what an update ended. */
export function answerObject(context: RequestContext, object: object, status = 200): ApiResponse {
  if (wantsObject(context.request)) return { status, headers: OBJECT_HEADERS, body: EMPTY, object };
  return jsonResponse(status, object);
}

export function inVersion(served: ServedResource, object: KubernetesObject): KubernetesObject {
  return served.alternative ? served.alternative.fromStorage(object) : object;
}
