/** Delays that double from an initial value to a maximum, per key; forgotten after twice the maximum without a failure (upstream: client-go flowcontrol.Backoff). */
export class BackOff {
  readonly #initialMs: number;
  readonly #maxMs: number;
  readonly #entries = new Map<string, { delayMs: number; lastUpdateMs: number }>();

  constructor(options: { readonly initialMs: number; readonly maxMs: number }) {
    this.#initialMs = options.initialMs;
    this.#maxMs = options.maxMs;
  }

  /** How long after `sinceMs` the next try must wait; 0 when none is due. */
  remainingMs(key: string, options: { readonly sinceMs: number; readonly nowMs: number }): number {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#expired(entry, options.sinceMs)) return 0;
    return Math.max(0, options.sinceMs + entry.delayMs - options.nowMs);
  }

  delayMs(key: string): number {
    return this.#entries.get(key)?.delayMs ?? 0;
  }

  /** A try is made now; the one after it waits twice as long. */
  next(key: string, nowMs: number): void {
    const entry = this.#entries.get(key);
    const fresh = entry === undefined || this.#expired(entry, nowMs);
    this.#entries.set(key, { delayMs: fresh ? this.#initialMs : Math.min(entry.delayMs * 2, this.#maxMs), lastUpdateMs: nowMs });
  }

  forget(prefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key);
  }

  #expired(entry: { readonly lastUpdateMs: number }, nowMs: number): boolean {
    return nowMs - entry.lastUpdateMs > 2 * this.#maxMs;
  }
}
