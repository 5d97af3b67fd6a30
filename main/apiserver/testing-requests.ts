import type { TestApiServer } from './testing.ts';

export interface TestAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Record<string, unknown> & { readonly message?: string; readonly metadata: Record<string, unknown> };
}

export interface TestRequest {
  /** An object is sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends requests of the administrator in process, as a client named `test`, and reads JSON answers; other answers come as `{ text }`. */
export function requestsTo(server: () => TestApiServer): (method: string, path: string, request?: TestRequest) => Promise<TestAnswer> {
  return async (method, path, { body, headers = {} } = {}) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
    const response = await server().transport.fetch({ method, path, headers: { 'content-type': type, 'user-agent': 'test/1', ...headers }, ...sent });
    const text = Buffer.from(response.body as Uint8Array).toString('utf8');
    return { status: response.status, headers: response.headers, body: (text.startsWith('{') ? JSON.parse(text) : { text, metadata: {} }) as TestAnswer['body'] };
  };
}
