import type { Declarations, FunctionDeclaration, Overload } from '../declarations.ts';
import type { CallExpression, ComprehensionExpression, Expression, FieldInitializer, ListExpression, LiteralValue, MapExpression, SelectExpression, StructExpression } from '../syntax/expression.ts';
import { isUintLiteral, qualifiedName } from '../syntax/expression.ts';
import type { Problem } from '../syntax/problems.ts';
import {
  BOOL, BYTES, DOUBLE, DYN, ERROR, formatType, INT, isDyn, isDynOrError, isExactType, listType, mapType, NULL, optionalType, paramType, STRING, structType, typeType, UINT, unwrapOptional, type CelType,
} from '../types.ts';
import { assign, mostGeneral, substitute, type Substitution } from './substitution.ts';

/** What a checked expression's nodes are. */
export interface Checked {
  readonly expression: Expression;
  readonly type: CelType;
  typeOf(expression: Expression): CelType;
  /** The variable or type that an ident, or a select written `a.b`, names. */
  nameOf(expression: Expression): string | undefined;
  /** The function of a call; `isNamespaced` when its target is a part of the name. */
  functionOf(call: CallExpression): ResolvedCall | undefined;
  /** Variables that the environment declares and the expression uses. */
  readonly variables: ReadonlySet<string>;
}

export interface ResolvedCall {
  readonly name: string;
  readonly overloads: readonly Overload[];
  readonly isNamespaced: boolean;
}

export type CheckResult = { readonly checked: Checked; readonly problems?: undefined } | { readonly checked?: undefined; readonly problems: readonly Problem[] };

/** Finds the type of each node, or what is wrong with them, in cel-go's words and order (upstream: cel-go checker/checker.go). */
export function checkExpression(expression: Expression, declarations: Declarations): CheckResult {
  const checker = new Checker(declarations);
  checker.check(expression);
  return checker.problems.length > 0 ? { problems: checker.problems } : { checked: checker.result(expression) };
}

type Scope = Map<string, CelType>;

class Checker {
  readonly problems: Problem[] = [];
  readonly #declarations: Declarations;
  readonly #types = new Map<Expression, CelType>();
  readonly #names = new Map<Expression, string>();
  readonly #calls = new Map<CallExpression, ResolvedCall>();
  readonly #used = new Set<string>();
  readonly #scopes: Scope[] = [];
  #substitution: Substitution = new Map();
  #freshParameters = 0;

  constructor(declarations: Declarations) {
    this.#declarations = declarations;
  }

  result(expression: Expression): Checked {
    for (const [node, type] of this.#types) this.#types.set(node, substitute(this.#substitution, type, true));
    const typeOf = (node: Expression): CelType => this.#types.get(node) ?? DYN;
    return {
      expression, type: typeOf(expression), typeOf, variables: this.#used,
      nameOf: (node) => this.#names.get(node),
      functionOf: (call) => this.#calls.get(call),
    };
  }

  check(node: Expression): CelType {
    const type = this.#infer(node);
    this.#types.set(node, type);
    return type;
  }

  #infer(node: Expression): CelType {
    switch (node.kind) {
      case 'literal':
        return literalType(node.value);
      case 'ident':
        return this.#checkIdent(node, node.name);
      case 'select':
        return this.#checkSelect(node);
      case 'call':
        return this.#checkCall(node);
      case 'list':
        return this.#checkList(node);
      case 'map':
        return this.#checkMap(node);
      case 'struct':
        return this.#checkStruct(node);
      case 'comprehension':
        return this.#checkComprehension(node);
    }
  }

