import type { CallExpression, ComprehensionExpression, Expression } from './expression.ts';
import type { Problem } from './problems.ts';

export type Expansion = { readonly expression: Expression; readonly problem?: undefined } | { readonly expression?: undefined; readonly problem: Problem };

/** No name that a source can say. */
export const ACCUMULATOR = '@result';
/** A comprehension over nothing whose result sees the accumulator: how names are bound. */
export const UNUSED = '#unused';
const SORT_INPUT = '@__sortBy_input__';
const OLD_ACCUMULATOR = '__result__';

class MacroProblem extends Error {
  readonly problem: Problem;

  constructor(position: number, message: string) {
    super(message);
    this.problem = { position, message };
  }
}

interface MacroCall {
  readonly position: number;
  readonly name: string;
  readonly target: Expression;
  readonly args: readonly Expression[];
}

type Expand = (call: MacroCall) => Expression;

/** name/number of arguments. Upstream: cel-go parser/macro.go, ext/comprehensions.go, ext/lists.go, cel/library.go. */
const MEMBER_MACROS: Readonly<Record<string, Expand>> = {
  'all/2': quantifier, 'exists/2': quantifier, 'exists_one/2': quantifier, 'existsOne/2': quantifier,
  'map/2': mapOrFilter, 'map/3': mapOrFilter, 'filter/2': mapOrFilter,
  'all/3': quantifier, 'exists/3': quantifier, 'exists_one/3': quantifier, 'existsOne/3': quantifier,
  'transformList/3': transform, 'transformList/4': transform,
  'transformMap/3': transform, 'transformMap/4': transform,
  'transformMapEntry/3': transform, 'transformMapEntry/4': transform,
  'optMap/2': optionalMap, 'optFlatMap/2': optionalMap,
  'sortBy/2': sortBy,
};

/** `cel.bind(name, value, body)` is for some environments only (upstream: cel-go ext/bindings.go). */
export interface MacroOptions {
  readonly hasBind?: boolean;
}

/** What a call stands for: itself, unless it is a macro. */
export function expandMacro(call: CallExpression, { hasBind = false }: MacroOptions = {}): Expansion {
  const { target, args, name, position } = call;
  try {
    if (hasBind && name === 'bind' && args.length === 3 && target?.kind === 'ident' && target.name === 'cel') return { expression: bindCall(position, args) };
    if (!target) return { expression: name === 'has' && args.length === 1 ? presenceTest(position, args[0] as Expression) : call };
    const key = `${name}/${args.length}`;
    const expand = Object.hasOwn(MEMBER_MACROS, key) ? MEMBER_MACROS[key] : undefined;
    return { expression: expand ? expand({ position, name, target, args }) : call };
  } catch (error) {
    if (!(error instanceof MacroProblem)) throw error;
    return { problem: error.problem };
  }
}

function presenceTest(position: number, argument: Expression): Expression {
  if (argument.kind !== 'select') throw new MacroProblem(argument.position, 'invalid argument to has() macro');
  return { ...argument, position, isTest: true };
}

const NOT_A_NAME = 'argument must be a simple name';

function variableOf(argument: Expression, message: string): string {
  if (argument.kind !== 'ident') throw new MacroProblem(argument.position, message);
  if (argument.name === ACCUMULATOR || argument.name === OLD_ACCUMULATOR) throw new MacroProblem(argument.position, 'iteration variable overwrites accumulator variable');
  return argument.name;
}

interface Variables {
  readonly variable: string;
  readonly variable2?: string;
  readonly rest: readonly Expression[];
}

function twoVariables([first, second, ...rest]: readonly Expression[]): Variables {
  const [one, two] = [first as Expression, second as Expression];
  if (one.kind !== 'ident') throw new MacroProblem(one.position, NOT_A_NAME);
  if (two.kind !== 'ident') throw new MacroProblem(two.position, NOT_A_NAME);
  if (one.name === two.name) throw new MacroProblem(two.position, `duplicate variable name: ${one.name}`);
  return { variable: variableOf(one, NOT_A_NAME), variable2: variableOf(two, NOT_A_NAME), rest };
}

function quantifier({ position, name, target, args }: MacroCall): Expression {
  const { variable, variable2, rest: [predicate] } = args.length === 3 ? twoVariables(args) : { variable: variableOf(args[0] as Expression, NOT_A_NAME), rest: args.slice(1) };
  const build = builder(position);
  const body = predicate as Expression;
  const loop = { range: target, variable, ...(variable2 === undefined ? {} : { variable2 }) };
  switch (name) {
    case 'all':
      return build.comprehension({ ...loop, init: build.literal(true), condition: build.call('@not_strictly_false', build.accumulator()), step: build.call('_&&_', build.accumulator(), body) });
    case 'exists':
      return build.comprehension({ ...loop, init: build.literal(false), condition: build.call('@not_strictly_false', build.call('!_', build.accumulator())), step: build.call('_||_', build.accumulator(), body) });
    default:
      return build.comprehension({
        ...loop, init: build.literal(0n), condition: build.literal(true),
        step: build.call('_?_:_', body, build.call('_+_', build.accumulator(), build.literal(1n)), build.accumulator()),
        result: build.call('_==_', build.accumulator(), build.literal(1n)),
      });
  }
}

