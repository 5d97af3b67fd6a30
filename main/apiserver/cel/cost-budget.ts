/** Upstream's PerCallLimit: what one expression may spend (apiserver/pkg/apis/cel/config.go). */
export const PER_CALL_COST_LIMIT = 1_000_000;

export class CostLimitError extends Error {
  override readonly name = 'CostLimitError';
}

/**
 * What evaluations may spend together. Differs from upstream: rounds of comprehensions and the work of library functions are counted,
 * single operators are not (their number is bounded by the size of the expression).
 */
export class CostBudget {
  #left: number;

  constructor(limit: number) {
    this.#left = limit;
  }

  spend(cost: number): void {
    this.#left -= cost;
    if (this.#left < 0) throw new CostLimitError('operation cancelled: actual cost limit exceeded');
  }

  /** One round of a loop. */
  tick(): boolean {
    this.spend(1);
    return true;
  }
}
