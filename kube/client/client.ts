import type { Resource } from '../apimachinery/gvr.ts';
import type { KubernetesList, WatchEvent } from '../apimachinery/object-meta.ts';

/** Identity of the caller for in-process transports is bound to the transport, never to a single call. */
export interface Client {
  get<T>(resource: Resource<T>, target: Target, options?: CallOptions): Promise<T>;
  list<T>(resource: Resource<T>, options?: ListOptions): Promise<KubernetesList<T>>;
  /** Ends normally when the server closes the stream; throws StatusError for an ERROR event (410 Expired included). */
  watch<T>(resource: Resource<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
  create<T>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T>;
  /** PUT. With `subresource: 'status'` writes the status only. 409 Conflict on a stale resourceVersion. */
  update<T>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T>;
  patch<T>(resource: Resource<T>, target: Target, patch: Patch, options?: WriteOptions): Promise<T>;
  /** Resolves with the Status or the object that the server answers. */
  delete<T>(resource: Resource<T>, target: Target, options?: DeleteOptions): Promise<unknown>;
  deleteCollection<T>(resource: Resource<T>, options?: ListOptions & DeleteOptions): Promise<unknown>;
  /** Any other request below /; resolves with the parsed JSON body, throws StatusError on a non-2xx status. */
  raw(request: { method: string; path: string; body?: unknown; contentType?: string; signal?: AbortSignal }): Promise<unknown>;
}

export interface Target {
  readonly namespace?: string;
  readonly name: string;
}
export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly subresource?: string;
}
export interface ListOptions extends CallOptions {
  /** Absent: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: 'Exact' | 'NotOlderThan';
  /** Only apiVersion, kind and metadata of each object are needed; the server then sends no more than these. */
  readonly metadataOnly?: boolean;
}
export interface WatchOptions extends ListOptions {
  readonly allowWatchBookmarks?: boolean;
  readonly sendInitialEvents?: boolean;
  readonly timeoutSeconds?: number;
}
export interface WriteOptions extends CallOptions {
  /** Overrides object.metadata.namespace. */
  readonly namespace?: string;
  readonly fieldManager?: string;
  readonly force?: boolean;
  readonly dryRun?: boolean;
}
export interface DeleteOptions extends CallOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun?: boolean;
}
export type Patch =
  | { readonly type: 'json'; readonly patch: readonly unknown[] }
  | { readonly type: 'merge' | 'strategic' | 'apply'; readonly patch: unknown };
