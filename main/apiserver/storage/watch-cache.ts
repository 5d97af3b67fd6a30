import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { Histogram } from '../../../kube/apimachinery/metrics/metric-values.ts';
import { StatusError } from '../../../kube/apimachinery/status.ts';
import { prefixRange } from '../../etcd/mvcc/key-range.ts';
import { SortedKeys } from '../../etcd/mvcc/sorted-keys.ts';
import { CompactedError, type KeyValue, type Store, type StoreEvent, StoreUnavailableError } from '../../etcd/store.ts';
import { CachedObject, type ObjectContext } from './cached-object.ts';
import type { CacheWatcher } from './cache-watcher.ts';
import { Change } from './change.ts';
import { ChangeWindow } from './change-window.ts';
import { EndOfTurn } from './end-of-turn.ts';
import { FrameCache } from './frame-cache.ts';
import type { CacheStatistics } from './object-storage.ts';
import { newTooLargeResourceVersion } from './resource-version.ts';
import { WatcherIndex } from './watcher-index.ts';

/** How long a reader waits for a revision that this server has not seen (upstream: blockTimeout). */
const freshnessTimeoutMs = 3000;
/** Writes under way whose objects are remembered. More than a server has at once; forgetting one costs decoding it. */
const maxExpected = 4096;
/** Upstream's, in seconds. */
export const READ_WAIT_BOUNDS = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3];
/** Between two attempts to list, when the store refuses. */
const restartDelayMs = 500;

interface Waiter {
  readonly revision: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * A copy of one resource, kept current by a watch of the Store (upstream: storage/cacher). Lists and watches are served from it, and it
 * is as new as the Store whenever a reader asks for that (KEP-2340): the reader takes the Store's revision, has the Store report its
 * progress, and waits until the copy has come that far, which within one process takes microseconds.
 *
 * It starts at the first use, with the state at the Store's oldest readable revision and all changes since: so that a watch can go back as
 * far as the Store can.
 */
export class WatchCache<T extends KubernetesObject> implements AsyncDisposable {
  readonly watchers: WatcherIndex<T>;
  /** When watchers that take turns are woken: all at once, so that they take the same batch. */
  readonly endOfTurn = new EndOfTurn();
  readonly #context: ObjectContext<T>;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  readonly #frames = new FrameCache();
  /** Objects that a writer in this process just wrote, by the bytes that it gave to the Store: spares decoding them. */
  readonly #written = new Map<Uint8Array, { readonly object: T; readonly json: Uint8Array }>();
  #byKey = new Map<string, CachedObject<T>>();
  #sorted = new SortedKeys<CachedObject<T>>();
  #window = new ChangeWindow<T>(0);
  #revision = 0;
  #sizeBytes = 0;
  readonly #totals = { received: 0, dispatched: 0, initializations: 0, initialObjects: 0, lists: 0, consistentLists: 0, fetchedObjects: 0, returnedObjects: 0, storeLists: 0, storeFetchedObjects: 0, storeReturnedObjects: 0 };
  readonly #readWaits = new Histogram(READ_WAIT_BOUNDS);
  /** What the Store was at when the copy was begun: before that it serves nobody. */
  #readyRevision = 1;
  readonly #waiters = new Set<Waiter>();
  #running: Promise<void> | undefined;

  constructor(options: {
    readonly context: ObjectContext<T>;
    readonly store: Store;
    readonly clock: Clock;
    readonly indexedField: string | undefined;
  }) {
    this.#context = options.context;
    this.#store = options.store;
    this.#clock = options.clock;
    this.watchers = new WatcherIndex({ keys: options.context.keys, indexedField: options.indexedField });
  }

  /** All changes up to this revision are in the copy. */
  get revision(): number {
    return this.#revision;
  }
  /** A watch can go on after this revision and any later one. */
  get oldestRevision(): number {
    return this.#window.oldestRevision;
  }

  /** Undefined until the copy is there. */
  statistics(): CacheStatistics | undefined {
    return this.#revision === 0 ? undefined : { count: this.#byKey.size, sizeBytes: this.#sizeBytes, revision: this.#revision, ...this.#totals, readWaits: this.#readWaits, capacity: ChangeWindow.capacity };
  }

  /** It has answered a list. */
  listed({ fetched, returned, isConsistent }: { readonly fetched: number; readonly returned: number; readonly isConsistent: boolean }): void {
    this.#totals.lists++;
    if (isConsistent) this.#totals.consistentLists++;
    this.#totals.fetchedObjects += fetched;
    this.#totals.returnedObjects += returned;
  }

  /** The store has answered a list. */
  listedFromStore({ fetched, returned }: { readonly fetched: number; readonly returned: number }): void {
    this.#totals.storeLists++;
    this.#totals.storeFetchedObjects += fetched;
    this.#totals.storeReturnedObjects += returned;
  }

  peek(key: string): CachedObject<T> | undefined {
    return this.#byKey.get(key);
  }

  /** Calls visit for each object with start ≤ key < end in key order. */
  forEach(start: string, end: string, visit: (object: CachedObject<T>) => void): void {
    this.#sorted.forEach(start, end, visit);
  }

  /** In key order. */
  underPrefix(prefix: string): CachedObject<T>[] {
    const range = prefixRange(prefix);
    const objects: CachedObject<T>[] = [];
    this.#sorted.forEach(range.start, range.end!, (object) => objects.push(object));
    return objects;
  }

  changesAfter(revision: number): Iterable<Change<T>> {
    return this.#window.after(revision);
  }

