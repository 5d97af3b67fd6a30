import type { Checked, ResolvedCall } from '../check/checker.ts';
import type { Overload } from '../declarations.ts';
import type { CallExpression, ComprehensionExpression, Expression, ListExpression, LiteralValue, MapExpression, SelectExpression, StructExpression } from '../syntax/expression.ts';
import { isUintLiteral } from '../syntax/expression.ts';
import { ACCUMULATOR } from '../syntax/macros.ts';
import { callCost } from '../cost/runtime-cost.ts';
import type { CelType } from '../types.ts';
import { formatType } from '../types.ts';
import { CelEvaluationError, CostLimitError, noSuchOverload } from './evaluation-error.ts';
import { elementAt, memberOf, selectOptional } from './members.ts';
import { isOfType, typeOfValue } from './type-of-value.ts';
import { CelMap, CelOptional, CelUint, MapValue, TypeValue } from './values.ts';

/** Variables by name; undefined for one without a value. */
export type Bindings = Readonly<Record<string, unknown>>;

/** One evaluation: its variables and what it has cost so far. */
export class Frame {
  readonly bindings: Bindings;
  readonly locals: unknown[] = [];
  readonly #limit: number;
  cost = 0;

  constructor(bindings: Bindings, limit: number) {
    this.bindings = bindings;
    this.#limit = limit;
  }

  spend(cost: number): void {
    this.cost += cost;
    if (this.cost > this.#limit) throw new CostLimitError('operation cancelled: actual cost limit exceeded');
  }
}

export type Step = (frame: Frame) => unknown;

/** A failed accumulator: `all` goes on after an item that fails, since a later one may decide. */
class Failure {
  readonly error: CelEvaluationError;

  constructor(error: CelEvaluationError) {
    this.error = error;
  }
}

/** Costs of cel-go common/cost.go. */
const [NAME_COST, LIST_COST, MAP_COST, STRUCT_COST] = [1, 10, 30, 40];

/** Turns a checked expression into closures. Costs are those of cel-go interpreter/runtimecost.go, presence tests for nothing. */
export function planEvaluation(checked: Checked, types: ReadonlyMap<string, CelType>): Step {
  return new Planner(checked, types).plan(checked.expression);
}

class Planner {
  readonly #checked: Checked;
  readonly #types: ReadonlyMap<string, CelType>;
  /** Names of loops' variables; their index is their slot. */
  readonly #slots: string[] = [];

  constructor(checked: Checked, types: ReadonlyMap<string, CelType>) {
    this.#checked = checked;
    this.#types = types;
  }

  plan(node: Expression): Step {
    switch (node.kind) {
      case 'literal': {
        const value = literalOf(node.value);
        return () => value;
      }
      case 'ident':
        return this.#planName(this.#checked.nameOf(node) ?? node.name);
      case 'select':
        return this.#planSelect(node);
      case 'call':
        return this.#planCall(node);
      case 'list':
        return this.#planList(node);
      case 'map':
        return this.#planMap(node);
      case 'struct':
        return this.#planStruct(node);
      case 'comprehension':
        return this.#planComprehension(node);
    }
  }

  #planName(name: string): Step {
    const slot = this.#slots.lastIndexOf(name);
    if (slot !== -1) {
      return (frame) => {
        frame.spend(NAME_COST);
        const value = frame.locals[slot];
        if (value instanceof Failure) throw value.error;
        return value;
      };
    }
    if (!this.#checked.variables.has(name)) {
      const type = this.#types.get(name);
      if (type) {
        const value = new TypeValue(type);
        return () => value;
      }
    }
    return (frame) => {
      frame.spend(NAME_COST);
      const value = frame.bindings[name];
      if (value === undefined) throw new CelEvaluationError(`no such attribute(s): ${name}`);
      return value;
    };
  }

