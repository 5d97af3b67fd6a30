import type { Clock } from '../../kube/apimachinery/clock.ts';
import type { Watcher } from './mvcc/watcher.ts';
import type { WatchBatch } from './store.ts';

export interface WatchStreamOptions {
  readonly watcher: Watcher;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly progressIntervalMs?: number;
  /** Called once, however the stream ends. */
  readonly onEnd: () => void;
}

/** A watcher as an AsyncIterable. It ends with the signal even if nobody ever iterates. */
export function watchStream(options: WatchStreamOptions): AsyncIterable<WatchBatch> {
  const { signal, watcher, onEnd } = options;
  let wake: (() => void) | undefined;
  const onAbort = (): void => {
    onEnd();
    wake?.();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();

  async function* deliver(): AsyncGenerator<WatchBatch> {
    try {
      for (;;) {
        signal.throwIfAborted();
        const batch = watcher.take();
        if (batch !== undefined) {
          yield batch;
          continue;
        }
        using _timer = progressTimer(options);
        await new Promise<void>((resolve) => {
          wake = resolve;
          watcher.onWake(resolve);
        });
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      watcher.onWake(undefined);
      onEnd();
    }
  }
  return deliver();
}

function progressTimer({ clock, progressIntervalMs, watcher }: WatchStreamOptions): Disposable | undefined {
  if (progressIntervalMs === undefined) return undefined;
  return clock.setTimer(progressIntervalMs, () => watcher.requestProgress());
}
