/** The highest of a changing number in the last whole second, kept without a timer (upstream: server/filters/maxinflight.go watermarks). */
class Watermark {
  #value = 0;
  #second = 0;
  #highest = 0;
  #previous = 0;

  add(by: number, nowMs: number): void {
    this.#advance(nowMs);
    this.#value += by;
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
  readonly executing = { readOnly: new Watermark(), mutating: new Watermark() };
  readonly waiting = { readOnly: new Watermark(), mutating: new Watermark() };
}

const READ_ONLY_VERBS = new Set(['get', 'list', 'watch']);

export function requestKind(verb: string): 'readOnly' | 'mutating' {
  return READ_ONLY_VERBS.has(verb) ? 'readOnly' : 'mutating';
}
