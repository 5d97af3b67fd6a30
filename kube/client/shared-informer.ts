import type { KubernetesObject, WatchEvent } from '../apimachinery/object-meta.ts';
import { IndexedStore, type IndexFunction } from './indexed-store.ts';
import type { Informer, InformerEvent, Lister } from './informer.ts';
import type { ReflectorSink } from './reflector.ts';
import { keyOf } from './resource-path.ts';

type Handler<T> = (event: InformerEvent<T>) => void;

/** The cache half of an informer: a reflector feeds it, any number of handlers follow it. */
export class SharedInformer<T extends KubernetesObject> implements Informer<T>, ReflectorSink<T> {
  readonly #store = new IndexedStore<T>();
  readonly #handlers = new Set<Handler<T>>();
  readonly #onHandlerError: (error: unknown) => void;
  readonly #synced = Promise.withResolvers<void>();
  #hasSynced = false;

  /** A handler that throws does not keep the others from their event. */
  constructor(options: { readonly onHandlerError: (error: unknown) => void }) {
    this.#onHandlerError = options.onHandlerError;
  }

  get lister(): Lister<T> {
    return this.#store;
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  async waitForSync(signal: AbortSignal): Promise<void> {
    if (this.#hasSynced) return;
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void => aborted.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await Promise.race([this.#synced.promise, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  onEvent(handler: Handler<T>): Disposable {
    // Two subscriptions of one function are two subscriptions.
    const own: Handler<T> = (event) => handler(event);
    this.#handlers.add(own);
    for (const object of this.#store.list()) this.#tell(own, { type: 'add', object, isInInitialList: true });
    return { [Symbol.dispose]: () => void this.#handlers.delete(own) };
  }

  addIndexers(indexers: Readonly<Record<string, IndexFunction<T>>>): void {
    for (const [name, valuesOf] of Object.entries(indexers)) this.#store.addIndex(name, valuesOf);
  }

  replace(objects: readonly T[]): void {
    const gone = new Set(this.#store.keys());
    const events: InformerEvent<T>[] = [];
    for (const object of objects) {
      gone.delete(keyOf(object));
      const previous = this.#store.set(object);
      if (previous === undefined) events.push({ type: 'add', object, isInInitialList: !this.#hasSynced });
      else if (previous.metadata.uid !== object.metadata.uid) events.push(...recreated(previous, object));
      else if (previous.metadata.resourceVersion !== object.metadata.resourceVersion) events.push({ type: 'update', object, previous });
    }
    for (const key of gone) {
      const object = this.#store.delete(key);
      if (object !== undefined) events.push({ type: 'delete', object, finalStateUnknown: true });
    }
    for (const event of events) this.#tellAll(event);
    if (this.#hasSynced) return;
    this.#hasSynced = true;
    this.#synced.resolve();
  }

  apply(event: Extract<WatchEvent<T>, { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' }>): void {
    const { object } = event;
    if (event.type === 'DELETED') {
      if (this.#store.delete(keyOf(object)) !== undefined) this.#tellAll({ type: 'delete', object, finalStateUnknown: false });
      return;
    }
    const previous = this.#store.set(object);
    if (previous === undefined) this.#tellAll({ type: 'add', object, isInInitialList: false });
    else if (previous.metadata.uid !== object.metadata.uid) for (const next of recreated(previous, object)) this.#tellAll(next);
    else if (previous.metadata.resourceVersion !== object.metadata.resourceVersion || object.metadata.resourceVersion === undefined) {
      this.#tellAll({ type: 'update', object, previous });
    }
  }

  #tellAll(event: InformerEvent<T>): void {
    for (const handler of this.#handlers) this.#tell(handler, event);
  }

  #tell(handler: Handler<T>, event: InformerEvent<T>): void {
    try {
      handler(event);
    } catch (error) {
      this.#onHandlerError(error);
    }
  }
}

/** A key that now names another object: its predecessor was deleted while nobody watched. */
function recreated<T>(previous: T, object: T): InformerEvent<T>[] {
  return [
    { type: 'delete', object: previous, finalStateUnknown: true },
    { type: 'add', object, isInInitialList: false },
  ];
}
