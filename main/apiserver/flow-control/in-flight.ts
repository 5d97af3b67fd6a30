import { TimingHistogram } from '../../../kube/apimachinery/metrics/metric-values.ts';

export const IN_FLIGHT_BOUNDS = [0, 0.001, 0.01, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1];

/** The highest of a changing number in the last whole second, kept without a timer (upstream: server/filters/maxinflight.go watermarks). */
class Watermark {
  #value = 0;
  #second = 0;
  #highest = 0;
  #previous = 0;
  /** What part of the limit it was, over time. */
  readonly overTime: TimingHistogram;

  constructor({ limit, nowMs }: { readonly limit: number; readonly nowMs: number }) {
    this.overTime = new TimingHistogram(IN_FLIGHT_BOUNDS, nowMs);
    this.overTime.setDenominator(limit, nowMs);
  }

  add(by: number, nowMs: number): void {
    this.#advance(nowMs);
    this.#value += by;
    this.overTime.set(this.#value, nowMs);
    if (this.#value > this.#highest) this.#highest = this.#value;
  }

  read(nowMs: number): number {
    this.#advance(nowMs);
    return Math.max(this.#previous, this.#value);
  }

  #advance(nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    if (second === this.#second) return;
    this.#previous = second === this.#second + 1 ? this.#highest : this.#value;
    this.#highest = this.#value;
    this.#second = second;
  }
}

/** Requests that run and that wait, those that change something and those that do not. */
export class InFlight {
  readonly executing: Readonly<Record<RequestKind, Watermark>>;
  readonly waiting: Readonly<Record<RequestKind, Watermark>>;

  /** `limit`: of requests that run at once. */
  constructor(options: { readonly limit: number; readonly nowMs: number }) {
    this.executing = { readOnly: new Watermark(options), mutating: new Watermark(options) };
    this.waiting = { readOnly: new Watermark(options), mutating: new Watermark(options) };
  }

  /** Requests that all queues together hold. */
  setWaitingCapacity(capacity: number, nowMs: number): void {
    for (const { overTime } of Object.values(this.waiting)) overTime.setDenominator(capacity, nowMs);
  }
}

export type RequestKind = 'readOnly' | 'mutating';

const READ_ONLY_VERBS = new Set(['get', 'list', 'watch']);

export function requestKind(verb: string): RequestKind {
  return READ_ONLY_VERBS.has(verb) ? 'readOnly' : 'mutating';
}
