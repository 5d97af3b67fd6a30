import type { Transport, TransportRequest, TransportResponse } from '../../kube/client/transport.ts';
import { newRequestEntityTooLarge } from '../../kube/apimachinery/status-errors.ts';
import type { User } from './authentication/user.ts';
import type { ServerHandler } from './server.ts';
import { MAX_BODY_BYTES } from './serving/body-limit.ts';
import { splitTarget } from './serving/http1.ts';

const EMPTY = new Uint8Array(0);
const NEVER = new AbortController().signal;

/** The API server without a socket: everything but authentication works as through TLS. */
export function inProcessTransport(handler: ServerHandler, identity: User): Transport {
  return {
    async fetch({ method, path: target, headers = {}, body, signal = NEVER }: TransportRequest): Promise<TransportResponse> {
      signal.throwIfAborted();
      const { path, query } = splitTarget(target);
      const bytes = body === undefined ? EMPTY : typeof body === 'string' ? Buffer.from(body) : body;
      return handler.handle({
        method, rawPath: path, rawQuery: query, query: new URLSearchParams(query), headers, signal, identity,
        readBody: async () => {
          if (bytes.length > MAX_BODY_BYTES) throw newRequestEntityTooLarge(`limit is ${MAX_BODY_BYTES}`);
          return bytes;
        },
      });
    },
  };
}
