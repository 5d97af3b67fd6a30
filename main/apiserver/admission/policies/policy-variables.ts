import type { Bindings } from '../../cel/runtime/evaluate.ts';
import { CelEvaluationError, Suspension } from '../../cel/runtime/evaluation-error.ts';
import { CelMap } from '../../cel/runtime/values.ts';
import { type CelType, DYN, listType, mapType } from '../../cel/types.ts';
import type { NamedExpression } from './admission-expressions.ts';
import type { CostBudget } from './cost-budget.ts';

const PLAIN = new Set<CelType['kind']>(['bool', 'bytes', 'double', 'duration', 'int', 'null', 'string', 'timestamp', 'uint']);

/** What other expressions know of a variable's type: lists and maps of plain values; anything else is dyn (upstream: composition.go). */
export function declaredVariableType(type: CelType | undefined): CelType {
  if (!type) return DYN;
  const [first = DYN, second = DYN] = type.parameters;
  if (type.kind === 'list') return listType(declaredVariableType(first));
  if (type.kind === 'map') return mapType(declaredVariableType(first), declaredVariableType(second));
  return PLAIN.has(type.kind) ? type : DYN;
}

/** `variables` of one evaluation. */
export class VariableMap extends CelMap {
  readonly #variables: ReadonlyMap<string, NamedExpression>;
  readonly #budget: CostBudget;
  readonly #values = new Map<string, unknown>();
  #bindings: Bindings = {};

  constructor(variables: readonly NamedExpression[], budget: CostBudget) {
    super();
    this.#variables = new Map(variables.map((variable) => [variable.name, variable]));
    this.#budget = budget;
  }

  /** What the variables' own expressions see, this map included. */
  bind(bindings: Bindings): void {
    this.#bindings = bindings;
  }

  get size(): number {
    return this.#variables.size;
  }

  keys(): readonly string[] {
    return [...this.#variables.keys()];
  }

  get(key: unknown): unknown {
    const variable = this.#variables.get(key as string);
    if (!variable) return undefined;
    if (!this.#values.has(variable.name)) this.#values.set(variable.name, this.#evaluate(variable));
    return this.#values.get(variable.name);
  }

  #evaluate({ name, expression: { program, problem } }: NamedExpression): unknown {
    if (!program) throw new CelEvaluationError(`composited variable ${JSON.stringify(name)} fails to compile: ${problem}`);
    const outcome = program.evaluate(this.#bindings);
    if (outcome instanceof Promise) throw new Suspension(outcome);
    this.#budget.spend(outcome.cost);
    if (outcome.error !== undefined) throw new CelEvaluationError(`composited variable ${JSON.stringify(name)} fails to evaluate: ${outcome.error}`);
    return outcome.value;
  }
}