  #planSelect(node: SelectExpression): Step {
    const name = this.#checked.nameOf(node);
    if (name !== undefined) return this.#planName(name);
    const operand = this.plan(node.operand);
    const { field } = node;
    if (node.isTest) {
      return (frame) => {
        const value = memberOf(operand(frame), field);
        return value instanceof CelOptional ? value.hasValue : value !== undefined;
      };
    }
    return (frame) => {
      const target = operand(frame);
      frame.spend(NAME_COST);
      const value = memberOf(target, field);
      if (value === undefined) throw new CelEvaluationError(`no such key: ${field}`);
      return value;
    };
  }

  #planCall(node: CallExpression): Step {
    const [first, second, third] = node.args;
    switch (node.name) {
      case '_&&_':
      case '_||_':
        return logical(this.plan(first as Expression), this.plan(second as Expression), node.name === '_||_');
      case '_?_:_':
        return conditional(this.plan(first as Expression), this.plan(second as Expression), this.plan(third as Expression));
      case '@not_strictly_false':
        return notStrictlyFalse(this.plan(first as Expression));
      case '_?._': {
        const operand = this.plan(first as Expression);
        const field = (second as { readonly value: unknown }).value as string;
        return (frame) => {
          frame.spend(NAME_COST);
          return selectOptional(operand(frame), field);
        };
      }
      default:
        return this.#planFunction(node);
    }
  }

  #planFunction(node: CallExpression): Step {
    const resolved = this.#checked.functionOf(node) as ResolvedCall;
    const isMember = node.target !== undefined && !resolved.isNamespaced;
    const steps = [...(isMember ? [this.plan(node.target as Expression)] : []), ...node.args.map((arg) => this.plan(arg))];
    if (isMember && (resolved.name === 'or' || resolved.name === 'orValue')) return alternative(steps[0] as Step, steps[1] as Step, resolved.name === 'orValue');
    const invoke = resolved.name === '_[_]' || resolved.name === '_[?_]' ? (target: unknown, index: unknown) => elementAt(target, index, resolved.name === '_[?_]') : dispatcher(resolved);
    const [only] = resolved.overloads;
    const costOf = callCost(resolved.name, resolved.overloads.length === 1 ? (only?.id ?? '') : '');
    return (frame) => {
      const values = steps.map((step) => step(frame));
      const result = invoke(...(values as [unknown, unknown]));
      frame.spend(costOf(values, result));
      return result;
    };
  }

  #planList({ elements, optionals }: ListExpression): Step {
    const steps = elements.map((element) => this.plan(element));
    if (optionals.size === 0) {
      return (frame) => {
        const items = steps.map((step) => step(frame));
        frame.spend(LIST_COST);
        return items;
      };
    }
    return (frame) => {
      const items: unknown[] = [];
      for (const [index, step] of steps.entries()) pushElement(items, step(frame), optionals.has(index));
      frame.spend(LIST_COST);
      return items;
    };
  }

  #planMap({ entries }: MapExpression): Step {
    const plans = entries.map(({ key, value, isOptional }) => ({ key: this.plan(key), value: this.plan(value), isOptional }));
    return (frame) => {
      const map = new MapValue();
      for (const { key, value, isOptional } of plans) {
        const [name, member] = [key(frame), value(frame)];
        if (isOptional && !(member instanceof CelOptional)) throw new CelEvaluationError(`cannot initialize optional entry '${String(name)}' from non-optional value`);
        if (isOptional && !(member as CelOptional).hasValue) continue;
        insert(map, name, isOptional ? (member as CelOptional).value : member);
      }
      frame.spend(MAP_COST);
      return map;
    };
  }

  #planStruct(node: StructExpression): Step {
    const typeName = this.#checked.nameOf(node) ?? node.typeName;
    const plans = node.fields.map(({ field, value, isOptional }) => ({ field, value: this.plan(value), isOptional }));
    return (frame) => {
      const object = new MapValue(typeName);
      for (const { field, value, isOptional } of plans) {
        const member = value(frame);
        if (isOptional && !(member instanceof CelOptional)) throw new CelEvaluationError(`cannot initialize optional entry '${field}' from non-optional value`);
        if (isOptional && !(member as CelOptional).hasValue) continue;
        object.insert(field, isOptional ? (member as CelOptional).value : member);
      }
      frame.spend(STRUCT_COST);
      return object;
    };
  }

  #planComprehension(node: ComprehensionExpression): Step {
    const range = this.plan(node.range);
    const init = this.plan(node.init);
    const accumulator = this.#slots.push(node.accumulator) - 1;
    const variable = this.#slots.push(node.variable) - 1;
    const variable2 = node.variable2 === undefined ? undefined : this.#slots.push(node.variable2) - 1;
    const condition = this.plan(node.condition);
    const step = appendingStep(node, (part) => this.plan(part), accumulator) ?? this.plan(node.step);
    this.#slots.length = variable;
    const result = this.plan(node.result);
    this.#slots.length = accumulator;
    return (frame) => {
      const items = range(frame);
      frame.locals[accumulator] = init(frame);
      for (const [first, second] of rounds(items, variable2 !== undefined)) {
        frame.locals[variable] = first;
        if (variable2 !== undefined) frame.locals[variable2] = second;
        if (condition(frame) !== true) break;
        frame.locals[accumulator] = attempt(step, frame);
      }
      return result(frame);
    };
  }
}

function attempt(step: Step, frame: Frame): unknown {
  try {
    return step(frame);
  } catch (error) {
    if (error instanceof CelEvaluationError) return new Failure(error);
    throw error;
  }
}

/** `@result + [item]` and its like extend the list that only this loop knows, instead of copying it each round. */
function appendingStep({ accumulator, init, step }: ComprehensionExpression, plan: (node: Expression) => Step, slot: number): Step | undefined {
  if (accumulator !== ACCUMULATOR || (init.kind !== 'list' && init.kind !== 'map')) return undefined;
  const isConditional = step.kind === 'call' && step.name === '_?_:_';
  const added = isConditional ? step.args[1] : step;
  if (added?.kind !== 'call') return undefined;
  const append = appender(added, plan, slot);
  const predicate = isConditional ? plan(step.args[0] as Expression) : undefined;
  if (!predicate || !append) return append;
  const keep: Step = (frame) => {
    frame.spend(NAME_COST);
    return valueIn(frame, slot);
  };
  return conditional(predicate, append, keep);
}

