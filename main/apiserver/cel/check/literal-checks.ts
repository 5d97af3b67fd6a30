import { RE2JS } from 're2js';
import { CLAUSES, readPattern } from '../library/format-text.ts';
import { durationOf, parseTimestamp } from '../library/time.ts';
import type { CallExpression, Expression } from '../syntax/expression.ts';
import { partsOf, visitExpressions } from '../syntax/expression.ts';
import type { Problem } from '../syntax/problems.ts';
import { formatType, isExactType, unwrapOptional } from '../types.ts';
import type { Checked } from './checker.ts';

/** Arguments that are literals are tried before anything runs (upstream: cel-go cel/validator.go, ext/formatting.go). */
export function checkLiterals(checked: Checked): readonly Problem[] {
  const problems: Problem[] = [];
  visitExpressions(checked.expression, (node) => {
    if (node.kind !== 'call') return;
    checkConversion(node, problems);
    if (node.name === 'format' && node.target) checkFormat(node, checked, problems);
  });
  checkAggregates(checked.expression, checked, problems);
  return problems;
}

/** Lists and maps hold values of one type, but for what is formatted. */
function checkAggregates(node: Expression, checked: Checked, problems: Problem[]): void {
  if (node.kind === 'call' && node.name === 'format') return;
  const same = (parts: readonly { readonly expression: Expression; readonly isOptional: boolean }[]): void => {
    const types = parts.map(({ expression, isOptional }) => (isOptional ? unwrapOptional(checked.typeOf(expression)).type : checked.typeOf(expression)));
    const [first] = types;
    const odd = first ? types.findIndex((type) => !isExactType(type, first)) : -1;
    if (first && odd !== -1) problems.push({ position: parts[odd]?.expression.position ?? 0, message: `expected type '${formatType(first)}' but found '${formatType(types[odd] ?? first)}'` });
  };
  if (node.kind === 'list') same(node.elements.map((expression, index) => ({ expression, isOptional: node.optionals.has(index) })));
  if (node.kind === 'map') {
    same(node.entries.map(({ key }) => ({ expression: key, isOptional: false })));
    same(node.entries.map(({ value, isOptional }) => ({ expression: value, isOptional })));
  }
  for (const part of partsOf(node)) checkAggregates(part, checked, problems);
}

function checkConversion({ name, args, target }: CallExpression, problems: Problem[]): void {
  const literal = args.at(-1);
  if (literal?.kind !== 'literal') return;
  if (name === 'duration' && !target && typeof literal.value === 'bigint') problems.push({ position: literal.position, message: 'invalid duration argument' });
  if (typeof literal.value !== 'string') return;
  const isWrong = (name === 'duration' && !target && fails(() => durationOf(literal.value as string))) || (name === 'timestamp' && !target && !parseTimestamp(literal.value)) || (name === 'matches' && fails(() => RE2JS.compile(literal.value as string)));
  if (isWrong) problems.push({ position: literal.position, message: `invalid ${name} argument` });
}

function fails(attempt: () => unknown): boolean {
  try {
    attempt();
    return false;
  } catch {
    return true;
  }
}

class ArgumentProblem extends Error {
  readonly position: number;

  constructor(position: number, message: string) {
    super(message);
    this.position = position;
  }
}

function checkFormat({ target, args: [list], position }: CallExpression, checked: Checked, problems: Problem[]): void {
  if (target?.kind !== 'literal' || typeof target.value !== 'string' || list?.kind !== 'list') return;
  try {
    const { used } = readPattern(target.value, list.elements.length, ({ verb }, index) => {
      const { kinds, refusal } = CLAUSES[verb];
      const culprit = misfit(list.elements[index] as Expression, kinds, { checked, isDeep: verb === 's' });
      if (culprit) throw new ArgumentProblem(culprit.position, `error during formatting: ${refusal}, was given ${checked.typeOf(culprit).name}`);
      return '';
    });
    if (list.elements.length > used) problems.push({ position, message: `too many arguments supplied to string.format (expected ${used}, got ${list.elements.length})` });
  } catch (error) {
    problems.push({ position: error instanceof ArgumentProblem ? error.position : position, message: (error as Error).message });
  }
}

/** The part whose type the clause does not take. */
function misfit(node: Expression, kinds: readonly string[], { checked, isDeep }: { readonly checked: Checked; readonly isDeep: boolean }): Expression | undefined {
  const { kind } = checked.typeOf(node);
  if (kind !== 'dyn' && !kinds.includes(kind)) return node;
  if (!isDeep) return undefined;
  const parts = node.kind === 'list' ? node.elements : node.kind === 'map' ? node.entries.flatMap(({ key, value }) => [key, value]) : [];
  return parts.map((part) => misfit(part, kinds, { checked, isDeep })).find((found) => found !== undefined);
}