  #problem({ position }: { readonly position: number }, message: string): CelType {
    this.problems.push({ position, message });
    return ERROR;
  }

  #undeclared(node: Expression, name: string): CelType {
    return this.#problem(node, `undeclared reference to '${name}' (in container '')`);
  }

  #lookUp(written: string): { readonly name: string; readonly type: CelType } | undefined {
    const name = written.startsWith('.') ? written.slice(1) : written;
    if (!written.startsWith('.')) {
      const scope = this.#scopes.findLast((one) => one.has(name));
      const local = scope?.get(name);
      if (local) return { name, type: local };
    }
    const { variables, types, provider } = this.#declarations;
    const variable = variables.get(name);
    if (variable) {
      this.#used.add(name);
      return { name, type: variable };
    }
    const known = types.get(name);
    if (known) return { name, type: typeType(known) };
    return provider.hasType(name) ? { name, type: typeType(structType(name)) } : undefined;
  }

  #checkIdent(node: Expression, written: string): CelType {
    const found = this.#lookUp(written);
    if (!found) return this.#undeclared(node, written);
    this.#names.set(node, found.name);
    return found.type;
  }

  #checkSelect(node: SelectExpression): CelType {
    const written = qualifiedName(node);
    if (written !== undefined) {
      const found = this.#lookUp(written);
      if (found) {
        this.#names.set(node, found.name);
        return found.type;
      }
    }
    const type = this.#checkField(node, node.operand, { field: node.field, isOptional: false });
    return node.isTest ? BOOL : substitute(this.#substitution, type);
  }

  #checkField(node: Expression, operand: Expression, { field, isOptional }: { readonly field: string; readonly isOptional: boolean }): CelType {
    const operandType = substitute(this.#substitution, this.check(operand));
    const target = unwrapOptional(operandType);
    const type = this.#fieldOf(node, target.type, field);
    return target.isOptional || isOptional ? optionalType(type) : type;
  }

  #fieldOf(node: Expression, target: CelType, field: string): CelType {
    switch (target.kind) {
      case 'map':
        return target.parameters[1] ?? DYN;
      case 'struct':
        return this.#structField(node, target.name, field);
      case 'param':
        this.#assign(DYN, target);
        return DYN;
      default:
        if (!isDynOrError(target)) this.#problem(node, `type '${formatType(target)}' does not support field selection`);
        return DYN;
    }
  }

  #structField(at: { readonly position: number }, typeName: string, field: string): CelType {
    const { provider } = this.#declarations;
    if (!provider.hasType(typeName)) return this.#problem(at, `unexpected failed resolution of '${typeName}'`);
    return provider.fieldType(typeName, field) ?? this.#problem(at, `undefined field '${field}'`);
  }

  #checkCall(node: CallExpression): CelType {
    const { name, target, args } = node;
    if (name === '_?._') return this.#checkOptionalSelect(node);
    for (const arg of args) this.check(arg);
    const { functions } = this.#declarations;
    if (!target) {
      const declared = functions.get(name.startsWith('.') ? name.slice(1) : name);
      return declared ? this.#resolve(node, declared, { operands: args, isMember: false, isNamespaced: false }) : this.#undeclared(node, name);
    }
    const prefix = qualifiedName(target);
    const namespaced = prefix === undefined ? undefined : functions.get(`${prefix}.${name}`);
    if (namespaced) return this.#resolve(node, namespaced, { operands: args, isMember: false, isNamespaced: true });
    this.check(target);
    const declared = functions.get(name);
    return declared ? this.#resolve(node, declared, { operands: [target, ...args], isMember: true, isNamespaced: false }) : this.#undeclared(node, name);
  }

  #checkOptionalSelect(node: CallExpression): CelType {
    const [operand, field] = node.args as readonly [Expression, Expression];
    const name = field.kind === 'literal' && typeof field.value === 'string' ? field.value : '';
    const type = this.#checkField(node, operand, { field: name, isOptional: true });
    this.#types.set(field, STRING);
    const declared = this.#declarations.functions.get('_?._');
    if (declared) this.#calls.set(node, { name: '_?._', overloads: declared.overloads, isNamespaced: false });
    return substitute(this.#substitution, type);
  }

  #resolve(node: CallExpression, { name, overloads }: FunctionDeclaration, { operands, isMember, isNamespaced }: { readonly operands: readonly Expression[]; readonly isMember: boolean; readonly isNamespaced: boolean }): CelType {
    const types = operands.map((operand) => this.#types.get(operand) ?? DYN);
    if (name === '_&&_' || name === '_||_') {
      this.#calls.set(node, { name, overloads, isNamespaced });
      return this.#checkLogical(operands, types);
    }
    const matching: Overload[] = [];
    let result: CelType | undefined;
    for (const overload of overloads) {
      if (overload.isMember !== isMember) continue;
      const wanted = this.#instantiate(overload);
      if (!this.#assignAll(types, wanted.args)) continue;
      matching.push(overload);
      const type = substitute(this.#substitution, wanted.result);
      if (result === undefined) result = type;
      else if (!isDyn(result) && !isExactType(type, result)) result = DYN;
    }
    if (result === undefined) {
      const shown = types.map((type) => formatType(substitute(this.#substitution, type, true)));
      const signature = isMember ? `${shown[0] ?? ''}.(${shown.slice(1).join(', ')})` : `(${shown.join(', ')})`;
      return this.#problem(node, `found no matching overload for '${name}' applied to '${signature}'`);
    }
    this.#calls.set(node, { name, overloads: matching, isNamespaced });
    return result;
  }

  #checkLogical(operands: readonly Expression[], types: readonly CelType[]): CelType {
    let isFine = true;
    for (const [index, type] of types.entries()) {
      if (this.#assign(type, BOOL)) continue;
      this.#problem(operands[index] as Expression, `expected type '${formatType(BOOL)}' but found '${formatType(type)}'`);
      isFine = false;
    }
    return isFine ? BOOL : ERROR;
  }

  /** The overload with type parameters of its own. */
  #instantiate({ args, result }: Overload): Pick<Overload, 'args' | 'result'> {
    const fresh = new Map<string, CelType>();
    const collect = (type: CelType): void => {
      if (type.kind === 'param' && !fresh.has(type.name)) fresh.set(type.name, this.#freshParameter());
      for (const part of type.parameters) collect(part);
    };
    for (const type of [result, ...args]) collect(type);
    if (fresh.size === 0) return { args, result };
    return { args: args.map((type) => substitute(fresh, type)), result: substitute(fresh, result) };
  }

  #freshParameter(): CelType {
    return paramType(`_var${this.#freshParameters++}`);
  }

  #checkList({ elements, optionals }: ListExpression): CelType {
    let joined: CelType | undefined;
    for (const [index, element] of elements.entries()) {
      const type = this.check(element);
      joined = this.#join(joined, optionals.has(index) ? this.#unwrapped(element, type) : type);
    }
    return listType(joined ?? this.#freshParameter());
  }

  #unwrapped(node: Expression, type: CelType): CelType {
    const unwrapped = unwrapOptional(type);
    if (!unwrapped.isOptional && !isDyn(unwrapped.type)) this.#mismatch(node, optionalType(unwrapped.type), unwrapped.type);
    return unwrapped.type;
  }

  #checkMap({ entries }: MapExpression): CelType {
    let keys: CelType | undefined;
    let values: CelType | undefined;
    for (const { key, value, isOptional } of entries) {
      keys = this.#join(keys, this.check(key));
      const type = this.check(value);
      values = this.#join(values, isOptional ? this.#unwrapped(value, type) : type);
    }
    return mapType(keys ?? this.#freshParameter(), values ?? this.#freshParameter());
  }

  #checkStruct(node: StructExpression): CelType {
    const found = this.#lookUp(node.typeName);
    if (!found) return this.#undeclared(node, node.typeName);
    const [of] = found.type.parameters;
    if (found.type.kind !== 'type' || !of) return this.#problem(node, `'${found.type.name}' is not a type`);
    if (of.kind !== 'struct') return this.#problem(node, `'${of.name}' is not a message type`);
    this.#names.set(node, found.name);
    for (const field of node.fields) this.#checkInitializer(of.name, field);
    return of;
  }

  #checkInitializer(typeName: string, initializer: FieldInitializer): void {
    const { field, value, isOptional } = initializer;
    const given = this.check(value);
    const wanted = this.#structField(initializer, typeName, field);
    const type = isOptional ? this.#unwrapped(value, given) : given;
    if (!this.#assign(wanted, type)) {
      this.#problem(initializer, `expected type of field '${field}' is '${formatType(wanted)}' but provided type is '${formatType(type)}'`);
    }
  }

  #checkComprehension(node: ComprehensionExpression): CelType {
    this.check(node.range);
    const accumulatorType = this.check(node.init);
    const rangeType = substitute(this.#substitution, this.#types.get(node.range) ?? DYN);
    this.#scopes.push(new Map([[node.accumulator, accumulatorType]]));
    this.#scopes.push(this.#loopVariables(node, rangeType));
    this.check(node.condition);
    this.#assert(node.condition, BOOL);
    this.check(node.step);
    this.#assert(node.step, accumulatorType);
    this.#scopes.pop();
    const type = this.check(node.result);
    this.#scopes.pop();
    return substitute(this.#substitution, type);
  }

  #loopVariables({ range, variable, variable2 }: ComprehensionExpression, rangeType: CelType): Scope {
    const scope = (first: CelType, second: CelType): Scope => new Map(variable2 === undefined ? [[variable, first]] : [[variable, first], [variable2, second]]);
    const [first = DYN, second = DYN] = rangeType.parameters;
    switch (rangeType.kind) {
      case 'list':
        return variable2 === undefined ? scope(first, first) : scope(INT, first);
      case 'map':
        return scope(first, second);
      case 'dyn':
      case 'error':
      case 'param':
        this.#assign(DYN, rangeType);
        return scope(DYN, DYN);
      default:
        this.#problem(range, `expression of type '${formatType(rangeType)}' cannot be range of a comprehension (must be list, map, or dynamic)`);
        return scope(ERROR, ERROR);
    }
  }

  #join(previous: CelType | undefined, current: CelType): CelType {
    if (previous === undefined) return current;
    return this.#assign(previous, current) ? mostGeneral(previous, current) : DYN;
  }

  #assert(node: Expression, wanted: CelType): void {
    const type = this.#types.get(node) ?? DYN;
    if (!this.#assign(wanted, type)) this.#mismatch(node, wanted, type);
  }

  #mismatch(node: Expression, wanted: CelType, found: CelType): void {
    this.#problem(node, `expected type '${formatType(wanted)}' but found '${formatType(found)}'`);
  }

  #assign(to: CelType, from: CelType): boolean {
    return this.#assignAll([to], [from]);
  }

  #assignAll(to: readonly CelType[], from: readonly CelType[]): boolean {
    const substitution = assign(this.#substitution, to, from);
    if (!substitution) return false;
    this.#substitution = substitution;
    return true;
  }
}

function literalType(value: LiteralValue): CelType {
  if (value === null) return NULL;
  switch (typeof value) {
    case 'boolean':
      return BOOL;
    case 'string':
      return STRING;
    case 'bigint':
      return INT;
    case 'number':
      return DOUBLE;
    default:
      return isUintLiteral(value) ? UINT : BYTES;
  }
}
