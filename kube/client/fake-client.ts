import type { Clock } from '../apimachinery/clock.ts';
import type { Resource } from '../apimachinery/gvr.ts';
import { deepCopy, deepEqual, isJsonObject } from '../apimachinery/json.ts';
import { applyJsonMergePatch } from '../apimachinery/json-merge-patch.ts';
import { applyJsonPatch } from '../apimachinery/json-patch.ts';
import type { KubernetesList, KubernetesObject, WatchEvent } from '../apimachinery/object-meta.ts';
import { successStatus } from '../apimachinery/status.ts';
import { newAlreadyExists, newConflict, newNotFound, newResourceExpired, OPTIMISTIC_LOCK_MESSAGE } from '../apimachinery/status-errors.ts';
import { formatTime } from '../apimachinery/time.ts';
import type { CallOptions, Client, DeleteOptions, ListOptions, Patch, Target, WatchOptions, WriteOptions } from './client.ts';
import { eventFor, FakeStorage, isSelected, selectionOf } from './fake-storage.ts';
import { keyOf } from './resource-path.ts';

export interface FakeCall {
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'raw';
  readonly resource: string;
  readonly key: string;
  readonly subresource?: string;
  readonly body?: unknown;
}

/**
 * A whole API server in memory, for tests of controllers: resource versions, conflicts, generations, finalizers, the status subresource,
 * selectors and watches from any version. No defaulting, validation, admission or garbage collection.
 *
 * Differs from a server: strategic and apply patches work as merge patches, and pods are deleted at once.
 */
export class FakeClient implements Client {
  /** Every call in order. */
  readonly calls: FakeCall[] = [];
  readonly #storage = new FakeStorage();
  readonly #nowMs: () => number;
  #names = 0;
  #compactedRevision = 0;
  #intercept: ((call: FakeCall) => void | Promise<void>) | undefined;

  constructor(options: { readonly clock?: Clock; readonly objects?: readonly (readonly [Resource<KubernetesObject>, KubernetesObject])[] } = {}) {
    this.#nowMs = () => options.clock?.now() ?? Date.UTC(2026, 0, 1);
    for (const [resource, object] of options.objects ?? []) this.#storage.put(resource, this.#completed(resource, object));
  }

  /** Runs before each call; what it throws is what the call rejects with. */
  intercept(handler: ((call: FakeCall) => void | Promise<void>) | undefined): void {
    this.#intercept = handler;
  }

  /** Makes every watch from an older version fail with 410 Expired. */
  compact(): void {
    this.#compactedRevision = this.#storage.revision;
  }

