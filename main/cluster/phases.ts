import type { Clock } from '../../kube/apimachinery/clock.ts';
import type { PhaseStatus } from '../bridge/contract.ts';

/** An error that already knows what a person can do about it. */
export class PhaseError extends Error {
  override readonly name = 'PhaseError';
  readonly fix: string;
  constructor(cause: string, fix: string, options?: ErrorOptions) {
    super(cause, options);
    this.fix = fix;
  }
}

export interface PhaseOptions {
  /** A phase that takes longer fails with a clear cause instead of hanging. */
  readonly limitMs: number;
  /** What to do when it fails and the error itself does not say. */
  readonly fix: string;
}

/** The named steps of starting, each with its time; every change is reported as the whole list. */
export class PhaseTracker {
  readonly #clock: Clock;
  readonly #changed: () => void;
  readonly #phases: PhaseStatus[] = [];

  constructor({ clock, changed }: { clock: Clock; changed: () => void }) {
    this.#clock = clock;
    this.#changed = changed;
  }

  get phases(): readonly PhaseStatus[] {
    return this.#phases;
  }

  /** Forgets all phases and announces the coming ones. */
  reset(names: readonly string[]): void {
    this.#phases.splice(0, Infinity, ...names.map((name): PhaseStatus => ({ name, state: 'Pending' })));
    this.#changed();
  }

  /** Runs one phase; rejects with what `work` threw, after recording cause and fix. */
  async run<T>(name: string, options: PhaseOptions & { readonly signal: AbortSignal }, work: (phase: { signal: AbortSignal; step: (text: string) => void }) => Promise<T>): Promise<T> {
    const started = this.#clock.monotonicMs();
    const phase = this.#find(name);
    Object.assign(phase, { state: 'Running', startedAt: new Date(this.#clock.now()).toISOString(), step: undefined, failure: undefined });
    this.#changed();
    const limit = new AbortController();
    using timer = this.#clock.setTimer(options.limitMs, () => limit.abort(new PhaseError(`it did not finish within ${Math.round(options.limitMs / 1000)} s${phase.step === undefined ? '' : ` (at: ${phase.step})`}`, options.fix)));
    const signal = AbortSignal.any([options.signal, limit.signal]);
    try {
      const result = await raceAbort(work({ signal, step: (text) => this.#step(phase, text) }), signal);
      Object.assign(phase, { state: 'Done', step: undefined });
      return result;
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      Object.assign(phase, { state: 'Failed', failure: { cause, fix: error instanceof PhaseError ? error.fix : options.fix } });
      throw error;
    } finally {
      void timer;
      phase.durationMs = Math.round(this.#clock.monotonicMs() - started);
      this.#changed();
    }
  }

  #find(name: string): PhaseStatus {
    const existing = this.#phases.find((phase) => phase.name === name);
    if (existing !== undefined) return existing;
    const created: PhaseStatus = { name, state: 'Pending' };
    this.#phases.push(created);
    return created;
  }

  #step(phase: PhaseStatus, text: string): void {
    phase.step = text;
    this.#changed();
  }
}

/** Rejects as soon as the signal aborts, even when the work does not listen; the work's own later rejection is swallowed. */
async function raceAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let listener: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    listener = () => reject(signal.reason);
    signal.addEventListener('abort', listener, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (listener !== undefined) signal.removeEventListener('abort', listener);
    work.catch(() => {});
  }
}
