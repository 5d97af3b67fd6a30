import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import { PassThrough } from 'node:stream';
import type { SecureVersion } from 'node:tls';
import type { Clock } from '../kube/apimachinery/clock.ts';
import type { Transport, TransportRequest, TransportResponse } from '../kube/client/transport.ts';

/** How this client proves who it is and whom it trusts. PEM texts. */
export interface ApiCredentials {
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
  readonly token?: string;
}

export interface ApiTransportOptions {
  /** `https://10.0.2.2:6443` */
  readonly server: string;
  /** Asked for every connection, and for the token of every request: what it returns may change (rotation). */
  readonly credentials: () => ApiCredentials | Promise<ApiCredentials>;
  readonly clock: Clock;
  /** The name in the server's certificate, where it is not the host of `server`. */
  readonly serverName?: string;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** As client-go: a connection that is silent this long is pinged, and given up when the ping is not answered. */
const PING_INTERVAL_MS = 30_000;
const PING_TIMEOUT_MS = 15_000;
const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5_000;
/** Bytes a slow reader of one watch may lag behind before the server is slowed down. */
const STREAM_WINDOW_BYTES = 1024 * 1024;
const MIN_TLS: SecureVersion = 'TLSv1.2';

/**
 * Transport over one HTTP/2 connection with TLS, which all requests and watches share. It is opened when first needed, replaced when it
 * breaks, and attempts after a failure are spaced out however many callers try. A broken connection fails the exchanges that were under
 * way; callers try again (a reflector does).
 */
export class ApiTransport implements Transport, AsyncDisposable {
  readonly #options: ApiTransportOptions;
  readonly #stop = new AbortController();
  #session: Promise<ClientHttp2Session> | undefined;
  #backoffMs = 0;
  #notBeforeMs = 0;

  constructor(options: ApiTransportOptions) {
    this.#options = options;
  }

