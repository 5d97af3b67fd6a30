import type { Clock } from '../apimachinery/clock.ts';
import type { GroupVersionResource, Resource } from '../apimachinery/gvr.ts';
import { isJsonObject } from '../apimachinery/json.ts';
import type { KubernetesList, ObjectMeta, WatchEvent } from '../apimachinery/object-meta.ts';
import { isStatus, StatusError } from '../apimachinery/status.ts';
import { newGenericServerResponse } from '../apimachinery/status-errors.ts';
import type { CallOptions, Client, DeleteOptions, ListOptions, Patch, Target, WatchOptions, WriteOptions } from './client.ts';
import { deleteBody, listQuery, resourcePath, watchQuery, withKind, withQuery, writeQuery } from './resource-path.ts';
import { OBJECT_MEDIA_TYPE, OBJECT_METADATA_MEDIA_TYPE, type Transport, type TransportResponse } from './transport.ts';
import { parseFrames, readBody } from './watch-frames.ts';

export interface RestClientOptions {
  readonly transport: Transport;
  /** The part before the first `/` is the default field manager: `kube-scheduler/v1.36`. */
  readonly userAgent: string;
  /** Ask for decoded objects instead of bytes; only in-process transports answer so. Objects are then frozen. */
  readonly acceptObjects?: boolean;
  /** With a clock, an overloaded server that says when to come back (429 or 5xx with Retry-After) is asked again, a few times. */
  readonly clock?: Clock;
  /** Told of each answer; how long it took, where there is a clock. */
  readonly onAnswer?: (answer: { readonly method: string; readonly status: number; readonly elapsedMs: number | undefined }) => void;
}

/** As client-go. */
const MAX_RETRIES = 10;

const PATCH_MEDIA_TYPES: Readonly<Record<Patch['type'], string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  /** Absent: what the client always accepts. */
  readonly accept?: string;
  readonly signal?: AbortSignal;
  /** For the text of an error that comes without a Status. */
  readonly resource?: GroupVersionResource;
  readonly name?: string;
}

/** Client over any Transport: JSON on the wire, decoded objects in-process. */
export class RestClient implements Client {
  readonly #transport: Transport;
  readonly #userAgent: string;
  readonly #accept: string;
  readonly #acceptsObjects: boolean;
  readonly #clock: Clock | undefined;
  readonly #onAnswer: RestClientOptions['onAnswer'];

  constructor({ transport, userAgent, acceptObjects, clock, onAnswer }: RestClientOptions) {
    this.#onAnswer = onAnswer;
    this.#transport = transport;
    this.#clock = clock;
    this.#userAgent = userAgent;
    this.#acceptsObjects = acceptObjects === true;
    this.#accept = this.#acceptsObjects ? `${OBJECT_MEDIA_TYPE}, application/json` : 'application/json';
  }

  async get<T>(resource: Resource<T>, target: Target, options: CallOptions = {}): Promise<T> {
    const path = resourcePath(resource, { ...target, subresource: options.subresource });
    return this.#call<T>({ method: 'GET', path, signal: options.signal, resource, name: target.name });
  }

  async list<T>(resource: Resource<T>, options: ListOptions = {}): Promise<KubernetesList<T>> {
    const path = withQuery(resourcePath(resource, { namespace: options.namespace }), listQuery(options));
    const accept = options.metadataOnly === true ? this.#acceptMetadata('PartialObjectMetadataList') : undefined;
    const list = await this.#call<KubernetesList<T>>({ method: 'GET', path, accept, signal: options.signal, resource });
    return { ...list, items: (list.items ?? []).map((item) => withKind(resource, item)) };
  }

  async *watch<T>(resource: Resource<T>, options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    const path = withQuery(resourcePath(resource, { namespace: options.namespace }), watchQuery(options));
    const accept = options.metadataOnly === true ? this.#acceptMetadata('PartialObjectMetadata') : undefined;
    const call: Call = { method: 'GET', path, accept, signal: options.signal, resource };
    const response = await this.#send(call);
    if (response.status !== 200) throw await this.#failure(call, response);
    for await (const events of watchEvents(response)) {
      for (const event of events) yield checkedEvent<T>(event);
    }
  }

  async create<T>(resource: Resource<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const meta = metaOf(object);
    const namespace = options.namespace ?? meta.namespace;
    const name = options.subresource === undefined ? undefined : meta.name;
    const path = resourcePath(resource, { namespace, name, subresource: options.subresource });
    return this.#write<T>('POST', { resource, path, body: object, options });
  }

  async update<T>(resource: Resource<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const meta = metaOf(object);
    const namespace = options.namespace ?? meta.namespace;
    const path = resourcePath(resource, { namespace, name: meta.name, subresource: options.subresource });
    return this.#write<T>('PUT', { resource, path, name: meta.name, body: object, options });
  }

