import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { checkServerIdentity } from '../proxy/server-identity.ts';

export interface HttpsJsonRequest {
  readonly url: string;
  readonly method?: 'GET' | 'POST';
  /** Bytes are JSON already. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** PEM; absent: what the system trusts. */
  readonly ca?: string;
  readonly insecure?: boolean;
  readonly client?: { readonly certificate: string; readonly key: string };
}

/** Far more than any document of keys or answer about a token has. */
const MAX_BYTES = 4 * 1024 * 1024;

/** One request whose answer is JSON; the status is for the caller to judge. Redirects are not followed. */
export async function httpsJson(request: HttpsJsonRequest, signal: AbortSignal): Promise<{ readonly status: number; readonly value: unknown }> {
  const { status, text } = await httpsText(request, signal);
  try {
    return { status, value: text === '' ? undefined : JSON.parse(text) };
  } catch (error) {
    throw new Error(`the answer of ${request.url} is not JSON: ${JSON.stringify(text.slice(0, 200))}`, { cause: error });
  }
}

/** The same for any text. */
export function httpsText({ url, method = 'GET', body, headers = {}, accept = 'application/json', ca, insecure = false, client }: HttpsJsonRequest & { readonly accept?: string }, signal: AbortSignal): Promise<{ readonly status: number; readonly text: string }> {
  const bytes = body === undefined || body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
  const request = url.startsWith('http:') ? plainRequest : tlsRequest;
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly status: number; readonly text: string }>();
  const outgoing = request(url, {
    method, signal, agent: false, rejectUnauthorized: !insecure, checkServerIdentity,
    headers: { accept, ...headers, ...(bytes ? { 'content-type': 'application/json', 'content-length': bytes.length } : {}) },
    ...(ca === undefined ? {} : { ca }), ...(client ? { cert: client.certificate, key: client.key } : {}),
  }, (incoming) => {
    const parts: Buffer[] = [];
    let size = 0;
    incoming.on('data', (part: Buffer) => {
      size += part.length;
      if (size > MAX_BYTES) incoming.destroy(new Error(`the answer of ${url} is too large`));
      else parts.push(part);
    });
    incoming.on('error', reject);
    incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(parts).toString() }));
  });
  outgoing.on('error', reject);
  outgoing.end(bytes);
  return promise;
}
