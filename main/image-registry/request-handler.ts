import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { openBlob } from './image-layout.ts';
import { resolveReference } from './image-reference.ts';
import type { ImageSource, MissingContent, StoredContent } from './image-source.ts';

const contentPath = /^\/v2\/(?<repository>[a-z0-9][a-z0-9._:/-]*)\/(?<kind>manifests|blobs)\/(?<reference>[\w][\w.:+-]*)$/;

/** One request of the OCI distribution protocol: version check, manifest, blob. Pushing is refused. */
export async function handleRegistryRequest(source: ImageSource, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://registry');
  response.setHeader('docker-distribution-api-version', 'registry/2.0');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    answerError(request, response, { status: 405, code: 'UNSUPPORTED', message: 'this registry is read only; use coracle image load' });
    return;
  }
  if (url.pathname === '/v2/' || url.pathname === '/v2') {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    return;
  }
  const parts = contentPath.exec(url.pathname)?.groups;
  if (!parts) {
    answerError(request, response, { status: 404, code: 'NAME_UNKNOWN', message: 'not found' });
    return;
  }
  const image = resolveReference({ repository: parts.repository ?? '', reference: parts.reference ?? '', namespace: url.searchParams.get('ns') });
  const content = parts.kind === 'manifests' ? await source.manifest(image) : await source.blob(image);
  if ('status' in content) answerError(request, response, content);
  else await answerContent(request, response, content);
}

async function answerContent(request: IncomingMessage, response: ServerResponse, content: StoredContent): Promise<void> {
  const range = parseRange(request.headers.range, content.size);
  if (range === 'unsatisfiable') {
    response.writeHead(416, { 'content-range': `bytes */${content.size}` }).end();
    return;
  }
  const length = range ? range.end - range.start + 1 : content.size;
  response.writeHead(range ? 206 : 200, {
    'content-type': content.mediaType, 'content-length': length, 'docker-content-digest': content.digest, etag: `"${content.digest}"`, 'accept-ranges': 'bytes',
    ...(range ? { 'content-range': `bytes ${range.start}-${range.end}/${content.size}` } : {}),
  });
  if (request.method === 'HEAD' || length === 0) {
    response.end();
    return;
  }
  await pipeline(openBlob(content.path, range), response).catch((cause: NodeJS.ErrnoException) => {
    // The node may stop a pull at any time: that is its right, not our fault.
    if (cause.code !== 'ERR_STREAM_PREMATURE_CLOSE' && cause.code !== 'ECONNRESET' && cause.code !== 'EPIPE') throw cause;
  });
}

/**
 * The reason also goes into the status line: containerd asks by HEAD, which has no body, and repeats the status line in the pod's event.
 */
function answerError(request: IncomingMessage, response: ServerResponse, error: { readonly status: number; readonly code: MissingContent['code'] | 'UNSUPPORTED' | 'NAME_UNKNOWN'; readonly message: string }): void {
  const reason = error.message.replace(/[^\x20-\x7e]/g, ' ');
  const body = JSON.stringify({ errors: [{ code: error.code, message: error.message }] });
  response.writeHead(error.status, reason, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** One byte range, as resuming clients ask for; anything else is answered whole. */
export function parseRange(header: string | undefined, size: number): { readonly start: number; readonly end: number } | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (!match[1] && !match[2])) return undefined;
  if (!match[1]) return size === 0 ? 'unsatisfiable' : { start: Math.max(0, size - Number(match[2])), end: size - 1 };
  const start = Number(match[1]);
  const end = match[2] ? Math.min(Number(match[2]), size - 1) : size - 1;
  return start >= size || end < start ? 'unsatisfiable' : { start, end };
}