  async patch<T>(resource: Resource<T>, target: Target, patch: Patch, options: WriteOptions = {}): Promise<T> {
    const path = resourcePath(resource, { ...target, namespace: options.namespace ?? target.namespace, subresource: options.subresource });
    return this.#call<T>({
      method: 'PATCH',
      path: withQuery(path, writeQuery(options)),
      body: patch.patch,
      contentType: PATCH_MEDIA_TYPES[patch.type],
      signal: options.signal,
      resource,
      name: target.name,
    });
  }

  async delete<T>(resource: Resource<T>, target: Target, options: DeleteOptions = {}): Promise<unknown> {
    const path = resourcePath(resource, { ...target, subresource: options.subresource });
    return this.#call({ method: 'DELETE', path, body: deleteBody(options), signal: options.signal, resource, name: target.name });
  }

  async deleteCollection<T>(resource: Resource<T>, options: ListOptions & DeleteOptions = {}): Promise<unknown> {
    const path = withQuery(resourcePath(resource, { namespace: options.namespace }), listQuery(options));
    return this.#call({ method: 'DELETE', path, body: deleteBody(options), signal: options.signal, resource });
  }

  async raw(request: { method: string; path: string; body?: unknown; contentType?: string; signal?: AbortSignal }): Promise<unknown> {
    return this.#call(request);
  }

  #write<T>(method: string, write: { resource: Resource<T>; path: string; name?: string; body: unknown; options: WriteOptions }): Promise<T> {
    const { resource, path, name, body, options } = write;
    return this.#call<T>({ method, path: withQuery(path, writeQuery(options)), body, signal: options.signal, resource, name });
  }

  async #call<T>(call: Call): Promise<T> {
    const response = await this.#send(call);
    if (response.status < 200 || response.status > 299) throw await this.#failure(call, response);
    if (response.object !== undefined) return response.object as T;
    const text = await readBody(response.body);
    return parseBody(text) as T;
  }

  /** A server that knows no such form of its objects answers with whole ones. */
  #acceptMetadata(kind: 'PartialObjectMetadata' | 'PartialObjectMetadataList'): string {
    const json = `application/json;as=${kind};g=meta.k8s.io;v=v1, application/json`;
    return this.#acceptsObjects ? `${OBJECT_METADATA_MEDIA_TYPE}, ${json}` : json;
  }

  async #send({ method, path, body, contentType, accept = this.#accept, signal }: Call): Promise<TransportResponse> {
    const headers: Record<string, string> = { accept, 'user-agent': this.#userAgent };
    if (body !== undefined) headers['content-type'] = contentType ?? 'application/json';
    const encoded = body === undefined ? undefined : typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
    for (let retries = 0; ; retries += 1) {
      const startMs = this.#clock?.monotonicMs() ?? 0;
      const response = await this.#transport.fetch({ method, path, headers, body: encoded, signal });
      this.#onAnswer?.({ method, status: response.status, elapsedMs: this.#clock && this.#clock.monotonicMs() - startMs });
      const waitSeconds = retryAfterSeconds(response);
      if (waitSeconds === undefined || this.#clock === undefined || retries >= MAX_RETRIES) return response;
      await readBody(response.body);
      await this.#clock.sleep(waitSeconds * 1000, signal);
    }
  }

  async #failure(call: Call, response: TransportResponse): Promise<StatusError> {
    if (isStatus(response.object)) return new StatusError(response.object);
    const text = await readBody(response.body);
    const parsed = parseBody(text);
    if (isStatus(parsed)) return new StatusError(parsed);
    const retryAfter = Number(response.headers['retry-after']);
    return newGenericServerResponse({
      code: response.status,
      verb: call.method,
      resource: call.resource ?? { group: '', resource: '' },
      name: call.name ?? '',
      serverMessage: text.trim() === '' ? 'unknown' : text.trim().slice(0, MAX_MESSAGE_LENGTH),
      retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : undefined,
    });
  }
}

/** What an overloaded server asks to wait; undefined when the answer is final. */
function retryAfterSeconds({ status, headers }: TransportResponse): number | undefined {
  if (status !== 429 && status < 500) return undefined;
  const seconds = Number(headers['retry-after'] ?? NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}

/** As client-go, which reads at most this much of an answer it does not understand. */
const MAX_MESSAGE_LENGTH = 2048;

/** Text that is not JSON (`ok` of /healthz) is itself the answer. */
function parseBody(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

async function* watchEvents({ events, body }: TransportResponse): AsyncGenerator<readonly unknown[]> {
  if (events !== undefined) {
    yield* events;
  } else if (!(body instanceof Uint8Array)) {
    for await (const frame of parseFrames(body)) yield [frame];
  }
}

function checkedEvent<T>(event: unknown): WatchEvent<T> {
  if (!isJsonObject(event) || typeof event['type'] !== 'string') throw new Error('Cannot read watch: a frame is no watch event');
  if (event['type'] !== 'ERROR') return event as unknown as WatchEvent<T>;
  const status = event['object'];
  if (isStatus(status)) throw new StatusError(status);
  throw new Error('Cannot read watch: an ERROR event holds no Status');
}

function metaOf(object: unknown): Partial<ObjectMeta> {
  const metadata = isJsonObject(object) ? object['metadata'] : undefined;
  return isJsonObject(metadata) ? metadata : {};
}
