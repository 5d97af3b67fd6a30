import type { Histogram } from '../../../kube/apimachinery/metrics/metric-values.ts';
import type { FieldRequirement } from '../../../kube/apimachinery/field-selector.ts';
import type { LabelRequirements } from '../../../kube/apimachinery/label-selector.ts';
import type { KubernetesObject, ObjectMeta } from '../../../kube/apimachinery/object-meta.ts';
import type { JsonHead } from './json-head.ts';

/**
 * The objects of one resource, kept in the Store as JSON under `/registry/<resourcePrefix>/[<namespace>/]<name>`, and read from a watch
 * cache that keeps their bytes. One instance per stored resource for the whole server; served versions share it.
 *
 * Expected failures are StatusErrors with upstream's reasons and messages: NotFound, AlreadyExists, Conflict (preconditions), Expired
 * (410), BadRequest (continue and resourceVersion), Timeout «Too large resource version», ServiceUnavailable when the store cannot write.
 * Whatever waits takes a signal and rejects with its reason.
 *
 * Objects handed out are shared and frozen: copy before you change. Objects handed in belong to the storage from then on (it freezes
 * them); their metadata.resourceVersion is ignored and never stored.
 */
export interface ObjectStorage<T extends KubernetesObject = KubernetesObject> extends AsyncDisposable {
  /** AlreadyExists when the name is taken. The object must have its name, and namespace if namespaced. */
  create(object: T, options?: WriteOptions): Promise<StoredObject<T>>;
  /** Unset resourceVersion: the newest. Otherwise at least as new as that. NotFound when absent. */
  get(target: ObjectName, options?: ReadOptions): Promise<StoredObject<T>>;
  /**
   * Reads, lets `change` compute the next object, and writes it if nobody wrote in between; otherwise starts again with what the other
   * one wrote, however often it takes. `change` must be free of side effects; what it throws is passed on. Nothing is written when it
   * returns the same object or one that encodes to the same bytes: the resourceVersion then stays.
   */
  guaranteedUpdate(
    target: ObjectName,
    change: (current: T) => T | Promise<T>,
    options?: WriteOptions & { readonly preconditions?: Preconditions },
  ): Promise<StoredObject<T>>;
  /**
   * Removes the object and returns it as it last was, with the resourceVersion of the deletion. `validate` runs on what is about to be
   * deleted, again after a conflict, and may throw.
   */
  delete(
    target: ObjectName,
    options?: {
      readonly preconditions?: Preconditions;
      readonly validate?: (current: T) => void | Promise<void>;
    } & Pick<WriteOptions, 'signal' | 'wrote'>,
  ): Promise<StoredObject<T>>;
  list(query?: ListQuery): Promise<StoredList<T>>;
  /** Resolves when the watch is in place: a refusal (410 Expired, a bad resourceVersion) rejects here, before anything is streamed. */
  watch(query: WatchQuery): Promise<ObjectWatch<T>>;
  /** How many there are now, all namespaces. */
  count(): Promise<number>;
  /** What the watch cache knows without reading; undefined before the first list or watch. */
  statistics(): CacheStatistics | undefined;
}

export interface CacheStatistics {
  /** All objects, and the bytes of their JSON. */
  readonly count: number;
  readonly sizeBytes: number;
  /** Of the store: the cache is as new as this. */
  readonly revision: number;
  /** Since the start of the server: events from the store; those that changed something, which watches were told; loads of everything, and objects in them. */
  readonly received: number;
  readonly dispatched: number;
  readonly initializations: number;
  readonly initialObjects: number;
  /** Lists that the cache has answered: how many, those of them that had to be as new as the store, objects looked at, and objects in the answers. */
  readonly lists: number;
  readonly consistentLists: number;
  readonly fetchedObjects: number;
  readonly returnedObjects: number;
  /** Lists that the store has answered: to fill the cache, or of a state that it no longer has; objects read, and objects in the answers. */
  readonly storeLists: number;
  readonly storeFetchedObjects: number;
  readonly storeReturnedObjects: number;
  /** How long reads waited for the cache, in seconds. */
  readonly readWaits: Histogram;
  /** Changes that it keeps at most. */
  readonly capacity: number;
}