  /** Tells the cache what it is about to see, so that it need not decode it. Call `forgetWritten` when the write fails. */
  expectWritten(value: Uint8Array, written: { readonly object: T; readonly json: Uint8Array }): void {
    if (this.#running === undefined) return;
    // The embedded store hands out the very array it was given; with one that does not, these would only pile up.
    if (this.#written.size >= maxExpected) this.#written.clear();
    this.#written.set(value, written);
  }
  forgetWritten(value: Uint8Array): void {
    this.#written.delete(value);
  }

  /** Resolves once the copy is as new as the Store is now. */
  waitUntilFresh(signal?: AbortSignal): Promise<void> {
    return this.waitFor(this.#store.revision, signal);
  }

  /** Resolves once the copy has reached the revision; 504 «Too large resource version» when that takes three seconds. */
  async waitFor(revision: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#running === undefined) {
      this.#readyRevision = this.#store.revision;
      this.#running = this.#run();
    }
    const needed = Math.max(revision, this.#readyRevision);
    if (this.#revision >= needed) {
      this.#readWaits.observe(0);
      return;
    }
    const startMs = this.#clock.monotonicMs();
    this.#store.requestProgress(this.#context.keys.all);
    await new Promise<void>((resolve, reject) => {
      const settle = (act: () => void): void => {
        timer[Symbol.dispose]();
        signal?.removeEventListener('abort', onAbort);
        this.#readWaits.observe((this.#clock.monotonicMs() - startMs) / 1000);
        this.#waiters.delete(waiter);
        act();
      };
      const onAbort = (): void => settle(() => reject(signal?.reason));
      const onTimeout = (): void => settle(() => reject(newTooLargeResourceVersion(needed, this.#store.revision)));
      const timer = this.#clock.setTimer(freshnessTimeoutMs, onTimeout);
      const waiter = { revision: needed, resolve: () => settle(resolve), reject: (error: Error) => settle(() => reject(error)) };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiters.add(waiter);
    });
  }

  addWatcher(watcher: CacheWatcher<T>): void {
    this.watchers.add(watcher);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('the watch cache is closed'));
    this.watchers.endAll();
    await this.#running;
  }

  /** Lists and follows until closed. When the Store's history overtakes it, all watches end and it starts anew, as upstream. */
  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await this.#follow(await this.#load());
      } catch (error) {
        if (signal.aborted) return;
        this.watchers.endAll();
        if (error instanceof StoreUnavailableError && error.reason === 'closed') return;
        this.#readyRevision = this.#store.revision;
        // An object that cannot be read: who asks learns which, and another attempt is made.
        if (error instanceof StatusError) for (const waiter of this.#waiters) waiter.reject(error);
        // Compaction came between: the next attempt begins after it. Anything else is the store's trouble and needs a pause.
        if (!(error instanceof CompactedError)) await this.#clock.sleep(restartDelayMs, signal).catch(() => undefined);
      }
    }
  }

  async #load(): Promise<number> {
    const revision = Math.max(1, this.#store.compactRevision);
    const { kvs } = await this.#store.range(this.#context.keys.all, { revision });
    // Who came to watch since the last state would miss what lies between it and this one.
    this.watchers.endAll();
    this.#byKey = new Map();
    this.#sizeBytes = 0;
    this.#sorted = new SortedKeys();
    this.#written.clear();
    this.#window = new ChangeWindow(revision);
    for (const kv of kvs) this.#put(this.#decode(kv, true));
    this.listedFromStore({ fetched: kvs.length, returned: kvs.length });
    this.#totals.initializations++;
    this.#totals.initialObjects += kvs.length;
    this.#revision = revision;
    this.#advance(revision);
    return revision;
  }

  async #follow(revision: number): Promise<void> {
    const { all } = this.#context.keys;
    const watch = this.#store.watch(all, { startRevision: revision + 1, signal: this.#closing.signal });
    this.#store.requestProgress(all);
    for await (const batch of watch) {
      for (const event of batch.events) this.#apply(event);
      this.#advance(batch.revision);
    }
  }

  #apply(event: StoreEvent): void {
    this.#totals.received++;
    const key = event.type === 'put' ? event.kv.key : event.key;
    const previous = this.#byKey.get(key);
    const current = event.type === 'put' ? this.#decode(event.kv) : undefined;
    if (current === undefined && previous === undefined) return;
    const revision = event.type === 'put' ? event.kv.modRevision : event.modRevision;
    if (previous !== undefined) this.#sizeBytes -= previous.storedJson.length;
    if (current === undefined) {
      this.#byKey.delete(key);
      this.#sorted.delete(key);
    } else {
      this.#put(current);
    }
    const change = new Change({ revision, key, current, previous, frames: this.#frames });
    this.#totals.dispatched++;
    this.#window.add(change);
    this.watchers.dispatch(change);
  }

  #put(object: CachedObject<T>): void {
    this.#byKey.set(object.key, object);
    this.#sizeBytes += object.storedJson.length;
    this.#sorted.set(object);
  }

  #decode({ key, value, modRevision }: KeyValue, upgrade = false): CachedObject<T> {
    const written = this.#written.get(value);
    this.#written.delete(value);
    const { codec } = this.#context;
    const json = written?.json ?? codec.jsonOf(value, key);
    return new CachedObject(this.#context, {
      key,
      revision: modRevision,
      json: upgrade ? codec.upgraded(json) : json,
      object: written?.object,
    });
  }

  #advance(revision: number): void {
    this.#revision = Math.max(revision, this.#revision);
    for (const waiter of this.#waiters) if (waiter.revision <= this.#revision) waiter.resolve();
  }
}