  async fetch(request: TransportRequest): Promise<TransportResponse> {
    const { signal } = request;
    signal?.throwIfAborted();
    const { token } = await this.#options.credentials();
    const session = await orAborted(this.#connected(), signal);
    const headers: Record<string, string> = {
      ...request.headers,
      [constants.HTTP2_HEADER_METHOD]: request.method,
      [constants.HTTP2_HEADER_PATH]: request.path,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    const hasBody = request.body !== undefined && request.body.length > 0;
    const stream = session.request(headers, { endStream: !hasBody });
    if (hasBody) stream.end(request.body);
    return exchange(stream, signal);
  }

  /** The next request opens a new connection, with new credentials; exchanges under way end by themselves. */
  reload(): void {
    const session = this.#session;
    this.#session = undefined;
    session?.then(
      (open) => open.close(),
      () => {},
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('The API transport is closed'));
    const session = this.#session;
    this.#session = undefined;
    try {
      (await session)?.destroy();
    } catch {
      // A connection that failed to open needs no closing.
    }
  }

  #connected(): Promise<ClientHttp2Session> {
    this.#stop.signal.throwIfAborted();
    if (this.#session === undefined) {
      const session = this.#connect();
      this.#session = session;
      session.then(
        (open) => this.#watchOver(open, session),
        () => this.#forget(session),
      );
    }
    return this.#session;
  }

  async #connect(): Promise<ClientHttp2Session> {
    const { clock, server, credentials, serverName } = this.#options;
    const waitMs = this.#notBeforeMs - clock.monotonicMs();
    if (waitMs > 0) await clock.sleep(waitMs, this.#stop.signal);
    try {
      const { ca, cert, key } = await credentials();
      const servername = serverName === undefined ? {} : { servername: serverName };
      const session = connect(server, { ca, cert, key, ...servername, minVersion: MIN_TLS, settings: { initialWindowSize: STREAM_WINDOW_BYTES, enablePush: false } });
      await opened(session, clock);
      this.#backoffMs = 0;
      return session;
    } catch (error) {
      this.#backoffMs = Math.min(MAX_BACKOFF_MS, Math.max(FIRST_BACKOFF_MS, this.#backoffMs * 2));
      this.#notBeforeMs = clock.monotonicMs() + this.#backoffMs;
      throw new Error(`Cannot connect to the API server at ${server}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }

  #watchOver(session: ClientHttp2Session, promise: Promise<ClientHttp2Session>): void {
    const forget = (): void => this.#forget(promise);
    session.once('close', forget).once('goaway', forget).on('error', forget);
    if (session.destroyed) forget();
    else if (this.#stop.signal.aborted) session.destroy();
    else keepAlive(session, this.#options.clock);
  }

  #forget(session: Promise<ClientHttp2Session>): void {
    if (this.#session === session) this.#session = undefined;
  }
}

/** Resolves once TLS and HTTP/2 stand; destroys the session otherwise. */
function opened(session: ClientHttp2Session, clock: Clock): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (error?: Error): void => {
      timer[Symbol.dispose]();
      session.off('connect', onConnect).off('error', finish).off('close', onClose);
      if (error === undefined) {
        resolve();
        return;
      }
      // A late second error must not go unheard, which would end the process.
      session.on('error', () => {});
      session.destroy();
      reject(error);
    };
    const onConnect = (): void => finish();
    const onClose = (): void => finish(new Error('connection closed'));
    const timer = clock.setTimer(CONNECT_TIMEOUT_MS, () => finish(new Error(`no answer within ${CONNECT_TIMEOUT_MS} ms`)));
    session.once('connect', onConnect).once('error', finish).once('close', onClose);
  });
}

/** A peer that vanished without a word (a paused machine) would otherwise leave watches waiting for ever. */
function keepAlive(session: ClientHttp2Session, clock: Clock): void {
  let timer: Disposable;
  const ping = (): void => {
    timer = clock.setTimer(PING_TIMEOUT_MS, () => session.destroy(new Error('The API server does not answer')));
    session.ping((error) => {
      timer[Symbol.dispose]();
      if (error === null) timer = clock.setTimer(PING_INTERVAL_MS, ping);
    });
  };
  timer = clock.setTimer(PING_INTERVAL_MS, ping);
  session.once('close', () => timer[Symbol.dispose]());
}

function exchange(stream: ClientHttp2Stream, signal: AbortSignal | undefined): Promise<TransportResponse> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      stream.close(constants.NGHTTP2_CANCEL);
      // The reader of the body, if there is one, gets the reason.
      stream.destroy(signal?.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal?.reason }));
      reject(signal?.reason);
    };
    const onError = (error: Error): void => reject(error);
    stream.on('error', onError);
    stream.once('close', () => {
      signal?.removeEventListener('abort', onAbort);
      reject(new Error('The API server closed the exchange before it answered'));
    });
    stream.once('response', (headers) => {
      resolve({ status: Number(headers[constants.HTTP2_HEADER_STATUS]), headers: plainHeaders(headers), body: chunksOf({ stream, reader: readerOf(stream), signal }) });
    });
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
  });
}

/**
 * What to iterate over instead of the stream: an Http2Stream calls itself closed when its last frame has arrived, and Node's iterator then
 * takes what is still unread for lost ("Premature close"). Begun at once, since Node empties a stream that ends before anybody reads it.
 */
function readerOf(stream: ClientHttp2Stream): PassThrough {
  const reader = new PassThrough();
  reader.on('error', () => {}); // Its reader gets it; without a reader nobody needs it.
  stream.on('error', (error) => reader.destroy(error));
  stream.once('close', () => {
    if (stream.rstCode !== constants.NGHTTP2_NO_ERROR) reader.destroy(new Error(`The API server broke the stream off (code ${stream.rstCode})`));
    else if (!reader.writableEnded) reader.end();
  });
  return stream.pipe(reader);
}

async function* chunksOf({ stream, reader, signal }: { readonly stream: ClientHttp2Stream; readonly reader: PassThrough; readonly signal?: AbortSignal }): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of reader) yield chunk as Uint8Array;
    signal?.throwIfAborted();
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw error;
  } finally {
    reader.destroy();
    if (!stream.closed) stream.close(constants.NGHTTP2_CANCEL);
  }
}

function plainHeaders(headers: IncomingHttpHeaders): Record<string, string | readonly string[]> {
  const plain: Record<string, string | readonly string[]> = {};
  for (const [name, value] of Object.entries(headers)) if (value !== undefined && !name.startsWith(':')) plain[name] = value;
  return plain;
}

async function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
