import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { newBadRequest, newResourceExpired } from '../../../kube/apimachinery/status-errors.ts';
import { prefixRange } from '../../etcd/mvcc/key-range.ts';
import { CompactedError, type KeyValue, type Store } from '../../etcd/store.ts';
import type { CachedObject } from './cached-object.ts';
import { type ContinuePoint, decodeContinue, encodeContinue, newContinueExpired } from './continue-token.ts';
import type { ObjectKeys } from './object-keys.ts';
import type { ListQuery, StoredList } from './object-storage.ts';
import { newTooLargeResourceVersion, parseResourceVersion } from './resource-version.ts';
import { SelectionMatcher } from './selection-matcher.ts';
import type { WatchCache } from './watch-cache.ts';

export interface ListContext<T extends KubernetesObject> {
  readonly store: Store;
  readonly keys: ObjectKeys;
  readonly cache: WatchCache<T>;
  readonly uncached?: boolean | undefined;
  /** The object of a key and value: the cached one when it is the same version. */
  readonly objectOf: (kv: KeyValue) => CachedObject<T>;
}

/** Which state a list is of. */
type Snapshot =
  /** The cache as it is, once it has reached a revision. */
  | { readonly type: 'cache'; readonly atLeast: number }
  /** Exactly the state of one revision. */
  | { readonly type: 'exact'; readonly revision: number };

/**
 * The meaning of resourceVersion and resourceVersionMatch, as upstream's table in «Kubernetes API Concepts» has it:
 *
 *     resourceVersion   match          limit   state
 *     unset             –              –       newest
 *     0                 –              –       any; the limit is ignored
 *     N                 unset          no      at least N
 *     N                 unset          yes     exactly N
 *     N                 NotOlderThan   –       at least N
 *     N                 Exact          –       exactly N
 */
export async function listObjects<T extends KubernetesObject>(context: ListContext<T>, query: ListQuery): Promise<StoredList<T>> {
  const { cache, keys, store } = context;
  const limit = query.limit === undefined || query.limit <= 0 ? undefined : query.limit;
  const prefix = keys.prefixOf(query.namespace);
  const revision = parseResourceVersion(query.resourceVersion);
  if (query.continue !== undefined && query.continue !== '') {
    const point = decodeContinue(query.continue, prefix);
    if (revision !== undefined && revision !== 0) throw newBadRequest('specifying resource version is not allowed when using continue');
    return continueList(context, { query, limit: revision === 0 && !context.uncached ? undefined : limit, prefix, point });
  }
  const snapshot = snapshotOf({ query, limit, revision, newest: store.revision });
  const page = { query, limit: revision === 0 && !context.uncached ? undefined : limit, prefix, fromKey: prefix };
  if (context.uncached && revision !== undefined && revision > store.revision) throw newTooLargeResourceVersion(revision, store.revision, 0);
  if (snapshot.type === 'cache') {
    await cache.waitFor(snapshot.atLeast, query.signal);
    return listFromCache(context, page);
  }
  await cache.waitFor(snapshot.revision, query.signal);
  try {
    return await listAt(context, page, snapshot.revision);
  } catch (error) {
    if (error instanceof CompactedError) throw newResourceExpired('The resourceVersion for the provided list is too old.');
    throw error;
  }
}

function snapshotOf(options: { query: ListQuery; limit: number | undefined; revision: number | undefined; newest: number }): Snapshot {
  const { query, limit, revision, newest } = options;
  if (revision === undefined) return { type: 'cache', atLeast: newest };
  if (revision === 0) return { type: 'cache', atLeast: 0 };
  const exact = query.resourceVersionMatch === 'Exact' || (query.resourceVersionMatch === undefined && limit !== undefined);
  return exact ? { type: 'exact', revision } : { type: 'cache', atLeast: revision };
}

interface Page {
  readonly query: ListQuery;
  readonly limit: number | undefined;
  readonly prefix: string;
  readonly fromKey: string;
}

async function continueList<T extends KubernetesObject>(
  context: ListContext<T>,
  { point, query, limit, prefix }: Omit<Page, 'fromKey'> & { readonly point: ContinuePoint },
): Promise<StoredList<T>> {
  const page = { query, limit, prefix, fromKey: point.fromKey };
  if (point.revision === undefined) {
    await context.cache.waitUntilFresh(query.signal);
    return listFromCache(context, page);
  }
  await context.cache.waitFor(point.revision, query.signal);
  try {
    return await listAt(context, page, point.revision);
  } catch (error) {
    if (error instanceof CompactedError) throw newContinueExpired(point.fromKey, prefix);
    throw error;
  }
}

/** The state of the store at one revision. */
async function listAt<T extends KubernetesObject>(context: ListContext<T>, page: Page, revision: number): Promise<StoredList<T>> {
  const { end } = rangeOf(context.keys, page);
  const { kvs } = await context.store.range({ start: page.fromKey, end }, { revision });
  const list = pageOf(page, { revision, total: kvs.length, each: kvs.values().map(context.objectOf) });
  context.cache.listedFromStore({ fetched: kvs.length, returned: list.items.length });
  return list;
}

function listFromCache<T extends KubernetesObject>({ cache, keys }: ListContext<T>, page: Page): StoredList<T> {
  const found: CachedObject<T>[] = [];
  const { start, end } = rangeOf(keys, page);
  const isConsistent = page.query.resourceVersion === undefined;
  if (page.limit === undefined) {
    const matches = new SelectionMatcher<T>(page.query).predicate;
    let fetched = 0;
    cache.forEach(start, end, (object) => {
      fetched++;
      if (matches(object)) found.push(object);
    });
    cache.listed({ fetched, returned: found.length, isConsistent });
    return { resourceVersion: String(cache.revision), items: found };
  }
  cache.forEach(start, end, (object) => found.push(object));
  const list = pageOf(page, { revision: cache.revision, total: found.length, each: found.values() });
  cache.listed({ fetched: found.length, returned: list.items.length, isConsistent });
  return list;
}

function rangeOf(keys: ObjectKeys, { query, prefix, fromKey }: Page): { readonly start: string; readonly end: string } {
  if (query.name === undefined) return { start: fromKey, end: prefixRange(prefix).end! };
  const key = keys.keyOf({ name: query.name, namespace: query.namespace });
  return { start: fromKey > key ? fromKey : key, end: `${key}\0` };
}

function pageOf<T extends KubernetesObject>(
  { query, limit = Infinity, prefix }: Page,
  found: { readonly revision: number; readonly total: number; readonly each: Iterable<CachedObject<T>> },
): StoredList<T> {
  const { matchesAll, predicate: matches } = new SelectionMatcher<T>(query);
  const items: CachedObject<T>[] = [];
  let seen = 0;
  let last: string | undefined;
  for (const object of found.each) {
    if (items.length >= limit) break;
    seen++;
    last = object.key;
    if (matches(object)) items.push(object);
  }
  const list = { resourceVersion: String(found.revision), items };
  const left = found.total - seen;
  if (left === 0 || last === undefined) return list;
  const next = encodeContinue({ fromKey: `${last}\0`, revision: found.revision }, prefix);
  // With a selector nobody knows how many of the rest match.
  return { ...list, continue: next, ...(matchesAll ? { remainingItemCount: left } : {}) };
}
