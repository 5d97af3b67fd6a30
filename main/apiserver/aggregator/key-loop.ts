import type { Clock } from '../../../kube/apimachinery/clock.ts';
import { RateLimitedWorkQueue } from '../../../kube/client/rate-limited-work-queue.ts';

export interface KeyLoopOptions {
  readonly clock: Clock;
  readonly workers: number;
  /** After a failure: `baseMs`, then twice as long each time, up to `maxMs`. */
  readonly backoff: { readonly baseMs: number; readonly maxMs: number };
  /** Brings the world of one key up to date; resolves with when to do so again without being asked. */
  readonly reconcile: (key: string, signal: AbortSignal) => Promise<{ readonly againAfterMs?: number } | undefined>;
  readonly reportError?: (error: unknown, key: string) => void;
}

/** A key in work is not worked on by a second worker; added meanwhile, it is worked on once more. */
export class KeyLoop implements AsyncDisposable {
  readonly #options: KeyLoopOptions;
  readonly #queue: RateLimitedWorkQueue<string>;
  readonly #failures = new Map<string, number>();
  readonly #stop = new AbortController();
  readonly #workers: readonly Promise<void>[];

  constructor(options: KeyLoopOptions) {
    this.#options = options;
    this.#queue = new RateLimitedWorkQueue({ clock: options.clock });
    this.#workers = Array.from({ length: options.workers }, () => this.#work());
  }

  add(key: string): void {
    this.#queue.add(key);
  }

  addAfter(key: string, delayMs: number): void {
    this.#queue.addAfter(key, delayMs);
  }

  async #work(): Promise<void> {
    const { signal } = this.#stop;
    for (;;) {
      let key: string;
      try {
        key = await this.#queue.get(signal);
      } catch {
        return;
      }
      await this.#reconcile(key);
      this.#queue.done(key);
    }
  }

  async #reconcile(key: string): Promise<void> {
    const { reconcile, backoff, reportError } = this.#options;
    try {
      const next = await reconcile(key, this.#stop.signal);
      this.#failures.delete(key);
      if (next?.againAfterMs !== undefined) this.#queue.addAfter(key, next.againAfterMs);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      const failures = this.#failures.get(key) ?? 0;
      this.#failures.set(key, failures + 1);
      this.#queue.addAfter(key, Math.min(backoff.maxMs, backoff.baseMs * 2 ** failures));
      reportError?.(error, key);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the API server is shutting down'));
    this.#queue[Symbol.dispose]();
    await Promise.all(this.#workers);
  }
}
