import type { Informer } from '../../kube/client/informer.ts';

/**
 * A level-driven control loop: it is told keys, never events, and compares desired with observed state each time.
 * The runner (`controller-runner.ts`) waits for every watched informer, hands keys to `workers` concurrent reconciles (one key never to two),
 * catches what reconcile throws, logs it once and requeues with back-off.
 */
export interface Controller extends Partial<AsyncDisposable> {
  readonly name: string;
  readonly workers: number;
  readonly watches: readonly ControllerWatch[];
  reconcile(key: string, signal: AbortSignal): Promise<{ readonly requeueAfterMs?: number } | void>;
}

export interface ControllerWatch<T = unknown> {
  readonly informer: Informer<T>;
  /** Waits this long for more changes of the same key, so that a crowd of pods becomes one reconcile; absent: at once. */
  readonly delayMs?: number | ((key: string) => number);
  /** Which keys an added, changed or deleted object concerns; `previous` on an update. */
  keysFor(object: T, previous?: T): readonly string[];
}
