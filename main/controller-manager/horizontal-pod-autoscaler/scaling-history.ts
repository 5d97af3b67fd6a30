/** What was recommended, or by how much the count was changed, and when. */
export interface Sample {
  readonly value: number;
  readonly atMs: number;
}

/** One autoscaler's memory, oldest first. It is lost with the process, as upstream's. */
export interface ScalingHistory {
  readonly recommendations: readonly Sample[];
  readonly scaledUp: readonly Sample[];
  readonly scaledDown: readonly Sample[];
}

/** No stabilization window and no policy period may be longer (validation of autoscaling/v2). */
const LONGEST_WINDOW_MS = 3_600_000;

/** The memory of all autoscalers, by `namespace/name`. */
export class ScalingHistories {
  readonly #histories = new Map<string, ScalingHistory>();

  /** A new autoscaler's first recommendation is the count it found, so that a restart scales nothing down at once. */
  of(key: string, found: { readonly replicas: number; readonly nowMs: number }): ScalingHistory {
    const known = this.#histories.get(key);
    if (known !== undefined) return known;
    const history = { recommendations: [{ value: found.replicas, atMs: found.nowMs }], scaledUp: [], scaledDown: [] };
    this.#histories.set(key, history);
    return history;
  }

  add(key: string, list: keyof ScalingHistory, sample: Sample): void {
    const history = this.#histories.get(key);
    if (history === undefined) return;
    const kept = history[list].filter(({ atMs }) => atMs >= sample.atMs - LONGEST_WINDOW_MS);
    this.#histories.set(key, { ...history, [list]: [...kept, sample] });
  }

  forget(key: string): void {
    this.#histories.delete(key);
  }
}
