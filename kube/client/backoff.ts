import type { Clock } from '../apimachinery/clock.ts';
import type { Random } from '../apimachinery/random.ts';

export interface BackoffOptions {
  readonly initialMs: number;
  readonly maxMs: number;
  readonly factor: number;
  /** A delay is stretched by up to this share: 1 means up to twice as long. */
  readonly jitter: number;
  /** After this long without a failure the delay starts over. */
  readonly resetMs: number;
}

/** What client-go's reflector waits between attempts. */
export const REFLECTOR_BACKOFF: BackoffOptions = { initialMs: 800, maxMs: 30_000, factor: 2, jitter: 1, resetMs: 120_000 };

/** Growing delays between attempts of one thing. */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  #nextMs: number;
  #lastMs = -Infinity;

  constructor(options: BackoffOptions, { clock, random }: { readonly clock: Clock; readonly random: Random }) {
    this.#options = options;
    this.#clock = clock;
    this.#random = random;
    this.#nextMs = options.initialMs;
  }

  /** The delay before the next attempt, after one that failed now. */
  nextDelayMs(): number {
    const { initialMs, maxMs, factor, jitter, resetMs } = this.#options;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#lastMs > resetMs) this.#nextMs = initialMs;
    this.#lastMs = nowMs;
    const delayMs = this.#nextMs;
    this.#nextMs = Math.min(maxMs, delayMs * factor);
    return delayMs * (1 + jitter * this.#random.next());
  }

  reset(): void {
    this.#nextMs = this.#options.initialMs;
  }
}
