/** The syntax tree after macros are expanded (upstream: cel-go common/ast). `position` is where messages point to: an offset in the source. */
export type Expression = LiteralExpression | IdentExpression | SelectExpression | CallExpression | ListExpression | MapExpression | StructExpression | ComprehensionExpression;

interface Placed {
  readonly position: number;
}

export type LiteralValue = null | boolean | string | bigint | number | Uint8Array | UintLiteral;

/** An unsigned literal: `1u`. */
export interface UintLiteral {
  readonly uint: bigint;
}

export interface LiteralExpression extends Placed {
  readonly kind: 'literal';
  readonly value: LiteralValue;
}

export interface IdentExpression extends Placed {
  readonly kind: 'ident';
  readonly name: string;
}

export interface SelectExpression extends Placed {
  readonly kind: 'select';
  readonly operand: Expression;
  readonly field: string;
  /** has(operand.field) */
  readonly isTest: boolean;
}

export interface CallExpression extends Placed {
  readonly kind: 'call';
  /** Operators by their cel-go names: `_+_`, `_[_]`, `_?_:_`, `@in`, `!_`. */
  readonly name: string;
  readonly target?: Expression;
  readonly args: readonly Expression[];
}

export interface ListExpression extends Placed {
  readonly kind: 'list';
  readonly elements: readonly Expression[];
  readonly optionals: ReadonlySet<number>;
}

export interface Entry extends Placed {
  readonly key: Expression;
  readonly value: Expression;
  readonly isOptional: boolean;
}

export interface MapExpression extends Placed {
  readonly kind: 'map';
  readonly entries: readonly Entry[];
}

export interface FieldInitializer extends Placed {
  readonly field: string;
  readonly value: Expression;
  readonly isOptional: boolean;
}

export interface StructExpression extends Placed {
  readonly kind: 'struct';
  readonly typeName: string;
  readonly fields: readonly FieldInitializer[];
}

/**
 * A loop: `accumulator` begins as `init`; while `condition` holds, each item of `range` makes it `step`; then `result`.
 * With `variable2`, the variables are index and item, or key and value.
 */
export interface ComprehensionExpression extends Placed {
  readonly kind: 'comprehension';
  readonly range: Expression;
  readonly variable: string;
  readonly variable2?: string;
  readonly accumulator: string;
  readonly init: Expression;
  readonly condition: Expression;
  readonly step: Expression;
  readonly result: Expression;
}

export function isUintLiteral(value: LiteralValue): value is UintLiteral {
  return typeof value === 'object' && value !== null && 'uint' in value;
}

/** `a.b.c` as one name; undefined for anything else. */
export function qualifiedName(expression: Expression): string | undefined {
  if (expression.kind === 'ident') return expression.name;
  if (expression.kind !== 'select' || expression.isTest) return undefined;
  const operand = qualifiedName(expression.operand);
  return operand === undefined ? undefined : `${operand}.${expression.field}`;
}

/** Direct parts, in order of evaluation. */
export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'literal':
    case 'ident':
      return [];
    case 'select':
      return [expression.operand];
    case 'call':
      return expression.target ? [expression.target, ...expression.args] : expression.args;
    case 'list':
      return expression.elements;
    case 'map':
      return expression.entries.flatMap(({ key, value }) => [key, value]);
    case 'struct':
      return expression.fields.map(({ value }) => value);
    case 'comprehension':
      return [expression.range, expression.init, expression.condition, expression.step, expression.result];
  }
}

export function visitExpressions(expression: Expression, visit: (expression: Expression) => void): void {
  visit(expression);
  for (const part of partsOf(expression)) visitExpressions(part, visit);
}
