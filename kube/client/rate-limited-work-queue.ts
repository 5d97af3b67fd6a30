import type { Clock } from '../apimachinery/clock.ts';
import type { QueueMeter } from './work-queue-metrics.ts';
import type { WorkQueue } from './work-queue.ts';

export class WorkQueueDisposedError extends Error {
  /** What a waiter of a disposed queue is told, as any other abort. */
  override readonly name = 'AbortError';
}

/** Upstream's ItemExponentialFailureRateLimiter. */
const BASE_DELAY_MS = 5;
const MAX_DELAY_MS = 1_000_000;

interface Waiter<K> {
  readonly resolve: (key: K) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * A key is in exactly one of these states, or unknown to the queue:
 *
 *   waiting ──get──▶ processing ──done──▶ (gone)
 *                        │ add                ▲
 *                        ▼                    │ done puts it back to waiting
 *                  processing + dirty ────────┘
 */
export class RateLimitedWorkQueue<K> implements WorkQueue<K> {
  readonly #clock: Clock;
  readonly #meter: QueueMeter<K> | undefined;
  /** Iterates in insertion order, which makes it a queue without duplicates. */
  readonly #waiting = new Set<K>();
  readonly #processing = new Set<K>();
  readonly #dirty = new Set<K>();
  readonly #delayed = new Map<K, { readonly dueMs: number; readonly timer: Disposable }>();
  readonly #failures = new Map<K, number>();
  readonly #waiters = new Set<Waiter<K>>();
  #disposed = false;

  constructor({ clock, meter }: { readonly clock: Clock; readonly meter?: QueueMeter<K> }) {
    this.#clock = clock;
    this.#meter = meter;
  }

  get length(): number {
    return this.#waiting.size;
  }

  add(key: K): void {
    if (this.#disposed) return;
    if (this.#waiting.has(key) || this.#dirty.has(key)) return;
    this.#meter?.added(key);
    if (this.#processing.has(key)) {
      this.#dirty.add(key);
      return;
    }
    this.#waiting.add(key);
    this.#hand();
  }

  /** A key that waits already keeps the earlier of its two times. */
  addAfter(key: K, delayMs: number): void {
    if (this.#disposed) return;
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const dueMs = this.#clock.monotonicMs() + delayMs;
    const known = this.#delayed.get(key);
    if (known !== undefined) {
      if (known.dueMs <= dueMs) return;
      known.timer[Symbol.dispose]();
    }
    const timer = this.#clock.setTimer(delayMs, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { dueMs, timer });
  }

  addRateLimited(key: K): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.#meter?.retried();
    this.addAfter(key, Math.min(MAX_DELAY_MS, BASE_DELAY_MS * 2 ** failures));
  }

  forget(key: K): void {
    this.#failures.delete(key);
  }

  numRequeues(key: K): number {
    return this.#failures.get(key) ?? 0;
  }

  async get(signal: AbortSignal): Promise<K> {
    signal.throwIfAborted();
    if (this.#disposed) throw new WorkQueueDisposedError('The work queue is disposed');
    const [first] = this.#waiting;
    if (this.#waiting.size > 0 && this.#waiters.size === 0) return this.#take(first as K);
    return this.#wait(signal);
  }

  done(key: K): void {
    this.#processing.delete(key);
    this.#meter?.done(key);
    if (!this.#dirty.delete(key) || this.#disposed) return;
    this.#waiting.add(key);
    this.#hand();
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const { timer } of this.#delayed.values()) timer[Symbol.dispose]();
    this.#delayed.clear();
    this.#waiting.clear();
    this.#dirty.clear();
    for (const waiter of this.#waiters) waiter.reject(new WorkQueueDisposedError('The work queue is disposed'));
    this.#waiters.clear();
  }

  #wait(signal: AbortSignal): Promise<K> {
    return new Promise<K>((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiters.delete(waiter);
        reject(signal.reason);
      };
      const waiter: Waiter<K> = {
        resolve: (key) => {
          signal.removeEventListener('abort', onAbort);
          resolve(key);
        },
        reject: (reason) => {
          signal.removeEventListener('abort', onAbort);
          reject(reason);
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiters.add(waiter);
    });
  }

  #hand(): void {
    while (this.#waiting.size > 0 && this.#waiters.size > 0) {
      const [waiter] = this.#waiters;
      const [key] = this.#waiting;
      if (waiter === undefined) return;
      this.#waiters.delete(waiter);
      waiter.resolve(this.#take(key as K));
    }
  }

  #take(key: K): K {
    this.#waiting.delete(key);
    this.#processing.add(key);
    this.#meter?.taken(key);
    return key;
  }
}
