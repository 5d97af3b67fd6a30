import http from 'node:http';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { failureStatus } from '../../../kube/apimachinery/status.ts';

const CONNECT_TIMEOUT_MS = 10_000;

/** Upgrades to SPDY at the runtime's streaming server; resolves with the raw connection. */
export function connectSpdy(url: string, protocol: string): Promise<{ readonly socket: Duplex; readonly head: Buffer }> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, {
      method: 'POST', agent: false, timeout: CONNECT_TIMEOUT_MS,
      headers: { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': protocol, 'content-length': '0' },
    });
    request.once('upgrade', (_response, socket, head) => {
      socket.setTimeout(0);
      resolve({ socket, head });
    });
    request.once('response', (response) => {
      response.resume();
      reject(new Error(`the runtime's streaming server answered ${response.statusCode}`));
    });
    request.once('timeout', () => request.destroy(new Error('the runtime\'s streaming server does not answer')));
    request.once('error', reject);
    request.end();
  });
}

/** Hands the client's upgrade request on as it is; both ends then talk to each other. */
export function proxyUpgrade(options: { readonly request: http.IncomingMessage; readonly socket: Duplex; readonly head: Buffer; readonly url: string }): void {
  const { request, socket, head } = options;
  const url = new URL(options.url);
  const upstream = net.connect({ host: url.hostname, port: Number(url.port) });
  upstream.once('connect', () => {
    upstream.write(`${request.method} ${url.pathname}${url.search} HTTP/1.1\r\n${forwardedHeaders(request, url.host)}\r\n`);
    upstream.write(head);
    upstream.pipe(socket);
    socket.pipe(upstream);
  });
  upstream.on('error', () => socket.destroy());
  socket.on('error', () => upstream.destroy());
  upstream.once('close', () => socket.destroy());
  socket.once('close', () => upstream.destroy());
}

const HOP_HEADERS = new Set(['host', 'authorization', 'x-forwarded-for']);

function forwardedHeaders({ rawHeaders }: http.IncomingMessage, host: string): string {
  let text = `Host: ${host}\r\n`;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (!HOP_HEADERS.has(name.toLowerCase())) text += `${name}: ${rawHeaders[index + 1] ?? ''}\r\n`;
  }
  return text;
}

/** Answers an upgrade request with a Status instead. */
export function refuseUpgrade(socket: Duplex, refusal: { readonly code: number; readonly reason: string; readonly message: string }): void {
  const body = JSON.stringify(failureStatus({ code: refusal.code, reason: refusal.reason, message: refusal.message } as Parameters<typeof failureStatus>[0]));
  socket.end(`HTTP/1.1 ${refusal.code} ${http.STATUS_CODES[refusal.code] ?? ''}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`);
}
