/** Seats that one level may begin to use in one turn of the event loop. Some milliseconds of work at most, mostly less than one. */
const SEATS_PER_TURN = 16;

/**
 * Spreads a level's requests over turns of the event loop. All of this server runs on one thread: without it, whatever a flood has sent is
 * worked off in the very turn that reads it, before anybody else's sockets are looked at, and no request ever holds its seat for long
 * enough that another has to wait. With it a level's share of each turn is bounded, seats are held between turns, and the queues decide
 * who comes next. Differs from upstream, whose kernel and runtime share out the processors.
 */
export class TurnGate {
  readonly #nextTurn: (callback: () => void) => void;
  readonly #waiting: { readonly seats: number; readonly pass: () => void }[] = [];
  #used = 0;
  #scheduled = false;

  /** `nextTurn` calls back in the next turn, after input has been read: setImmediate. */
  constructor(nextTurn: (callback: () => void) => void) {
    this.#nextTurn = nextTurn;
  }

  /** Undefined: go on at once. */
  enter(seats: number): Promise<void> | undefined {
    if (this.#waiting.length === 0 && this.#used < SEATS_PER_TURN) {
      this.#used += seats;
      this.#schedule();
      return undefined;
    }
    return new Promise((pass) => this.#waiting.push({ seats, pass }));
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#nextTurn(() => this.#turn());
  }

  #turn(): void {
    this.#scheduled = false;
    this.#used = 0;
    while (this.#used < SEATS_PER_TURN) {
      const next = this.#waiting.shift();
      if (!next) break;
      this.#used += next.seats;
      next.pass();
    }
    if (this.#used > 0) this.#schedule();
  }
}
