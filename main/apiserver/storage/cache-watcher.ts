import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { CachedObject } from './cached-object.ts';
import { type Change, InitialEvent } from './change.ts';
import { bareJsonHead } from './json-head.ts';
import type { ObjectEvent, ObjectWatch } from './object-storage.ts';
import { SelectionMatcher } from './selection-matcher.ts';

/** Events that wait for a slow consumer before its watch is ended. They are shared, so this bounds pointers, not objects. */
const maxQueuedEvents = 8192;
/** Objects of one batch, of the initial state or of what is queued, */
const maxBatchEvents = 500;
/** and the bytes after which it ends: a consumer that writes a batch at once needs memory for it, and a thousand may stall with theirs. */
const maxBatchBytes = 64 * 1024;

/** Which changes concern a watcher at all, before its selectors are looked at. */
export type WatchScope =
  | { readonly type: 'all' }
  | { readonly type: 'namespace'; readonly prefix: string }
  | { readonly type: 'key'; readonly key: string }
  | { readonly type: 'field'; readonly value: string; readonly prefix: string };

export interface CacheWatcherOptions<T extends KubernetesObject> {
  readonly scope: WatchScope;
  readonly matcher: SelectionMatcher<T>;
  /** Changes up to this revision have been seen. */
  readonly afterRevision: number;
  /** What already is, for a watch that begins with the state. */
  readonly initial?: readonly CachedObject<T>[];
  /** The revision of the bookmark after the initial state. */
  readonly initialEventsEnd?: string;
  /** Wakes the consumer, now or soon: what comes in between is in the same batch. */
  readonly wake?: (consumer: () => void) => void;
  readonly signal: AbortSignal;
  readonly onInitialized?: () => void;
  readonly onEnd: () => void;
}

/**
 * One watch of the cache: first the initial state, then what is queued. The queue is bounded; when it overflows, what is in it is still
 * delivered and the stream ends.
 */
export class CacheWatcher<T extends KubernetesObject> {
  readonly scope: WatchScope;
  readonly #options: CacheWatcherOptions<T>;
  #queue: ObjectEvent<T>[] = [];
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(options: CacheWatcherOptions<T>) {
    this.scope = options.scope;
    this.#options = options;
    options.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** The change is within the scope. */
  offer(change: Change<T>): void {
    if (change.revision <= this.#options.afterRevision) return;
    const event = change.eventFor(this.#options.matcher);
    if (event !== undefined) this.push(event);
  }

  push(event: ObjectEvent<T>): void {
    if (this.#ended) return;
    if (this.#queue.length >= maxQueuedEvents) {
      this.end();
      return;
    }
    this.#queue.push(event);
    this.#wakeUp();
  }

  /** The stream ends normally once what is queued has been delivered. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    this.#options.onEnd();
    this.#wakeUp();
  }

  stream(): ObjectWatch<T> {
    return this.#deliver();
  }

  async *#deliver(): AsyncGenerator<readonly ObjectEvent<T>[]> {
    const { signal } = this.#options;
    try {
      for (const batch of this.#initialBatches()) {
        signal.throwIfAborted();
        yield batch;
      }
      this.#options.onInitialized?.();
      for (;;) {
        signal.throwIfAborted();
        if (this.#queue.length > 0) {
          yield this.#nextBatch();
        } else if (this.#ended) {
          return;
        } else {
          await new Promise<void>((resolve) => (this.#wake = resolve));
        }
      }
    } finally {
      this.#queue = [];
      this.end();
    }
  }

  /** A reader that has fallen behind gets what is queued in several batches. */
  #nextBatch(): readonly ObjectEvent<T>[] {
    const count = batchLength(this.#queue, (event) => (event.type === 'BOOKMARK' ? 0 : event.stored.jsonSize(bareJsonHead)));
    if (count < this.#queue.length) return this.#queue.splice(0, count);
    const batch = this.#queue;
    this.#queue = [];
    return batch;
  }

  *#initialBatches(): Generator<readonly ObjectEvent<T>[]> {
    const { initial = [], initialEventsEnd } = this.#options;
    for (let i = 0; i < initial.length; ) {
      const next = initial.slice(i, i + maxBatchEvents);
      const count = batchLength(next, (object) => object.jsonSize(bareJsonHead));
      yield next.slice(0, count).map((object) => new InitialEvent(object));
      i += count;
    }
    if (initialEventsEnd !== undefined) yield [{ type: 'BOOKMARK', resourceVersion: initialEventsEnd, initialEventsEnd: true }];
  }

  readonly #onAbort = (): void => this.end();

  #wakeUp(): void {
    const consumer = this.#wake;
    this.#wake = undefined;
    if (consumer === undefined) return;
    if (this.#options.wake === undefined) consumer();
    else this.#options.wake(consumer);
  }
}

/** How many of the items, at least one, go into the next batch. */
function batchLength<I>(items: readonly I[], sizeOf: (item: I) => number): number {
  let size = 0;
  let count = 0;
  for (; count < items.length && count < maxBatchEvents && size < maxBatchBytes; count++) size += sizeOf(items[count] as I);
  return count;
}
