import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { newResourceExpired } from '../../../kube/apimachinery/status-errors.ts';
import type { CachedObject } from './cached-object.ts';
import { CacheWatcher, type WatchScope } from './cache-watcher.ts';
import type { ObjectKeys } from './object-keys.ts';
import type { ObjectWatch, WatchQuery } from './object-storage.ts';
import { parsePlainResourceVersion } from './resource-version.ts';
import { SelectionMatcher } from './selection-matcher.ts';
import type { WatchCache } from './watch-cache.ts';

/** How often a quiet watch gets a bookmark (upstream: bookmarkFrequency). */
const bookmarkIntervalMs = 60_000;
/** How long before its end a watch gets a last one. */
const lastBookmarkMs = 2000;

export interface WatchContext<T extends KubernetesObject> {
  readonly clock: Clock;
  readonly keys: ObjectKeys;
  readonly cache: WatchCache<T>;
  readonly indexedField: string | undefined;
}

export async function watchObjects<T extends KubernetesObject>(context: WatchContext<T>, query: WatchQuery): Promise<ObjectWatch<T>> {
  const { cache } = context;
  const revision = parsePlainResourceVersion(query.resourceVersion);
  const unsetOrZero = revision === undefined || revision === 0;
  const wantsState = query.sendInitialEvents ?? unsetOrZero;
  if (revision === undefined) await cache.waitUntilFresh(query.signal);
  else await cache.waitFor(wantsState ? revision : 0, query.signal);
  query.signal.throwIfAborted();
  if (!wantsState && !unsetOrZero && revision < cache.oldestRevision) {
    throw newResourceExpired(`too old resource version: ${revision} (${cache.oldestRevision})`);
  }
  // From here on nothing waits, so no change can slip between the state and the watch.
  const matcher = new SelectionMatcher<T>(query);
  const scope = scopeOf(context, query, matcher);
  const ending = new AbortController();
  const watcher: CacheWatcher<T> = new CacheWatcher({
    scope,
    matcher,
    afterRevision: wantsState || unsetOrZero ? cache.revision : revision,
    initial: wantsState ? stateOf(cache, scope, { matcher, prefix: context.keys.prefixOf(query.namespace) }) : [],
    initialEventsEnd: query.sendInitialEvents === true && query.allowWatchBookmarks === true ? String(cache.revision) : undefined,
    ...(query.batchByTurn === true ? { wake: (consumer: () => void) => cache.endOfTurn.call(consumer) } : {}),
    signal: query.signal,
    ...(query.onInitialized ? { onInitialized: query.onInitialized } : {}),
    onEnd: () => {
      cache.watchers.delete(watcher);
      ending.abort();
      query.onEnd?.();
    },
  });
  if (!wantsState && !unsetOrZero) replay(cache, watcher, revision);
  cache.addWatcher(watcher);
  scheduleBookmarks(context, watcher, { query, signal: ending.signal });
  return watcher.stream();
}

function scopeOf<T extends KubernetesObject>({ keys, indexedField }: WatchContext<T>, query: WatchQuery, matcher: SelectionMatcher<T>): WatchScope {
  if (query.name !== undefined) return { type: 'key', key: keys.keyOf({ name: query.name, namespace: query.namespace }) };
  const prefix = keys.prefixOf(query.namespace);
  const value = indexedField === undefined ? undefined : matcher.exactField(indexedField);
  if (value !== undefined) return { type: 'field', value, prefix };
  return prefix === keys.prefix ? { type: 'all' } : { type: 'namespace', prefix };
}

function stateOf<T extends KubernetesObject>(
  cache: WatchCache<T>,
  scope: WatchScope,
  { matcher, prefix }: { readonly matcher: SelectionMatcher<T>; readonly prefix: string },
): CachedObject<T>[] {
  const one = scope.type === 'key' ? cache.peek(scope.key) : undefined;
  const objects = scope.type === 'key' ? (one === undefined ? [] : [one]) : cache.underPrefix(prefix);
  return matcher.matchesAll ? objects : objects.filter((object) => matcher.matches(object));
}

function replay<T extends KubernetesObject>(cache: WatchCache<T>, watcher: CacheWatcher<T>, revision: number): void {
  const { scope } = watcher;
  for (const change of cache.changesAfter(revision)) {
    const concerned = scope.type === 'all' || (scope.type === 'key' ? change.key === scope.key : change.key.startsWith(scope.prefix));
    if (concerned) watcher.offer(change);
  }
}

/** Bookmarks for a watch that asked for them, and its end when its time is over. */
function scheduleBookmarks<T extends KubernetesObject>(
  { cache, clock }: WatchContext<T>,
  watcher: CacheWatcher<T>,
  { query, signal }: { readonly query: WatchQuery; readonly signal: AbortSignal },
): void {
  const endsAtMs = query.timeoutMs === undefined ? Infinity : clock.monotonicMs() + query.timeoutMs;
  let timer: Disposable | undefined;
  signal.addEventListener('abort', () => timer?.[Symbol.dispose](), { once: true });
  const bookmark = async (): Promise<void> => {
    await cache.waitUntilFresh(signal);
    if (!signal.aborted) watcher.push({ type: 'BOOKMARK', resourceVersion: cache.revision.toString(), initialEventsEnd: false });
  };
  const schedule = (): void => {
    const leftMs = endsAtMs - clock.monotonicMs();
    if (signal.aborted) return;
    if (leftMs <= 0) {
      watcher.end();
      return;
    }
    if (query.allowWatchBookmarks !== true) {
      timer = leftMs === Infinity ? undefined : clock.setTimer(Math.min(leftMs, 2 ** 31 - 1), schedule);
      return;
    }
    const beforeEndMs = leftMs - lastBookmarkMs;
    const toBookmarkMs = beforeEndMs > 0 ? Math.min(beforeEndMs, bookmarkIntervalMs) : Infinity;
    timer = clock.setTimer(Math.min(toBookmarkMs, leftMs), () => {
      // A bookmark that cannot be had in time is left out: it promises nothing by its absence.
      if (toBookmarkMs < leftMs) bookmark().catch(() => undefined);
      schedule();
    });
  };
  schedule();
}
