import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ApiResponse } from '../endpoints/request.ts';

/** Headers about one connection, never passed on (RFC 9110, 7.6.1), and what belongs to our own conversation with the client. */
const NOT_FORWARDED = new Set([
  'connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'host', 'content-length', 'http2-settings',
  'authorization', 'cookie', 'audit-id',
]);

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** On top of those headers, and instead of them. */
  readonly added?: AddedHeaders;
  readonly body: Uint8Array;
  readonly signal: AbortSignal;
}

export type AddedHeaders = Readonly<Record<string, string | readonly string[]>>;

/** Of the sub-protocols that a WebSocket client offers: its bearer token, which is for us alone. */
const TOKEN_PROTOCOL = /^base64url\.bearer\.authorization\.k8s\.io\./;

/** One HTTP/1.1 exchange over an open stream; the answer's body streams. The stream is closed with it. */
export function exchange(stream: Duplex, { method, path, host, headers, added, body, signal }: Exchange): Promise<ApiResponse> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ method, path, headers: { ...forwarded(headers, added), host, connection: 'close', ...(body.length > 0 ? { 'content-length': body.length } : {}) }, createConnection: () => stream, signal });
    outgoing.once('error', (error) => {
      stream.destroy();
      reject(signal.aborted ? signal.reason : error);
    });
    outgoing.once('response', (incoming: IncomingMessage) => {
      incoming.on('error', () => stream.destroy());
      incoming.on('close', () => stream.destroy());
      resolve({ status: incoming.statusCode ?? 502, headers: answered(incoming), body: chunks(incoming, stream) });
    });
    outgoing.end(body);
  });
}

async function* chunks(incoming: IncomingMessage, stream: Duplex): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of incoming) yield chunk as Uint8Array;
  } finally {
    stream.destroy();
  }
}

/** Who the client is, it cannot say itself: that is for whoever authenticated it to add. */
function forwarded(headers: Exchange['headers'], added: AddedHeaders = {}): Record<string, string | string[]> {
  const result: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name.startsWith(':') || /^(impersonate|x-remote)-/.test(name) || NOT_FORWARDED.has(name)) continue;
    const kept = name === 'sec-websocket-protocol' ? withoutToken(value) : value;
    if (kept !== '') result[name] = kept;
  }
  for (const [name, value] of Object.entries(added)) result[name] = typeof value === 'string' ? value : [...value];
  return result;
}

function withoutToken(protocols: string): string {
  return protocols.split(',').map((protocol) => protocol.trim()).filter((protocol) => !TOKEN_PROTOCOL.test(protocol)).join(', ');
}

function answered(incoming: IncomingMessage): Record<string, string | string[]> {
  const result: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined && !NOT_FORWARDED.has(name)) result[name] = value;
  }
  return result;
}

/** Sends an upgrade request and joins both sides byte for byte, the kubelet's answer included. */
export function joinUpgrade(client: Duplex, server: Duplex, { head, ...upgrade }: { readonly method: string; readonly path: string; readonly host: string; readonly headers: Exchange['headers']; readonly added?: AddedHeaders; readonly head: Buffer }): void {
  const lines = [`${upgrade.method} ${upgrade.path} HTTP/1.1`, `Host: ${upgrade.host}`];
  for (const [name, value] of Object.entries(forwarded(upgrade.headers, upgrade.added))) {
    for (const one of typeof value === 'string' ? [value] : value) lines.push(`${name}: ${one}`);
  }
  lines.push('Connection: Upgrade', `Upgrade: ${upgrade.headers['upgrade'] ?? ''}`);
  server.write(`${lines.join('\r\n')}\r\n\r\n`);
  if (head.length > 0) server.write(head);
  const close = (): void => {
    client.destroy();
    server.destroy();
  };
  client.on('close', close).on('error', close);
  server.on('close', close).on('error', close);
  server.pipe(client);
  client.pipe(server);
}
