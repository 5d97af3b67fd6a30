import { constants, createServer, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { ApiRequest, ClientCertificate } from '../endpoints/request.ts';
import type { ServerHandler } from '../server.ts';
import { isLongRunningRequest } from '../filters/request-info.ts';
import { readLimitedBody } from './body-limit.ts';
import { type ServingOptions, splitTarget } from './http1.ts';
import { MAX_HEADER_BYTES, MAX_HEADER_FIELDS, type ServingLimits } from './limits.ts';
import type { LiveRequests } from './live-requests.ts';
import { discardBody, writeBody } from './write-body.ts';

/** As upstream's --http2-max-streams-per-connection. */
const MAX_STREAMS = 250;
const WINDOW_BYTES = 1 << 20;
/** Megabytes of unread frames one connection may hold. */
const MAX_SESSION_MEMORY_MB = 256;

export interface Http2 {
  readonly server: Http2Server;
  /** Lets streams end, takes no new ones. */
  closeSessions(): void;
}

export function createHttp2(handler: ServerHandler, live: LiveRequests, { limits, readCertificate }: ServingOptions): Http2 {
  const sessions = new Map<ServerHttp2Session, ClientCertificate | undefined>();
  const server = createServer({
    settings: { maxConcurrentStreams: MAX_STREAMS, initialWindowSize: WINDOW_BYTES, maxHeaderListSize: MAX_HEADER_BYTES },
    maxSessionMemory: MAX_SESSION_MEMORY_MB,
    maxHeaderListPairs: MAX_HEADER_FIELDS,
  });
  server.on('session', (session) => {
    sessions.set(session, readCertificate(session.socket as TLSSocket));
    session.on('close', () => sessions.delete(session));
    closeWhenIdle(session, limits);
    session.on('error', () => session.destroy());
  });
  server.on('error', () => {});
  server.on('sessionError', (_error, session) => session.destroy());
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, rawHeaders: string[]) => {
    const { signal, closed } = live.begin(() => isLongRunningRequest(request));
    stream.on('error', () => stream.destroy());
    stream.on('close', closed);
    const certificate = stream.session ? sessions.get(stream.session as ServerHttp2Session) : undefined;
    const request = requestOf(stream, headers, { signal, certificate, rawHeaders });
    serve(handler, request, { stream, limits })
      .then(() => leave(stream))
      .catch(() => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
  });
  return { server, closeSessions: () => sessions.forEach((_certificate, session) => session.close()) };
}

/** A session without streams ends after a while, however many pings and settings it sends. */
function closeWhenIdle(session: ServerHttp2Session, { idleMs }: ServingLimits): void {
  let streams = 0;
  const rest = (): NodeJS.Timeout => setTimeout(() => session.close(), idleMs).unref();
  let timer = rest();
  session.on('stream', (stream: ServerHttp2Stream) => {
    clearTimeout(timer);
    streams++;
    stream.once('close', () => {
      streams--;
      if (streams === 0 && !session.closed) timer = rest();
    });
  });
  session.on('close', () => clearTimeout(timer));
}

/** A body that is still coming when the answer is out is not wanted any more. */
function leave(stream: ServerHttp2Stream): void {
  if (stream.endAfterHeaders || stream.readableEnded || stream.destroyed) return;
  const close = (): void => stream.close(constants.NGHTTP2_NO_ERROR);
  if (stream.writableFinished) close();
  else stream.once('finish', close);
}

async function serve(handler: ServerHandler, request: ApiRequest, { stream, limits }: { readonly stream: ServerHttp2Stream; readonly limits: ServingLimits }): Promise<void> {
  const answer = await handler.handle(request);
  if (stream.destroyed || stream.headersSent) return discardBody(answer.body);
  const isHead = request.method === 'HEAD';
  const length = answer.body instanceof Uint8Array ? { 'content-length': String(answer.body.length) } : undefined;
  const headers = { ':status': answer.status, ...answer.headers, ...length } as Record<string, string | string[] | number>;
  stream.respond(headers, { endStream: isHead });
  if (isHead) return discardBody(answer.body);
  await writeBody(stream, answer.body, { signal: request.signal, stalledReaderMs: limits.stalledReaderMs });
}

function requestOf(
  stream: ServerHttp2Stream, headers: IncomingHttpHeaders,
  { signal, certificate, rawHeaders }: { readonly signal: AbortSignal; readonly certificate: ClientCertificate | undefined; readonly rawHeaders: readonly string[] },
): ApiRequest {
  const { path, query } = splitTarget(headers[':path'] ?? '/');
  return {
    method: headers[':method'] ?? 'GET',
    rawPath: path,
    rawQuery: query,
    query: new URLSearchParams(query),
    headers: headers as Record<string, string | undefined>,
    rawHeaders,
    readBody: () => readLimitedBody(stream, signal),
    signal,
    ...(certificate ? { certificate } : {}),
  };
}
