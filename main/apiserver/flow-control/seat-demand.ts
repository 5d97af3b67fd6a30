/** What became of a quantity over a period. */
export interface DemandSummary {
  readonly durationMs: number;
  readonly average: number;
  readonly deviation: number;
  readonly max: number;
}

/** Integrates how many seats a priority level could use, over time (upstream: fairqueuing/integrator.go). */
export class DemandIntegrator {
  #value = 0;
  #sinceMs: number;
  #elapsedMs = 0;
  #integral = 0;
  #integralOfSquares = 0;
  #max = 0;

  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
  }

  set(value: number, nowMs: number): void {
    this.#settle(nowMs);
    this.#value = value;
    if (value > this.#max) this.#max = value;
  }

  /** Sums up the period that ends now and begins the next one. */
  reset(nowMs: number): DemandSummary {
    this.#settle(nowMs);
    const durationMs = this.#elapsedMs;
    const average = durationMs > 0 ? this.#integral / durationMs : 0;
    const variance = durationMs > 0 ? this.#integralOfSquares / durationMs - average * average : 0;
    const summary = { durationMs, average, deviation: Math.sqrt(Math.max(0, variance)), max: this.#max };
    this.#elapsedMs = this.#integral = this.#integralOfSquares = 0;
    this.#max = this.#value;
    return summary;
  }

  #settle(nowMs: number): void {
    const elapsed = nowMs - this.#sinceMs;
    if (elapsed <= 0) return;
    this.#sinceMs = nowMs;
    this.#elapsedMs += elapsed;
    this.#integral += this.#value * elapsed;
    this.#integralOfSquares += this.#value * this.#value * elapsed;
  }
}

/** The share that yesterday's demand has in the smoothed one after each period of ten seconds: it halves in five minutes. */
const SMOOTHING = 0.977;

export interface DemandStatistics {
  readonly average: number;
  readonly deviation: number;
  readonly highWatermark: number;
  readonly smoothed: number;
}

export const NO_DEMAND: DemandStatistics = { average: 0, deviation: 0, highWatermark: 0, smoothed: 0 };

/** A rise of the demand counts at once, a fall slowly. */
export function nextDemand(previous: DemandStatistics, { durationMs, average, deviation, max }: DemandSummary): DemandStatistics {
  const highWatermark = Math.round(max);
  if (durationMs <= 0) return { ...previous, highWatermark };
  const envelope = average + deviation;
  return { average, deviation, highWatermark, smoothed: Math.max(envelope, SMOOTHING * previous.smoothed + (1 - SMOOTHING) * envelope) };
}
