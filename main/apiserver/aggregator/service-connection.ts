import type { Duplex } from 'node:stream';
import type { ObjectReader } from '../authentication/object-reader.ts';
import type { User } from '../authentication/user.ts';
import type { AddedHeaders } from '../proxy/http-exchange.ts';
import { exchange } from '../proxy/http-exchange.ts';
import { openStream, type NodeConnectionOptions, type NodeTarget } from '../proxy/node-connection.ts';
import { connectionProblem, secureStream, UNREACHABLE } from '../proxy/secure-stream.ts';
import { serviceTarget } from '../proxy/service-target.ts';
import type { RemoteApiService } from './api-service-list.ts';

export interface ServiceConnectionOptions extends Pick<NodeConnectionOptions, 'dialer'> {
  readonly reader: ObjectReader;
  /** What tells extension servers that the X-Remote headers are to be believed. */
  readonly frontProxyClient?: { readonly certificate: string; readonly key: string };
}

export interface RemoteAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
}

/** Documents of the server itself are read whole; the OpenAPI of the largest known ones is a tenth of this. */
const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;
const EMPTY = new Uint8Array(0);

export function resolveRemote(options: ServiceConnectionOptions, remote: RemoteApiService): Promise<NodeTarget> {
  return serviceTarget(options.reader, remote.service, options);
}

/** TLS to the Service, as its APIService says. Throws `error trying to reach service: …`. */
export async function connectRemote(options: ServiceConnectionOptions, { remote, target }: { readonly remote: RemoteApiService; readonly target: NodeTarget }, signal: AbortSignal): Promise<Duplex> {
  const { service, ca, insecure } = remote;
  const raw = await openStream(target, options, signal);
  try {
    return await secureStream(raw, {
      host: `${service.name}.${service.namespace}.svc`, insecure,
      ...(ca === undefined ? {} : { ca }), ...(options.frontProxyClient ? { client: options.frontProxyClient } : {}),
    }, signal);
  } catch (error) {
    throw new Error(`${UNREACHABLE}${connectionProblem(error, signal)}`, { cause: error });
  }
}

/** One GET by the API server itself, as the given user. Throws when there is no answer. */
export async function getRemote(
  options: ServiceConnectionOptions, remote: RemoteApiService,
  { path, user, headers = {} }: { readonly path: string; readonly user: User; readonly headers?: Readonly<Record<string, string>> }, signal: AbortSignal,
): Promise<RemoteAnswer> {
  const target = await resolveRemote(options, remote);
  const stream = await connectRemote(options, { remote, target }, signal);
  const answer = await exchange(stream, { method: 'GET', path, host: hostOf(target), headers, added: userHeaders(user), body: EMPTY, signal });
  return { status: answer.status, headers: answer.headers, body: await wholeBody(answer.body) };
}

async function wholeBody(body: Uint8Array | AsyncIterable<Uint8Array>): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body);
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    size += part.length;
    if (size > MAX_DOCUMENT_BYTES) throw new Error(`document is larger than ${MAX_DOCUMENT_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

export function hostOf({ host, port }: NodeTarget): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Who asks, in the form that extension servers read (upstream: client-go transport.SetAuthProxyHeaders). */
export function userHeaders({ name, uid, groups, extra = {} }: User): AddedHeaders {
  return {
    'x-remote-user': name,
    ...(uid ? { 'x-remote-uid': uid } : {}),
    ...(groups.length > 0 ? { 'x-remote-group': groups } : {}),
    ...Object.fromEntries(Object.entries(extra).filter(([, values]) => values.length > 0).map(([key, values]) => [`x-remote-extra-${escapedKey(key)}`, values])),
  };
}

/** What may not stand in a header's name, and the percent sign itself. */
function escapedKey(key: string): string {
  return [...Buffer.from(key)].map((byte) => {
    const character = String.fromCharCode(byte);
    return /[!#$&'*+\-.^_`|~0-9a-zA-Z]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}
