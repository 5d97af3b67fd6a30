/**
 * Calls back once all that this turn of the event loop brought has been handled. One commit of the store makes many changes visible, one
 * after the other; a watch over a socket that waits for the last of them sends one piece instead of many. It costs no time: the turn ends
 * when there is nothing left to do.
 */
export class EndOfTurn {
  #callbacks: (() => void)[] = [];

  call(callback: () => void): void {
    if (this.#callbacks.push(callback) === 1) setImmediate(this.#run);
  }

  readonly #run = (): void => {
    const callbacks = this.#callbacks;
    this.#callbacks = [];
    for (const callback of callbacks) callback();
  };
}
