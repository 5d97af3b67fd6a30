import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Clock } from '../../kube/apimachinery/clock.ts';

/** How often the load is looked at. */
const CHECK_MS = 2_000;
/** Below this share of a core the process is idle. */
const IDLE_SHARE = 0.05;
/** This much work since the last time leaves garbage worth collecting. */
const WORTHWHILE_MS = 500;

export interface IdleMemoryOptions {
  readonly clock: Clock;
  /** Milliseconds of work of this process since any fixed time. */
  readonly busyMs: () => number;
  /** Gives memory back to the operating system; takes tens of milliseconds, in which nothing else runs. */
  readonly release: () => void;
}

/**
 * Gives memory back when work has ended. V8 keeps what a burst has grown for as long as nothing is allocated, since only allocation makes it
 * collect: after 10,000 objects were created, a hundred megabytes. On a desktop other programs want them.
 *
 *     busy ████▇▂▁▁▁▁▁▁▁▁▁▁▁▂▇██▂▁▁▁▁
 *                   ▲ release        ▲ release      (a quiet interval after at least WORTHWHILE_MS of work)
 */
export class IdleMemory implements Disposable {
  readonly #options: IdleMemoryOptions;
  #timer: Disposable;
  #lastMs: number;
  #releasedMs: number;

  constructor(options: IdleMemoryOptions) {
    this.#options = options;
    this.#lastMs = options.busyMs();
    this.#releasedMs = 0;
    this.#timer = this.#schedule();
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }

  #schedule(): Disposable {
    return this.#options.clock.setTimer(CHECK_MS, () => this.#check());
  }

  #check(): void {
    const { busyMs, release } = this.#options;
    const nowMs = busyMs();
    if (nowMs - this.#lastMs < CHECK_MS * IDLE_SHARE && nowMs - this.#releasedMs >= WORTHWHILE_MS) {
      release();
      this.#releasedMs = busyMs();
    }
    this.#lastMs = busyMs();
    this.#timer = this.#schedule();
  }
}

/** The time in which the event loop has not waited. */
export function eventLoopBusyMs(): number {
  return performance.eventLoopUtilization().active;
}

/** Collects all garbage there is, and shrinks the heap. V8 has no API for it but the `gc` of --expose-gc, which may be asked for late. */
export function fullCollection(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;
  return () => collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
