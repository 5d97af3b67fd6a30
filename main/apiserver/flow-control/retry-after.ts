const MAX_RETRY_AFTER_SECONDS = 32;

interface History {
  retryAfter: number;
  changedAt: number;
  second: number;
  count: number;
  readonly past: { readonly second: number; readonly count: number }[];
}

/**
 * How long a refused client is told to wait (upstream: util/flowcontrol/dropped_requests_tracker.go): as TCP does with its window the other
 * way round, twice as long while many are refused, a second less whenever there were few.
 */
export class RetryAfter {
  readonly #levels = new Map<string, History>();

  /** Notes a refusal and returns the seconds to wait. */
  refused(level: string, nowMs: number): number {
    const second = Math.floor(nowMs / 1000);
    let history = this.#levels.get(level);
    if (!history) this.#levels.set(level, (history = { retryAfter: 1, changedAt: 0, second, count: 0, past: [] }));
    if (history.second !== second) advance(history, second);
    history.count++;
    return history.retryAfter;
  }

  forget(level: string): void {
    this.#levels.delete(level);
  }
}

function advance(history: History, second: number): void {
  history.past.push({ second: history.second, count: history.count });
  const keep = Math.min(2 * history.retryAfter, MAX_RETRY_AFTER_SECONDS);
  while (history.past.length > 0 && history.second - (history.past[0]?.second ?? 0) > keep) history.past.shift();
  history.second = second;
  history.count = 0;
  const { retryAfter } = history;
  const dropped = history.past.reduce((sum, entry) => (second - entry.second <= retryAfter ? sum + entry.count : sum), 0);
  if (second - history.changedAt >= retryAfter && dropped >= 3 * retryAfter) {
    history.retryAfter = Math.min(2 * retryAfter, MAX_RETRY_AFTER_SECONDS);
    history.changedAt = second;
  } else if (dropped < retryAfter && retryAfter > 1) history.retryAfter--;
}
