import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from '../kube/apimachinery/clock.ts';
import type { Random } from '../kube/apimachinery/random.ts';

/** The node's own time; timers do not keep the process alive by themselves. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), MAX_TIMER_MS));
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
  sleep(delayMs, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const abort = (): void => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', abort);
        resolve();
      }, Math.min(Math.max(delayMs, 0), MAX_TIMER_MS));
      signal?.addEventListener('abort', abort, { once: true });
    });
  },
};

/** setTimeout fires at once beyond 31 bits. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemRandom: Random = {
  next: () => Math.random(),
  bytes: (size) => randomBytes(size),
  uuid: () => randomUUID(),
};
