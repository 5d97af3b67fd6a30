import { CelEnvironment, celLibrary } from '../../cel/cel-environment.ts';
import { celOfJson, jsonOfCel } from '../../cel/json-values.ts';
import { DYN } from '../../cel/types.ts';

/** A CEL expression over one JSON value: `claims` of a token, or the `user` that came of them. */
export interface JsonExpression {
  readonly source: string;
  /** JSON out; throws when the evaluation fails. */
  evaluate(value: unknown): Promise<unknown>;
}

/** Throws with the compiler's words. */
export function compileJsonExpression(variable: 'claims' | 'user', source: string): JsonExpression {
  const { program, problem } = new CelEnvironment({ library: celLibrary(), variables: { [variable]: DYN } }).compile(source);
  if (!program) throw new Error(problem);
  return {
    source,
    async evaluate(value) {
      const outcome = program.evaluateNow({ [variable]: celOfJson(value) });
      if (outcome.error !== undefined) throw new Error(outcome.error);
      return jsonOfCel(outcome.value);
    },
  };
}