function appender({ name, args }: CallExpression, plan: (node: Expression) => Step, slot: number): Step | undefined {
  const [, second, third] = args;
  if (name === '_+_' && second?.kind === 'list' && second.elements.length === 1 && second.optionals.size === 0) {
    const item = plan(second.elements[0] as Expression);
    return (frame) => {
      frame.spend(NAME_COST);
      const list = valueIn(frame, slot) as unknown[];
      const value = item(frame);
      frame.spend(LIST_COST + 1);
      list.push(value);
      return list;
    };
  }
  if (name !== 'cel.@mapInsert' || !second) return undefined;
  const [key, value] = [plan(second), third ? plan(third) : undefined];
  return (frame) => {
    frame.spend(NAME_COST);
    const map = valueIn(frame, slot) as MapValue;
    const name = key(frame);
    if (value) insert(map, name, value(frame));
    else if (name instanceof CelMap) for (const one of name.keys()) insert(map, one, name.get(one));
    else throw noSuchOverload();
    frame.spend(1);
    return map;
  };
}

function valueIn(frame: Frame, slot: number): unknown {
  const value = frame.locals[slot];
  if (value instanceof Failure) throw value.error;
  return value;
}

function rounds(range: unknown, withTwo: boolean): Iterable<readonly [unknown, unknown]> {
  if (Array.isArray(range)) return withTwo ? range.map((item, index) => [BigInt(index), item] as const) : range.map((item) => [item, undefined] as const);
  if (range instanceof CelMap) return range.keys().map((key) => [key, withTwo ? range.get(key) : undefined] as const);
  throw noSuchOverload();
}

function insert(map: MapValue, key: unknown, value: unknown): void {
  if (map.insert(key, value)) return;
  if (map.get(key) !== undefined) throw new CelEvaluationError(`failed with repeated key: ${String(key instanceof CelUint ? key.value : key)}`);
  throw new CelEvaluationError(`unsupported key type: ${formatType(typeOfValue(key))}`);
}

function pushElement(items: unknown[], value: unknown, isOptional: boolean): void {
  if (!isOptional) items.push(value);
  else if (!(value instanceof CelOptional)) throw new CelEvaluationError(`cannot initialize optional list element from non-optional value ${String(value)}`);
  else if (value.hasValue) items.push(value.value);
}

function literalOf(value: LiteralValue): unknown {
  return isUintLiteral(value) ? new CelUint(value.uint) : value;
}

/** The value that decides wins over an error on the other side; of two errors the first is the one. */
function logical(left: Step, right: Step, deciding: boolean): Step {
  return (frame) => {
    let failure: CelEvaluationError;
    try {
      const value = left(frame);
      if (value === deciding) return deciding;
      if (value === !deciding) return asBoolean(right(frame));
      failure = noSuchOverload();
    } catch (error) {
      if (!(error instanceof CelEvaluationError)) throw error;
      failure = error;
    }
    if (attempt(right, frame) === deciding) return deciding;
    throw failure;
  };
}

function asBoolean(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw noSuchOverload();
}

function conditional(condition: Step, whenTrue: Step, whenFalse: Step): Step {
  return (frame) => (asBoolean(condition(frame)) ? whenTrue(frame) : whenFalse(frame));
}

function notStrictlyFalse(operand: Step): Step {
  return (frame) => {
    let value: unknown;
    try {
      value = operand(frame);
    } catch (error) {
      if (!(error instanceof CelEvaluationError)) throw error;
    }
    frame.spend(1);
    return value !== false;
  };
}

function alternative(optional: Step, other: Step, unwraps: boolean): Step {
  return (frame) => {
    const value = optional(frame);
    if (!(value instanceof CelOptional)) throw noSuchOverload();
    if (value.hasValue) return unwraps ? value.value : value;
    return other(frame);
  };
}

/** Calls the overload that fits the values. */
function dispatcher({ name, overloads }: ResolvedCall): (...values: unknown[]) => unknown {
  const callable = overloads.filter((overload): overload is Overload & { implementation: NonNullable<Overload['implementation']> } => overload.implementation !== undefined);
  return (...values) => {
    for (const { args, implementation } of callable) {
      if (args.every((type, index) => isOfType(values[index], type))) return implementation(...(values as never[]));
    }
    if (name.startsWith('_') || name.startsWith('@') || name.endsWith('_')) throw noSuchOverload();
    throw new CelEvaluationError(`no such overload: ${name}(${values.map((value) => formatType(typeOfValue(value))).join(', ')})`);
  };
}
