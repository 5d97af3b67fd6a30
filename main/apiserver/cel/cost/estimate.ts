import type { Checked } from '../check/checker.ts';
import type { CallExpression, ComprehensionExpression, Expression, ListExpression, MapExpression, SelectExpression } from '../syntax/expression.ts';
import { ACCUMULATOR } from '../syntax/macros.ts';
import { type CelType, isOptionalType } from '../types.ts';
import { textSize } from '../runtime/values.ts';
import { type CallEstimate, languageEstimate, libraryEstimate, type Operand } from './call-estimates.ts';
import { fixed, MAX, plus, type Range, times, union, UNKNOWN, ZERO } from './range.ts';

/** How large the data at a place may be: `['self', 'items', '@items', 'name']`. Undefined when nothing is known. */
export type SizeOf = (path: readonly string[]) => Range | undefined;

type Path = readonly string[];

/** Sizes of what a container holds. */
interface EntrySizes {
  readonly container: 'list' | 'map';
  readonly key: Range;
  readonly value: Range;
}

interface Local {
  readonly path: Path;
  readonly size: Range | undefined;
  readonly entries: EntrySizes | undefined;
}

const NAME = fixed(1);
const [LIST, MAP, STRUCT] = [fixed(10), fixed(30), fixed(40)];

/** The least and the most that evaluating the expression can cost (upstream: cel-go checker/cost.go, presence tests for nothing). */
export function estimateCost(checked: Checked, sizeOf: SizeOf): Range {
  return new Estimator(checked, sizeOf).cost(checked.expression);
}

class Estimator {
  readonly #checked: Checked;
  readonly #sizeOf: SizeOf;
  readonly #paths = new Map<Expression, Path>();
  readonly #sizes = new Map<Expression, Range>();
  readonly #entries = new Map<Expression, EntrySizes>();
  readonly #locals = new Map<string, Local[]>();

  constructor(checked: Checked, sizeOf: SizeOf) {
    this.#checked = checked;
    this.#sizeOf = sizeOf;
  }

  cost(node: Expression): Range {
    switch (node.kind) {
      case 'literal':
        return ZERO;
      case 'ident':
        return this.#name(node, node.name);
      case 'select':
        return this.#select(node);
      case 'call':
        return this.#call(node);
      case 'list':
        return this.#list(node);
      case 'map':
        return this.#map(node);
      case 'struct':
        return plus(STRUCT, ...node.fields.map(({ value }) => this.cost(value)));
      case 'comprehension':
        return isBinding(node) ? this.#binding(node) : this.#loop(node);
    }
  }

