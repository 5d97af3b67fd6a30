import { goJson } from '../../../kube/apimachinery/go-format.ts';
import { statusOf, type Status } from '../../../kube/apimachinery/status.ts';
import type { ApiResponse } from './request.ts';

const EMPTY = new Uint8Array(0);
const PLAIN_TEXT = 'text/plain; charset=utf-8';

export function jsonResponse(status: number, value: unknown): ApiResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: Buffer.from(`${goJson(value)}\n`) };
}

/** A document that upstream writes indented whoever asks, and without a newline at its end. */
export function indentedJsonResponse(value: unknown): ApiResponse {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(goJson(value, 2)) };
}

/** As Go's http.Error: nosniff goes with plain-text errors. */
export function textResponse(status: number, text: string, options: { readonly nosniff?: boolean } = {}): ApiResponse {
  const headers = { 'content-type': PLAIN_TEXT, ...(options.nosniff ? { 'x-content-type-options': 'nosniff' } : {}) };
  return { status, headers, body: Buffer.from(text) };
}

export function emptyResponse(status: number): ApiResponse {
  return { status, headers: {}, body: EMPTY };
}

/** The answer to a path nobody serves. */
export function pathNotFound(): ApiResponse {
  return textResponse(404, '404 page not found\n', { nosniff: true });
}

export function statusResponse(status: Status): ApiResponse {
  const response = jsonResponse(status.code ?? (status.status === 'Success' ? 200 : 500), status);
  const retryAfter = status.details?.retryAfterSeconds;
  return retryAfter ? { ...response, headers: { ...response.headers, 'retry-after': String(retryAfter) } } : response;
}

export function errorResponse(error: unknown): ApiResponse {
  return statusResponse(statusOf(error));
}