  async get<T>(resource: Resource<T>, { namespace = '', name }: Target, options: CallOptions = {}): Promise<T> {
    const key = keyOfTarget(resource, { namespace, name });
    await this.#begin({ verb: 'get', resource: resource.resource, key, subresource: options.subresource });
    return deepCopy(this.#found(resource, key)) as T;
  }

  async list<T>(resource: Resource<T>, options: ListOptions = {}): Promise<KubernetesList<T>> {
    await this.#begin({ verb: 'list', resource: resource.resource, key: options.namespace ?? '' });
    const selection = selectionOf(options);
    const items = this.#storage.list(resource).filter((object) => isSelected(object, selection));
    const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
    return { apiVersion, kind: `${resource.kind}List`, metadata: { resourceVersion: String(this.#storage.revision) }, items: deepCopy(items) as T[] };
  }

  async *watch<T>(resource: Resource<T>, options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    await this.#begin({ verb: 'watch', resource: resource.resource, key: options.namespace ?? '' });
    const { signal } = options;
    const selection = selectionOf(options);
    let revision = Number(options.resourceVersion ?? this.#storage.revision);
    if (revision !== 0 && revision < this.#compactedRevision) {
      throw newResourceExpired(`too old resource version: ${revision} (${this.#compactedRevision})`);
    }
    for (;;) {
      signal?.throwIfAborted();
      for (const change of this.#storage.changesSince(revision, resource)) {
        revision = change.revision;
        const event = eventFor(change, selection);
        if (event !== undefined) yield event as WatchEvent<T>;
      }
      // Changes that came while the reader handled the last event are there already.
      if (this.#storage.changesSince(revision, resource).length === 0) await this.#nextChange(resource, { revision, signal });
    }
  }

  async create<T>(resource: Resource<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const given = this.#completed(resource, object as KubernetesObject, options.namespace);
    const key = keyOf(given);
    await this.#begin({ verb: 'create', resource: resource.resource, key, subresource: options.subresource, body: object });
    if (options.subresource !== undefined) return deepCopy(object);
    if (this.#storage.get(resource, key) !== undefined) throw newAlreadyExists(resource, given.metadata.name);
    if (options.dryRun === true) return given as T;
    return deepCopy(this.#storage.put(resource, given)) as T;
  }

  async update<T>(resource: Resource<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const given = deepCopy(object) as KubernetesObject;
    const namespace = options.namespace ?? given.metadata.namespace;
    const key = keyOfTarget(resource, { namespace, name: given.metadata.name });
    await this.#begin({ verb: 'update', resource: resource.resource, key, subresource: options.subresource, body: object });
    return this.#replace(resource, given, { key, options }) as T;
  }

  async patch<T>(resource: Resource<T>, target: Target, patch: Patch, options: WriteOptions = {}): Promise<T> {
    const key = keyOfTarget(resource, target);
    await this.#begin({ verb: 'patch', resource: resource.resource, key, subresource: options.subresource, body: patch.patch });
    const current = this.#storage.get(resource, key);
    if (current === undefined && patch.type === 'apply') {
      const created = this.#completed(resource, patch.patch as KubernetesObject, target.namespace);
      return deepCopy(this.#storage.put(resource, created)) as T;
    }
    const previous = this.#found(resource, key);
    const next = patch.type === 'json' ? applyJsonPatch(previous, patch.patch) : applyJsonMergePatch(previous, patch.patch);
    return this.#replace(resource, deepCopy(next) as KubernetesObject, { key, options }) as T;
  }

  async delete<T>(resource: Resource<T>, target: Target, options: DeleteOptions = {}): Promise<unknown> {
    const key = keyOfTarget(resource, target);
    await this.#begin({ verb: 'delete', resource: resource.resource, key, body: options });
    const object = this.#found(resource, key);
    const { uid, resourceVersion } = options.preconditions ?? {};
    if ((uid !== undefined && uid !== object.metadata.uid) || (resourceVersion !== undefined && resourceVersion !== object.metadata.resourceVersion)) {
      throw newConflict(resource, target.name, 'the preconditions do not hold');
    }
    if (options.dryRun !== true) this.#remove(resource, object);
    return successStatus({ name: target.name, group: resource.group, kind: resource.resource, uid: object.metadata.uid });
  }

  async deleteCollection<T>(resource: Resource<T>, options: ListOptions & DeleteOptions = {}): Promise<unknown> {
    await this.#begin({ verb: 'delete', resource: resource.resource, key: `${options.namespace ?? ''}/*`, body: options });
    const selection = selectionOf(options);
    for (const object of this.#storage.list(resource)) if (isSelected(object, selection)) this.#remove(resource, object);
    return successStatus();
  }

  async raw(request: { method: string; path: string; body?: unknown }): Promise<unknown> {
    await this.#begin({ verb: 'raw', resource: request.method, key: request.path, body: request.body });
    return {};
  }

  async #begin(call: FakeCall): Promise<void> {
    this.calls.push(call);
    await this.#intercept?.(call);
  }

  #found(resource: Resource<unknown>, key: string): KubernetesObject {
    const object = this.#storage.get(resource, key);
    if (object === undefined) throw newNotFound(resource, key.slice(key.indexOf('/') + 1));
    return object;
  }

  #completed(resource: Resource<unknown>, object: KubernetesObject, namespace?: string): KubernetesObject {
    const { metadata } = object;
    const home = namespace ?? metadata.namespace;
    const name = metadata.name !== undefined && metadata.name !== '' ? metadata.name : `${metadata.generateName ?? ''}${(this.#names++).toString(36).padStart(5, '0')}`;
    return {
      ...deepCopy(object),
      apiVersion: resource.group === '' ? resource.version : `${resource.group}/${resource.version}`,
      kind: resource.kind,
      metadata: {
        ...metadata,
        name,
        ...(resource.namespaced && home !== undefined ? { namespace: home } : {}),
        uid: metadata.uid ?? `00000000-0000-4000-8000-${(this.#names++).toString(16).padStart(12, '0')}`,
        creationTimestamp: metadata.creationTimestamp ?? formatTime(this.#nowMs()),
        generation: metadata.generation ?? 1,
      },
    };
  }

  #replace(resource: Resource<unknown>, given: KubernetesObject, { key, options }: { readonly key: string; readonly options: WriteOptions }): KubernetesObject {
    const previous = this.#found(resource, key);
    const { resourceVersion } = given.metadata;
    if (resourceVersion !== undefined && resourceVersion !== '' && resourceVersion !== previous.metadata.resourceVersion) {
      throw newConflict(resource, given.metadata.name, OPTIMISTIC_LOCK_MESSAGE);
    }
    const next = options.subresource === 'status' ? withStatusOf(previous, given) : this.#withServerFields(previous, given);
    if (options.dryRun === true) return next;
    const isGone = next.metadata.deletionTimestamp !== undefined && (next.metadata.finalizers ?? []).length === 0;
    if (!isGone) return deepCopy(this.#storage.put(resource, next));
    this.#storage.delete(resource, key);
    return next;
  }

  #withServerFields(previous: KubernetesObject, given: KubernetesObject): KubernetesObject {
    const { uid, creationTimestamp, generation = 1, deletionTimestamp } = previous.metadata;
    const changed = !deepEqual(specOf(previous), specOf(given));
    const metadata = { ...given.metadata, uid, creationTimestamp, deletionTimestamp, generation: changed ? generation + 1 : generation };
    return deepCopy({ ...given, apiVersion: previous.apiVersion, kind: previous.kind, metadata });
  }

  #remove(resource: Resource<unknown>, object: KubernetesObject): void {
    if ((object.metadata.finalizers ?? []).length === 0) {
      this.#storage.delete(resource, keyOf(object));
    } else if (object.metadata.deletionTimestamp === undefined) {
      const metadata = { ...object.metadata, deletionTimestamp: formatTime(this.#nowMs()) };
      this.#storage.put(resource, { ...object, metadata });
    }
  }

  #nextChange(resource: Resource<unknown>, { revision, signal }: { readonly revision: number; readonly signal?: AbortSignal }): Promise<void> {
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        subscription[Symbol.dispose]();
        signal?.removeEventListener('abort', onAbort);
        settle();
      };
      const onAbort = (): void => finish(() => reject(signal?.reason));
      const subscription = this.#storage.onChange(() => {
        if (this.#storage.changesSince(revision, resource).length > 0) finish(resolve);
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}

function keyOfTarget({ namespaced }: Resource<unknown>, { namespace, name }: Target): string {
  return namespaced && namespace !== undefined && namespace !== '' ? `${namespace}/${name}` : name;
}

function withStatusOf(previous: KubernetesObject, given: KubernetesObject): KubernetesObject {
  const status: unknown = isJsonObject(given) ? given['status'] : undefined;
  return deepCopy({ ...previous, status });
}

/** What counts for the generation: everything but metadata and status. */
function specOf(object: KubernetesObject): unknown {
  return { ...object, metadata: undefined, status: undefined, apiVersion: undefined, kind: undefined };
}
