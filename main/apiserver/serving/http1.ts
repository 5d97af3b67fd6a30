import { createServer, STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Duplex } from 'node:stream';
import type { ApiRequest, ApiResponse, ClientCertificate } from '../endpoints/request.ts';
import { isLongRunningRequest } from '../filters/request-info.ts';
import { readLimitedBody } from './body-limit.ts';
import type { CertificateReader } from './client-certificate.ts';
import { MAX_HEADER_BYTES, servingLimits, type ServingLimits } from './limits.ts';
import type { LiveRequests } from './live-requests.ts';
import type { ServerHandler } from '../server.ts';
import { discardBody, writeBody } from './write-body.ts';

export interface ServingOptions {
  readonly limits: ServingLimits;
  readonly readCertificate: CertificateReader;
}

/** A server that is handed its connections. `close` ends the idle ones. */
export function createHttp1(handler: ServerHandler, live: LiveRequests, { limits, readCertificate }: ServingOptions): Server {
  const certificates = new WeakMap<object, ClientCertificate | null>();
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: limits.readHeaderMs, requestTimeout: 0, connectionsCheckingInterval: Math.ceil(limits.readHeaderMs / 8),
    keepAliveTimeout: limits.idleMs, noDelay: true,
  });
  // Beyond this many headers Node would leave the rest out without a word.
  server.maxHeadersCount = 0;
  // Node looks for late headers only in servers that listen, which this one never does itself.
  server.emit('listening');
  const certificateOf = (socket: object): ClientCertificate | undefined => {
    let certificate = certificates.get(socket);
    if (certificate === undefined) {
      certificate = 'authorized' in socket ? (readCertificate(socket as TLSSocket) ?? null) : null;
      certificates.set(socket, certificate);
    }
    return certificate ?? undefined;
  };
  server.on('request', (message: IncomingMessage, response: ServerResponse) => {
    const { signal, closed } = live.begin(() => isLongRunningRequest(request));
    response.on('close', closed);
    response.on('error', () => response.destroy());
    const request = requestOf(message, signal, certificateOf(message.socket));
    serve(handler, request, { message, response, limits }).catch(() => response.destroy());
  });
  server.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) => {
    const { signal, closed } = live.begin(() => isLongRunningRequest(request));
    socket.on('error', () => socket.destroy());
    socket.on('close', closed);
    const request = requestOf(message, signal, certificateOf(message.socket));
    handler.upgrade(request, socket, head).catch(() => socket.destroy());
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable) return;
    // As Go: who did not finish in time gets no answer.
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
      socket.destroy();
      return;
    }
    const status = error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
    socket.end(`HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${status}`, () => socket.destroy());
  });
  return server;
}

interface Exchange {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  readonly limits: ServingLimits;
}

/**
 * Ends an answer whose request is still being sent. The client must be able to read it, so the connection stays until the request has
 * come, or for a while.
 */
async function endLate({ message, response, limits }: Exchange, body: Uint8Array): Promise<void> {
  response.write(body);
  message.resume();
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, limits.lingerMs);
    message.once('end', resolve).once('close', resolve);
    response.once('close', () => clearTimeout(timer));
  });
  response.end();
}

async function serve(handler: ServerHandler, request: ApiRequest, exchange: Exchange): Promise<void> {
  const { message, response, limits } = exchange;
  const answer = await handler.handle(request);
  const isHead = request.method === 'HEAD';
  if (response.destroyed) return discardBody(answer.body);
  const headers = answer.headers as Record<string, string | string[]>;
  if (!message.complete) response.setHeader('connection', 'close');
  response.writeHead(answer.status, answer.body instanceof Uint8Array ? { ...headers, 'content-length': String(answer.body.length) } : headers);
  if (isHead) {
    response.end();
    return discardBody(answer.body);
  }
  if (!(answer.body instanceof Uint8Array)) response.flushHeaders();
  else if (!message.complete) return endLate(exchange, answer.body);
  await writeBody(response, answer.body, { signal: request.signal, stalledReaderMs: limits.stalledReaderMs });
}

function requestOf(message: IncomingMessage, signal: AbortSignal, certificate: ClientCertificate | undefined): ApiRequest {
  const { path, query } = splitTarget(message.url ?? '/');
  return {
    method: message.method ?? 'GET',
    rawPath: path,
    rawQuery: query,
    query: new URLSearchParams(query),
    headers: message.headers as Record<string, string | undefined>,
    rawHeaders: message.rawHeaders,
    readBody: () => readLimitedBody(message, signal),
    signal,
    ...(certificate ? { certificate } : {}),
    ...(message.socket.remoteAddress ? { remoteAddress: message.socket.remoteAddress } : {}),
  };
}

/** Path and query of a request target; an absolute-form target loses its origin. */
export function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const relative = target.startsWith('/') ? target : target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, '') || '/';
  const mark = relative.indexOf('?');
  return mark < 0 ? { path: relative, query: '' } : { path: relative.slice(0, mark), query: relative.slice(mark + 1) };
}

/** Answers an upgrade that is none: the connection ends with the answer. */
export async function answerOnSocket(socket: Duplex, { status, headers, body }: ApiResponse, signal: AbortSignal): Promise<void> {
  const length = body instanceof Uint8Array ? { 'content-length': String(body.length) } : undefined;
  const lines = Object.entries({ ...headers, ...length, connection: 'close' }).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).map((one) => `${name}: ${one}\r\n`),
  );
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`, 'latin1');
  await writeBody(socket, body, { signal, stalledReaderMs: servingLimits.stalledReaderMs });
}