function mapOrFilter({ position, name, target, args }: MacroCall): Expression {
  const [argument, second, third] = args as readonly [Expression, Expression, Expression?];
  const variable = variableOf(argument, 'argument is not an identifier');
  const predicate = name === 'filter' || third ? second : undefined;
  return collect(position, { range: target, variable }, { predicate, item: name === 'filter' ? argument : (third ?? second) });
}

/** A list of `item` for each round where `predicate` holds. */
function collect(position: number, loop: Pick<ComprehensionExpression, 'range' | 'variable' | 'variable2'>, { predicate, item }: { readonly predicate: Expression | undefined; readonly item: Expression }): Expression {
  const build = builder(position);
  const added = build.call('_+_', build.accumulator(), build.list(item));
  const step = predicate ? build.call('_?_:_', predicate, added, build.accumulator()) : added;
  return build.comprehension({ ...loop, init: build.list(), condition: build.literal(true), step });
}

function transform({ position, name, target, args }: MacroCall): Expression {
  const { variable, variable2, rest } = twoVariables(args);
  const [predicate, item] = rest.length === 2 ? rest : [undefined, rest[0]];
  const loop = { range: target, variable, variable2: variable2 as string };
  const value = item as Expression;
  if (name === 'transformList') return collect(position, loop, { predicate, item: value });
  const build = builder(position);
  const key: Expression = { kind: 'ident', position, name: variable };
  const inserted = name === 'transformMap' ? build.call('cel.@mapInsert', build.accumulator(), key, value) : build.call('cel.@mapInsert', build.accumulator(), value);
  const step = predicate ? build.call('_?_:_', predicate, inserted, build.accumulator()) : inserted;
  return build.comprehension({ ...loop, init: { kind: 'map', position, entries: [] }, condition: build.literal(true), step });
}

function optionalMap({ position, name, target, args }: MacroCall): Expression {
  const [variable, body] = args as readonly [Expression, Expression];
  if (variable.kind !== 'ident') throw new MacroProblem(variable.position, `${name}() variable name must be a simple identifier`);
  const build = builder(position);
  const bound = bind(position, { name: variable.name, value: build.method(target, 'value'), body });
  return build.call('_?_:_', build.method(target, 'hasValue'), name === 'optMap' ? build.call('optional.of', bound) : bound, build.call('optional.none'));
}

const SORTABLE: ReadonlySet<Expression['kind']> = new Set(['list', 'select', 'ident', 'comprehension', 'call']);

function sortBy({ position, target, args }: MacroCall): Expression {
  if (!SORTABLE.has(target.kind)) throw new MacroProblem(target.position, 'sortBy can only be applied to a list, identifier, comprehension, call or select expression');
  const input: Expression = { kind: 'ident', position, name: SORT_INPUT };
  const keys = mapOrFilter({ position, name: 'map', target: input, args });
  return bind(position, { name: SORT_INPUT, value: target, body: builder(position).method(input, '@sortByAssociatedKeys', keys) });
}

function bindCall(position: number, [name, value, body]: readonly Expression[]): Expression {
  const variable = name as Expression;
  if (variable.kind !== 'ident') throw new MacroProblem(variable.position, 'cel.bind() variable names must be simple identifiers');
  return bind(position, { name: variable.name, value: value as Expression, body: body as Expression });
}

function bind(position: number, { name, value, body }: { readonly name: string; readonly value: Expression; readonly body: Expression }): Expression {
  const build = builder(position);
  return {
    kind: 'comprehension', position, range: build.list(), variable: UNUSED, accumulator: name, init: value,
    condition: build.literal(false), step: { kind: 'ident', position, name }, result: body,
  };
}

type Loop = Pick<ComprehensionExpression, 'range' | 'variable' | 'variable2' | 'init' | 'condition' | 'step'> & { readonly result?: Expression };

/** Nodes at one position. */
function builder(position: number) {
  const accumulator = (): Expression => ({ kind: 'ident', position, name: ACCUMULATOR });
  return {
    accumulator,
    literal: (value: boolean | bigint): Expression => ({ kind: 'literal', position, value }),
    list: (...elements: readonly Expression[]): Expression => ({ kind: 'list', position, elements, optionals: new Set() }),
    call: (name: string, ...args: readonly Expression[]): Expression => ({ kind: 'call', position, name, args }),
    method: (target: Expression, name: string, ...args: readonly Expression[]): Expression => ({ kind: 'call', position, name, target, args }),
    comprehension: (loop: Loop): Expression => ({ kind: 'comprehension', position, accumulator: ACCUMULATOR, result: accumulator(), ...loop }),
  };
}
