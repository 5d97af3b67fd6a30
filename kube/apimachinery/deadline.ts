import type { Clock } from './clock.ts';

export interface Deadline extends Disposable {
  /** Aborts with Go's words `context deadline exceeded`, or with the outer signal's reason. */
  readonly signal: AbortSignal;
}

/** A call's time limit, within that of whoever waits for it; dispose it when the call is over. */
export function deadlineIn(timeoutMs: number, { clock, outer, message = 'context deadline exceeded' }: { readonly clock: Clock; readonly outer?: AbortSignal | undefined; readonly message?: string }): Deadline {
  const own = new AbortController();
  const timer = clock.setTimer(timeoutMs, () => own.abort(new Error(message)));
  return { signal: outer ? AbortSignal.any([outer, own.signal]) : own.signal, [Symbol.dispose]: () => timer[Symbol.dispose]() };
}
