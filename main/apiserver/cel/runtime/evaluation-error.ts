/** Evaluation failed: about the expression and its data, in cel-go's words. && and || may still come to an answer. */
export class CelEvaluationError extends Error {
  override readonly name = 'CelEvaluationError';
}

/** The budget is spent; nothing in an expression recovers from that. */
export class CostLimitError extends Error {
  override readonly name = 'CostLimitError';
}

/** The answer must be waited for: evaluation begins anew when it is there. */
export class Suspension extends Error {
  override readonly name = 'Suspension';
  readonly promise: Promise<unknown>;

  constructor(promise: Promise<unknown>) {
    super('suspended');
    this.promise = promise;
  }
}

export function noSuchOverload(): CelEvaluationError {
  return new CelEvaluationError('no such overload');
}