export interface ObjectName {
  /** Absent on cluster-scoped objects. */
  readonly namespace?: string;
  readonly name: string;
}
export interface ReadOptions {
  readonly resourceVersion?: string;
  readonly signal?: AbortSignal;
}
export interface WriteOptions {
  /** The object goes away by itself after this time (events). On an update the time starts anew; without it the object stays for good. */
  readonly ttlSeconds?: number;
  readonly signal?: AbortSignal;
  /** Told how long each write took, without what came before it. */
  readonly wrote?: (elapsedMs: number) => void;
}
export interface Preconditions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/** What to pick from a collection. Everything absent or empty: all. */
export interface Selection {
  readonly namespace?: string;
  /** One object by name: the cheap form of the field selector metadata.name=…; only with a namespace or on cluster-scoped resources. */
  readonly name?: string;
  readonly labels?: LabelRequirements;
  /** metadata.name, metadata.namespace and what `selectableFields` gives. Whether a field is supported is checked by the caller. */
  readonly fields?: readonly FieldRequirement[];
}
export interface ListQuery extends Selection {
  /** Absent or 0: no limit. */
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: 'Exact' | 'NotOlderThan';
  readonly signal?: AbortSignal;
}
export interface WatchQuery extends Selection {
  /** Absent: the newest state as ADDED events, then changes. `0`: the same from any state. Else: changes after it. */
  readonly resourceVersion?: string;
  /** true: the state first, then a bookmark annotated `k8s.io/initial-events-end`. false: no state even without a resourceVersion. */
  readonly sendInitialEvents?: boolean;
  readonly allowWatchBookmarks?: boolean;
  /** A batch is all that one turn of the event loop brings: for consumers to whom every batch costs a write to a socket. */
  readonly batchByTurn?: boolean;
  /** The stream ends normally after this time, with a bookmark two seconds before, as upstream. */
  readonly timeoutMs?: number;
  /** Called once the consumer has taken all of the state and what has changed up to now. */
  readonly onInitialized?: () => void;
  /** Called once when the watch is over, for whatever reason. */
  readonly onEnd?: () => void;
  /** Ends the stream; iterating then rejects with signal.reason. */
  readonly signal: AbortSignal;
}

/** One version of one object. The bytes are always there; the decoded object is made when asked for and kept while somebody holds it. */
export interface StoredObject<T> {
  /** The decimal text of the store's revision. */
  readonly resourceVersion: string;
  readonly name: string;
  readonly namespace?: string;
  /** With metadata.resourceVersion set; frozen. */
  readonly object: T;
  /** The same object's metadata, without decoding the rest. */
  readonly metadata: ObjectMeta;
  /** The size of the JSON with this head, in bytes. */
  jsonSize(head: JsonHead): number;
  /** Writes the JSON to target, beginning at offset; returns the offset after it. */
  copyJson(target: Uint8Array, options: { readonly offset: number; readonly head: JsonHead }): number;
  /** The same for the metadata alone: `{…head…"metadata":{…}}`. */
  metadataJsonSize(head: JsonHead): number;
  copyMetadataJson(target: Uint8Array, options: { readonly offset: number; readonly head: JsonHead }): number;
  /** The JSON as bytes of its own: for an answer with one object. */
  json(head: JsonHead): Uint8Array;
  /** Another encoding (protobuf, a converted version), made once per form and kept with the object. */
  encoded(form: string, encode: (object: T) => Uint8Array): Uint8Array;
}

export interface StoredList<T> {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
  /** In key order: by namespace, then name. */
  readonly items: readonly StoredObject<T>[];
}

/**
 * Batches of what happened, in order: all that has come since the last one was taken. Ends normally when the time is over, when the
 * consumer is too slow (the client starts again from the last resourceVersion it saw, as upstream), or with an ERROR event as the last.
 */
export type ObjectWatch<T> = AsyncIterable<readonly ObjectEvent<T>[]>;

export type ObjectEvent<T> = ChangeEvent<T> | BookmarkEvent;

/** Seen through the watch's selection: an object that begins to match is ADDED, one that no longer does is DELETED, in its last matching state. */
export interface ChangeEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly stored: StoredObject<T>;
  /** `{"type":…,"object":…}` and a newline. Encoded once for all watchers, then kept for a while. */
  jsonFrame(head: JsonHead): Uint8Array;
  /** The frames of a batch that begins with this event, in one array that watchers share when they take the same batch. */
  jsonFrames(head: JsonHead, batch: readonly ChangeEvent<T>[]): Uint8Array;
}
export interface BookmarkEvent {
  readonly type: 'BOOKMARK';
  readonly resourceVersion: string;
  /** The initial events are complete: to be annotated `k8s.io/initial-events-end: "true"`. */
  readonly initialEventsEnd: boolean;
}
