import { CelEvaluationError } from '../../cel/runtime/evaluation-error.ts';

/** Upstream's RuntimeCELCostBudget: what all expressions of one policy may spend together (apiserver/pkg/apis/cel/config.go). */
export const POLICY_COST_LIMIT = 10_000_000;

/** What several evaluations may spend together. */
export class CostBudget {
  #left: number;

  constructor(limit: number) {
    this.#left = limit;
  }

  get isSpent(): boolean {
    return this.#left < 0;
  }

  spend(cost: number): void {
    this.#left -= cost;
    if (this.isSpent) throw new CelEvaluationError('validation failed due to running out of cost budget, no further validation rules will be run');
  }
}
