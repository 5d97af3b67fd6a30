import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { newAlreadyExists, newConflict, newNotFound, newServiceUnavailable } from '../../../kube/apimachinery/status-errors.ts';
import { type KeyValue, type Operation, StoreUnavailableError, type TxnRequest, type TxnResult } from '../../etcd/store.ts';
import { CachedObject } from './cached-object.ts';
import { LeaseManager } from './lease-manager.ts';
import { listObjects } from './list-objects.ts';
import { ObjectCodec, deepFreeze } from './object-codec.ts';
import { ObjectKeys } from './object-keys.ts';
import type { CacheStatistics, ObjectName, ObjectStorage, ObjectWatch, Preconditions, ReadOptions, StoredList, StoredObject } from './object-storage.ts';
import type { ListQuery, WatchQuery, WriteOptions } from './object-storage.ts';
import type { ObjectStorageOptions } from './object-storage-options.ts';
import { newTooLargeResourceVersion, parsePlainResourceVersion } from './resource-version.ts';
import { WatchCache } from './watch-cache.ts';
import { watchObjects } from './watch-objects.ts';

/** Opens the objects of one resource. Nothing is read before the first call. */
export function openObjectStorage<T extends KubernetesObject>(options: ObjectStorageOptions<T>): ObjectStorage<T> {
  return new StoreObjectStorage(options);
}

class StoreObjectStorage<T extends KubernetesObject> implements ObjectStorage<T> {
  readonly #options: ObjectStorageOptions<T>;
  readonly #keys: ObjectKeys;
  readonly #codec: ObjectCodec<T>;
  readonly #cache: WatchCache<T>;
  readonly #leases: LeaseManager;

  constructor(options: ObjectStorageOptions<T>) {
    this.#options = options;
    this.#keys = new ObjectKeys(options);
    this.#codec = new ObjectCodec(options);
    this.#leases = options.leases ?? new LeaseManager(options);
    const { store, clock, indexedField } = options;
    this.#cache = new WatchCache({ context: { codec: this.#codec, keys: this.#keys }, store, clock, indexedField });
  }

