import { once } from 'node:events';
import { connect, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { expect, test } from 'vitest';
import { type Listener, listen } from '../server.ts';
import { createTestCertificates } from '../testing-certificates.ts';
import type { ApiRequest, ApiResponse } from '../endpoints/request.ts';

/** A server whose only plain request waits until it is let go, and whose watch never ends by itself. */
class SlowServer implements AsyncDisposable {
  readonly arrived = Promise.withResolvers<void>();
  readonly release = Promise.withResolvers<void>();
  readonly #ca: string;
  readonly #listener: Listener;

  private constructor(listener: Listener, ca: string) {
    this.#listener = listener;
    this.#ca = ca;
  }

  static async start(shutdownMs: number): Promise<SlowServer> {
    const { server, ca } = await createTestCertificates(Date.now());
    let own: SlowServer | undefined;
    const handler = { handle: (request: ApiRequest) => own!.#handle(request), upgrade: async () => {} };
    own = new SlowServer(await listen(handler, { host: '127.0.0.1', port: 0, tls: { ...server, clientCA: ca }, limits: { shutdownMs } }), ca);
    return own;
  }

  get port(): number {
    return this.#listener.port;
  }
  get ca(): string {
    return this.#ca;
  }

  session(): ClientHttp2Session {
    return connect(`https://127.0.0.1:${this.port}`, { ca: this.#ca }).on('error', () => {});
  }

  async #handle({ query, signal }: ApiRequest): Promise<ApiResponse> {
    if (query.has('watch')) return { status: 200, headers: {}, body: quiet(signal) };
    this.arrived.resolve();
    const { promise, reject } = Promise.withResolvers<never>();
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    await Promise.race([this.release.promise, promise]);
    return { status: 200, headers: {}, body: Buffer.from('done') };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener[Symbol.asyncDispose]();
  }
}

async function* quiet(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  yield Buffer.from('{}\n');
  if (!signal.aborted) await once(signal, 'abort');
}

const ask = (session: ClientHttp2Session, path: string): ClientHttp2Stream => session.request({ ':path': path }).on('error', () => {});
const textOf = async (stream: ClientHttp2Stream): Promise<string> => Buffer.concat((await stream.toArray()) as Buffer[]).toString();

test('a request under way when the server shuts down is answered, over HTTP/2 with a GOAWAY', async () => {
  await using server = await SlowServer.start(30_000);
  const session = server.session();
  const stream = ask(session, '/api/v1/pods/x');
  await server.arrived.promise;
  const goaway = once(session, 'goaway');
  const closed = server[Symbol.asyncDispose]();
  await goaway;
  server.release.resolve();
  expect(await textOf(stream)).toBe('done');
  await closed;
});

test('a request under way when the server shuts down is answered, over HTTP/1.1', async () => {
  await using server = await SlowServer.start(30_000);
  const answered = new Promise<string>((resolve, reject) => {
    const outgoing = httpsRequest({ host: '127.0.0.1', port: server.port, path: '/api/v1/pods/x', ca: server.ca }, (response) => {
      void response.toArray().then((chunks) => resolve(Buffer.concat(chunks as Buffer[]).toString()));
    });
    outgoing.on('error', reject).end();
  });
  await server.arrived.promise;
  const closed = server[Symbol.asyncDispose]();
  server.release.resolve();
  expect(await answered).toBe('done');
  await closed;
});

test('watches end at once, and cleanly, when the server shuts down', async () => {
  await using server = await SlowServer.start(30_000);
  const session = server.session();
  const watch = ask(session, '/api/v1/pods?watch=1');
  await once(watch, 'response');
  const text = textOf(watch);
  await server[Symbol.asyncDispose]();
  expect(await text).toBe('{}\n');
  expect(watch.rstCode).toBe(0);
});

test('a request that does not finish in time is cut', async () => {
  await using server = await SlowServer.start(100);
  const stream = ask(server.session(), '/api/v1/pods/x');
  await server.arrived.promise;
  const closed = new Promise((resolve) => stream.once('close', resolve));
  await Promise.all([closed, server[Symbol.asyncDispose]()]);
  expect(stream.rstCode).not.toBe(0);
});
