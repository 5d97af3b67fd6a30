/** Time as a value that can be handed in: a whole cluster can run on a virtual clock. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds of a clock that never goes backwards. */
  monotonicMs(): number;
  /** Calls back once after delayMs; disposing cancels. Never calls back synchronously. */
  setTimer(delayMs: number, callback: () => void): Disposable;
  /** Resolves after delayMs; rejects with signal.reason when aborted. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}