  #name(node: Expression, written: string): Range {
    const name = this.#checked.nameOf(node) ?? written;
    this.#paths.set(node, this.#local(name)?.path ?? [name]);
    return NAME;
  }

  #select(node: SelectExpression): Range {
    const named = this.#checked.nameOf(node);
    if (named !== undefined) return this.#name(node, named);
    const operand = this.cost(node.operand);
    if (node.isTest) return operand;
    this.#paths.set(node, [...this.#pathOf(node.operand), node.field]);
    const { kind } = this.#checked.typeOf(node.operand);
    return kind === 'map' || kind === 'struct' || kind === 'param' ? plus(operand, NAME) : operand;
  }

  #call(node: CallExpression): Range {
    const { name, args } = node;
    if (name === 'dyn' && args[0]) {
      const cost = plus(fixed(1), this.cost(args[0]));
      this.#copySizes(node, args[0]);
      return cost;
    }
    const costs = args.map((arg) => this.cost(arg));
    const resolved = this.#checked.functionOf(node);
    if (!resolved) return ZERO;
    const operands = args.map((arg) => this.#operand(arg));
    const isMember = node.target !== undefined && !resolved.isNamespaced;
    const targetCost = isMember ? this.cost(node.target as Expression) : ZERO;
    const target = isMember ? this.#operand(node.target as Expression) : undefined;
    let total: Range = { min: MAX, max: 0 };
    let size: Range | undefined;
    for (const { id } of resolved.overloads) {
      const estimate = this.#estimate(node, { name: resolved.name, overload: id, target, args: operands, costs });
      total = union(total, estimate.cost);
      if (estimate.resultSize) size = size ? union(size, estimate.resultSize) : estimate.resultSize;
      const element = id === 'index_list' ? '@items' : id === 'index_map' ? '@values' : undefined;
      if (element !== undefined && args[0]) {
        size = this.#entriesOf(args[0])?.value;
        this.#paths.set(node, [...this.#pathOf(args[0]), element]);
      }
      size ??= this.#size(node);
    }
    if (size) this.#sizes.set(node, size);
    return plus(targetCost, total);
  }

  #estimate(node: CallExpression, { name, overload, target, args, costs }: { readonly name: string; readonly overload: string; readonly target: Operand | undefined; readonly args: readonly Operand[]; readonly costs: readonly Range[] }): CallEstimate {
    const [first = ZERO, second = ZERO, third = ZERO] = costs;
    switch (overload) {
      case 'logical_or':
      case 'logical_and':
        return { cost: { min: first.min, max: plus(first, second).max } };
      case 'conditional':
        this.#unite(node, node.args[1] as Expression, node.args[2] as Expression);
        return { cost: plus(first, union(second, third)), resultSize: union(args[1]?.size ?? UNKNOWN, args[2]?.size ?? UNKNOWN) };
      case 'add_list':
      case 'add_string':
      case 'add_bytes':
        this.#unite(node, node.args[0] as Expression, node.args[1] as Expression);
        break;
    }
    const call = { target, args, overload };
    const estimate = libraryEstimate(name, call) ?? languageEstimate(call);
    return { ...estimate, cost: plus(estimate.cost, ...costs) };
  }

  /** The entries of either. */
  #unite(node: Expression, a: Expression, b: Expression): void {
    const [left, right] = [this.#entriesOf(a), this.#entriesOf(b)];
    if (left && right) this.#entries.set(node, { container: left.container, key: union(left.key, right.key), value: union(left.value, right.value) });
  }

  #operand(expression: Expression): Operand {
    const path = this.#pathOf(expression);
    const known = path[0] === ACCUMULATOR ? [] : path;
    const elements = known.length > 0 ? this.#sizeOf([...known, '@items']) : undefined;
    return { expression, type: this.#checked.typeOf(expression), size: this.#size(expression) ?? UNKNOWN, elementSize: elements ?? UNKNOWN };
  }

  #list(node: ListExpression): Range {
    const costs = node.elements.map((element) => this.cost(element));
    this.#entries.set(node, { container: 'list', key: fixed(1), value: this.#unionOfSizes(node.elements) });
    return plus(LIST, ...costs);
  }

  #map(node: MapExpression): Range {
    const costs = node.entries.flatMap(({ key, value }) => [this.cost(key), this.cost(value)]);
    this.#entries.set(node, { container: 'map', key: this.#unionOfSizes(node.entries.map(({ key }) => key)), value: this.#unionOfSizes(node.entries.map(({ value }) => value)) });
    return plus(MAP, ...costs);
  }

  #unionOfSizes(nodes: readonly Expression[]): Range {
    if (nodes.length === 0) return ZERO;
    return nodes.map((node) => this.#size(node) ?? UNKNOWN).reduce(union);
  }

  #loop(node: ComprehensionExpression): Range {
    const { range, init, variable, variable2, accumulator } = node;
    const before = plus(this.cost(range), this.cost(init));
    this.#push(accumulator, { path: this.#pathOf(init), size: this.#size(init), entries: this.#entriesOf(init) });
    const entries = this.#entriesOf(range);
    const container = entries?.container ?? this.#checked.typeOf(range).kind;
    const path = this.#pathOf(range);
    const key: Local = { path: [...path, container === 'list' ? '@indices' : '@keys'], size: entries?.key, entries: undefined };
    const value: Local = { path: [...path, container === 'list' ? '@items' : '@values'], size: entries?.value, entries: undefined };
    this.#push(variable, variable2 === undefined && container === 'list' ? value : key);
    if (variable2 !== undefined) this.#push(variable2, value);
    const round = plus(this.cost(node.condition), this.cost(node.step));
    this.#pop(variable);
    if (variable2 !== undefined) this.#pop(variable2);
    const after = this.cost(node.result);
    this.#pop(accumulator);
    const rounds = this.#size(range) ?? UNKNOWN;
    this.#sizeOfLoop(node, rounds);
    return plus(before, after, times(rounds, round));
  }

  #sizeOfLoop(node: ComprehensionExpression, rounds: Range): void {
    const { init, step } = node;
    if (init.kind === 'literal') {
      const size = this.#size(init);
      if (size) this.#sizes.set(node, size);
    } else if (init.kind === 'list' || init.kind === 'map') {
      this.#sizes.set(node, rounds);
      const entries = this.#entriesOf(step);
      if (entries) this.#entries.set(node, entries);
    }
  }

  #binding(node: ComprehensionExpression): Range {
    const { range, init, accumulator, result } = node;
    const before = plus(this.cost(range), this.cost(init));
    this.#push(accumulator, { path: this.#pathOf(init), size: this.#size(init), entries: this.#entriesOf(init) });
    const after = this.cost(result);
    this.#pop(accumulator);
    this.#copySizes(node, result);
    return plus(before, after);
  }

  #copySizes(to: Expression, from: Expression): void {
    const size = this.#size(from);
    if (size) this.#sizes.set(to, size);
    const entries = this.#entriesOf(from);
    if (entries) this.#entries.set(to, entries);
  }

  #push(name: string, local: Local): void {
    const stack = this.#locals.get(name);
    if (stack) stack.push(local);
    else this.#locals.set(name, [local]);
  }

  #pop(name: string): void {
    this.#locals.get(name)?.pop();
  }

  #local(name: string): Local | undefined {
    return this.#locals.get(name)?.at(-1);
  }

  #pathOf(node: Expression): Path {
    const local = node.kind === 'ident' ? this.#local(node.name) : undefined;
    return local?.path ?? this.#paths.get(node) ?? [];
  }

  #entriesOf(node: Expression): EntrySizes | undefined {
    return this.#entries.get(node) ?? (node.kind === 'ident' ? this.#local(node.name)?.entries : undefined);
  }

  #size(node: Expression): Range | undefined {
    const known = this.#sizes.get(node) ?? literalSize(node);
    if (known) return known;
    const path = this.#pathOf(node);
    const declared = path.length > 0 ? this.#sizeOf(path) : undefined;
    if (declared) {
      this.#sizes.set(node, declared);
      return declared;
    }
    if (isScalar(this.#checked.typeOf(node))) return fixed(1);
    return node.kind === 'ident' ? this.#local(node.name)?.size : undefined;
  }
}

/** cel.bind and its like. */
function isBinding({ range, condition, accumulator }: ComprehensionExpression): boolean {
  return range.kind === 'list' && range.elements.length === 0 && condition.kind === 'literal' && condition.value === false && accumulator !== ACCUMULATOR;
}

function literalSize(node: Expression): Range | undefined {
  switch (node.kind) {
    case 'literal':
      if (typeof node.value === 'string') return fixed(textSize(node.value));
      return node.value instanceof Uint8Array ? fixed(node.value.length) : fixed(1);
    case 'list':
      return fixed(node.elements.length);
    case 'map':
      return fixed(node.entries.length);
    default:
      return undefined;
  }
}

function isScalar(type: CelType): boolean {
  if (isOptionalType(type) && type.parameters[0]) return isScalar(type.parameters[0]);
  return ['bool', 'double', 'duration', 'int', 'timestamp', 'uint'].includes(type.kind);
}
