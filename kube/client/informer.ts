/** A local, eventually consistent copy of one resource (upstream: client-go tools/cache). Objects are shared: never change them. */
export interface Lister<T> {
  /** Undefined when the cache does not hold it. Key: `namespace/name`, or `name` when cluster-scoped. */
  get(key: string): T | undefined;
  list(options?: { readonly namespace?: string }): readonly T[];
  /** Objects whose index `index` yields `value`; the index must have been given when the informer was made. */
  byIndex(index: string, value: string): readonly T[];
}

export type InformerEvent<T> =
  | { readonly type: 'add'; readonly object: T; readonly isInInitialList: boolean }
  | { readonly type: 'update'; readonly object: T; readonly previous: T }
  /** `object` is the last known state; `finalStateUnknown` when the deletion itself was missed. */
  | { readonly type: 'delete'; readonly object: T; readonly finalStateUnknown: boolean };

/**
 * list, then watch, relisting after a break. The lister is updated before handlers run; handlers of one informer see events
 * of one object in order, without skipping a state that this informer saw, but states between two events may have been missed.
 * A handler added late gets an `add` for all that is known. hasSynced turns true once, after the first full list was handled.
 */
export interface Informer<T> {
  readonly lister: Lister<T>;
  readonly hasSynced: boolean;
  waitForSync(signal: AbortSignal): Promise<void>;
  onEvent(handler: (event: InformerEvent<T>) => void): Disposable;
}

/** Makes one informer per (resource, namespace, selectors, metadataOnly) and shares it; started together, stopped by dispose. */
export interface InformerFactory extends AsyncDisposable {
  informer<T>(resource: import('../apimachinery/gvr.ts').Resource<T>, options?: InformerOptions<T>): Informer<T>;
  start(signal: AbortSignal): void;
}

export interface InformerOptions<T> {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /**
   * The caller looks at apiVersion, kind and metadata without managedFields, and nothing else: what 10,000 objects take in memory is then
   * the tenth part. It may get whole objects, when an informer that has them exists already.
   */
  readonly metadataOnly?: boolean;
  /** Adds indexers to the shared informer; two callers may add different names. */
  readonly indexers?: Readonly<Record<string, (object: T) => readonly string[]>>;
}