  async create(object: T, { ttlSeconds, signal, wrote }: WriteOptions = {}): Promise<StoredObject<T>> {
    signal?.throwIfAborted();
    const { namespace, name } = object.metadata;
    const key = this.#keys.keyOf({ namespace, name });
    const written = await this.#put({ key, expectedRevision: 0, object, ttlSeconds, wrote });
    if (written.stored === undefined) throw newAlreadyExists(this.#options.resource, name);
    return written.stored;
  }

  async get(target: ObjectName, { resourceVersion, signal }: ReadOptions = {}): Promise<StoredObject<T>> {
    signal?.throwIfAborted();
    const atLeast = parsePlainResourceVersion(resourceVersion) ?? 0;
    // The store is read directly, and is never older than the cache; only a revision from elsewhere has to be waited for.
    const { store, uncached } = this.#options;
    if (uncached && atLeast > store.revision) throw newTooLargeResourceVersion(atLeast, store.revision, 0);
    if (atLeast > store.revision) await this.#cache.waitFor(atLeast, signal);
    return this.#read(target);
  }

  async guaranteedUpdate(
    target: ObjectName,
    change: (current: T) => T | Promise<T>,
    { preconditions, ttlSeconds, signal, wrote }: WriteOptions & { readonly preconditions?: Preconditions } = {},
  ): Promise<StoredObject<T>> {
    let current = await this.#read(target);
    for (;;) {
      signal?.throwIfAborted();
      this.#checkPreconditions(current, preconditions);
      const next = await change(current.object);
      if (next === current.object) return current;
      const written = await this.#put({ key: current.key, expectedRevision: current.revision, object: next, ttlSeconds, wrote, current });
      if (written.stored !== undefined) return written.stored;
      current = this.#found(written.conflict, target);
    }
  }

  async delete(
    target: ObjectName,
    options: { preconditions?: Preconditions; validate?: (current: T) => void | Promise<void> } & Pick<WriteOptions, 'signal' | 'wrote'> = {},
  ): Promise<StoredObject<T>> {
    let current = await this.#read(target);
    for (;;) {
      options.signal?.throwIfAborted();
      this.#checkPreconditions(current, options.preconditions);
      await options.validate?.(current.object);
      const range = { start: current.key };
      const result = await this.#txn('delete', ifUnchanged(current.key, current.revision, { type: 'delete', range }), options.wrote);
      if (result.succeeded) return current.withRevision(result.revision);
      current = this.#found(conflictOf(result), target);
    }
  }

  list(query: ListQuery = {}): Promise<StoredList<T>> {
    return listObjects({ store: this.#options.store, uncached: this.#options.uncached, keys: this.#keys, cache: this.#cache, objectOf: (kv) => this.#objectOf(kv) }, query);
  }

  watch(query: WatchQuery): Promise<ObjectWatch<T>> {
    const { clock, indexedField } = this.#options;
    return watchObjects({ clock, indexedField, keys: this.#keys, cache: this.#cache }, query);
  }

  async count(): Promise<number> {
    return (await this.#options.store.range(this.#keys.all, { limit: 1, keysOnly: true })).count;
  }

  statistics(): CacheStatistics | undefined {
    return this.#cache.statistics();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cache[Symbol.asyncDispose]();
  }

  async #read(target: ObjectName): Promise<CachedObject<T>> {
    const { store, clock, meter } = this.#options;
    const startMs = clock.monotonicMs();
    const { kvs } = await store.range({ start: this.#keys.keyOf(target) });
    meter?.asked('get', { elapsedMs: clock.monotonicMs() - startMs, failed: false });
    return this.#found(kvs[0], target);
  }

  #found(kv: KeyValue | undefined, target: ObjectName): CachedObject<T> {
    if (kv === undefined) throw newNotFound(this.#options.resource, target.name);
    return this.#objectOf(kv);
  }

  #objectOf(kv: KeyValue): CachedObject<T> {
    const cached = this.#cache.peek(kv.key);
    if (cached?.revision === kv.modRevision) return cached;
    return this.#newObject({ key: kv.key, revision: kv.modRevision, json: this.#codec.upgraded(this.#codec.jsonOf(kv.value, kv.key)) });
  }

  #newObject(version: { readonly key: string; readonly revision: number; readonly json: Uint8Array; readonly object?: T }): CachedObject<T> {
    return new CachedObject({ codec: this.#codec, keys: this.#keys }, version);
  }

  /** Writes when the key is still at the expected revision; otherwise gives what is there instead. */
  async #put(write: {
    readonly key: string;
    readonly expectedRevision: number;
    readonly object: T;
    readonly ttlSeconds: number | undefined;
    readonly wrote: WriteOptions['wrote'];
    /** Nothing is written when the object encodes to the same bytes as this. */
    readonly current?: CachedObject<T>;
  }): Promise<{ readonly stored?: CachedObject<T>; readonly conflict?: KeyValue | undefined }> {
    const { key, object, ttlSeconds, wrote, current } = write;
    const { json, value } = this.#codec.encode(object, key);
    if (current !== undefined && Buffer.compare(json, current.storedJson) === 0 && (await this.#isCurrent(key))) return { stored: current };
    if (this.#codec.freeze) deepFreeze(object);
    const lease = ttlSeconds === undefined ? undefined : await this.#lease(ttlSeconds);
    this.#cache.expectWritten(value, { object, json });
    try {
      const operation: Operation = { type: 'put', key, value, ...(lease === undefined ? {} : { lease }) };
      const result = await this.#txn(write.expectedRevision === 0 ? 'create' : 'update', ifUnchanged(key, write.expectedRevision, operation), wrote);
      if (result.succeeded) return { stored: this.#newObject({ key, revision: result.revision, json, object }) };
      this.#cache.forgetWritten(value);
      return { conflict: conflictOf(result) };
    } catch (error) {
      this.#cache.forgetWritten(value);
      throw error;
    }
  }

  /** False when the value would be encrypted otherwise than it is: with another key, or at all. */
  async #isCurrent(key: string): Promise<boolean> {
    if (this.#options.transformer === undefined) return true;
    const { kvs } = await this.#options.store.range({ start: key });
    return kvs[0] === undefined || this.#codec.isCurrent(kvs[0].value);
  }

  async #lease(ttlSeconds: number): Promise<string> {
    try {
      return await this.#leases.leaseFor(ttlSeconds);
    } catch (error) {
      throw asStatus(error);
    }
  }

  async #txn(operation: 'create' | 'update' | 'delete', request: TxnRequest, wrote: WriteOptions['wrote']): Promise<TxnResult> {
    const { store, clock, meter } = this.#options;
    const startMs = clock.monotonicMs();
    let failed = true;
    try {
      const result = await store.txn(request);
      failed = false;
      return result;
    } catch (error) {
      throw asStatus(error);
    } finally {
      const elapsedMs = clock.monotonicMs() - startMs;
      meter?.asked(operation, { elapsedMs, failed });
      wrote?.(elapsedMs);
    }
  }

  #checkPreconditions(current: CachedObject<T>, { uid, resourceVersion }: Preconditions = {}): void {
    const { metadata } = current.object;
    if (uid !== undefined && uid !== (metadata.uid ?? '')) throw this.#preconditionFailed(current, { field: 'UID', wanted: uid, found: metadata.uid ?? '' });
    if (resourceVersion !== undefined && resourceVersion !== current.resourceVersion) {
      throw this.#preconditionFailed(current, { field: 'ResourceVersion', wanted: resourceVersion, found: current.resourceVersion });
    }
  }

  /** The text is upstream's StorageError, which clients see as it is. */
  #preconditionFailed(current: CachedObject<T>, { field, wanted, found }: { field: string; wanted: string; found: string }): Error {
    const detail = `Precondition failed: ${field} in precondition: ${wanted}, ${field} in object meta: ${found}`;
    const text = `StorageError: invalid object, Code: 4, Key: ${current.key}, ResourceVersion: 0, AdditionalErrorMsg: ${detail}`;
    return newConflict(this.#options.resource, current.name, text);
  }
}

function ifUnchanged(key: string, revision: number, write: Operation): TxnRequest {
  return {
    compare: [{ key, target: 'modRevision', operator: '=', value: revision }],
    success: [write],
    failure: [{ type: 'range', range: { start: key } }],
  };
}

function conflictOf({ responses }: TxnResult): KeyValue | undefined {
  const response = responses[0];
  return response?.type === 'range' ? response.result.kvs[0] : undefined;
}

function asStatus(error: unknown): unknown {
  return error instanceof StoreUnavailableError ? newServiceUnavailable(error.message) : error;
}
