/** What one line (or, of a histogram, one group of lines) of the exposition counts. Updating one costs an addition: callers keep theirs. */
export class Counter {
  value = 0;

  inc(by = 1): void {
    this.value += by;
  }
  reset(): void {
    this.value = 0;
  }
}

export class Gauge {
  value = 0;

  set(value: number): void {
    this.value = value;
  }
  add(by: number): void {
    this.value += by;
  }
  /** It tells what is, not what has been. */
  reset(): void {}
}

/** Observations in buckets that are named by their inclusive upper bounds. */
export class Histogram {
  /** By bucket, not summed up; the last is for what is above all bounds. */
  readonly counts: Float64Array;
  readonly #bounds: readonly number[];
  sum = 0;
  count = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number, weight = 1): void {
    const bounds = this.#bounds;
    let bucket = 0;
    // Most observations are small and bounds are few: faster than a binary search.
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++;
    this.counts[bucket] = (this.counts[bucket] as number) + weight;
    this.sum += value * weight;
    this.count += weight;
  }

  reset(): void {
    this.counts.fill(0);
    this.sum = 0;
    this.count = 0;
  }
}

/**
 * A histogram of a quantity over time, as if observed at the end of every nanosecond (upstream: component-base TimingHistogram): what counts
 * is how long it had which value. The quantity is a ratio to a denominator that can change.
 */
export class TimingHistogram {
  readonly histogram: Histogram;
  #numerator = 0;
  #denominator = 1;
  #sinceMs: number;

  constructor(bounds: readonly number[], nowMs: number) {
    this.histogram = new Histogram(bounds);
    this.#sinceMs = nowMs;
  }

  set(numerator: number, nowMs: number): void {
    this.settle(nowMs);
    this.#numerator = numerator;
  }
  setDenominator(denominator: number, nowMs: number): void {
    this.settle(nowMs);
    this.#denominator = denominator;
  }
  /** Accounts for the time until now: before reading. */
  settle(nowMs: number): void {
    const elapsedMs = nowMs - this.#sinceMs;
    if (elapsedMs <= 0) return;
    this.#sinceMs = nowMs;
    this.histogram.observe(this.#numerator / this.#denominator, Math.round(elapsedMs * 1e6));
  }
}
