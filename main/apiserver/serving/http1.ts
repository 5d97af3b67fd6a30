import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Duplex } from 'node:stream';
import type { ApiRequest, ClientCertificate } from '../endpoints/request.ts';
import { readLimitedBody } from './body-limit.ts';
import type { CertificateReader } from './client-certificate.ts';
import type { LiveRequests } from './live-requests.ts';
import type { ServerHandler } from '../server.ts';
import { discardBody, writeBody } from './write-body.ts';

/** Header bytes of one request; more is 431. */
export const MAX_HEADER_BYTES = 64 * 1024;
const KEEP_ALIVE_MS = 120_000;

export function createHttp1(handler: ServerHandler, live: LiveRequests, readCertificate: CertificateReader): Server {
  const certificates = new WeakMap<object, ClientCertificate | null>();
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES, requestTimeout: 0, keepAliveTimeout: KEEP_ALIVE_MS, noDelay: true });
  const certificateOf = (socket: object): ClientCertificate | undefined => {
    let certificate = certificates.get(socket);
    if (certificate === undefined) {
      certificate = 'authorized' in socket ? (readCertificate(socket as TLSSocket) ?? null) : null;
      certificates.set(socket, certificate);
    }
    return certificate ?? undefined;
  };
  server.on('request', (message: IncomingMessage, response: ServerResponse) => {
    const { signal, closed } = live.begin();
    response.on('close', closed);
    response.on('error', () => response.destroy());
    const request = requestOf(message, signal, certificateOf(message.socket));
    serve(handler, request, response).catch(() => response.destroy());
  });
  server.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) => {
    const { signal, closed } = live.begin();
    socket.on('error', () => socket.destroy());
    socket.on('close', closed);
    const request = requestOf(message, signal, certificateOf(message.socket));
    handler.upgrade(request, socket, head).catch(() => socket.destroy());
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable) return;
    const status = error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
    socket.end(`HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${status}`, () => socket.destroy());
  });
  return server;
}

async function serve(handler: ServerHandler, request: ApiRequest, response: ServerResponse): Promise<void> {
  const answer = await handler.handle(request);
  const isHead = request.method === 'HEAD';
  if (response.destroyed) return discardBody(answer.body);
  const headers = answer.headers as Record<string, string | string[]>;
  response.writeHead(answer.status, answer.body instanceof Uint8Array ? { ...headers, 'content-length': String(answer.body.length) } : headers);
  if (isHead) {
    response.end();
    return discardBody(answer.body);
  }
  if (!(answer.body instanceof Uint8Array)) response.flushHeaders();
  await writeBody(response, answer.body, request.signal);
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
