import type { Expression } from '../syntax/expression.ts';
import type { CelType } from '../types.ts';
import { isExactType } from '../types.ts';
import { fixed, MAX, plus, type Range, scaled, times, UNKNOWN, ZERO } from './range.ts';
import { AUTHORIZATION_COST, REGEX_FACTOR, STRING_FACTOR } from './runtime-cost.ts';

/** An operand as estimates see it. */
export interface Operand {
  readonly type: CelType;
  readonly size: Range;
  readonly expression: Expression;
  /** Of the elements, if it is a list of a known place in the data. */
  readonly elementSize: Range;
}

export interface CallEstimate {
  readonly cost: Range;
  readonly resultSize?: Range;
}

export interface Call {
  readonly target: Operand | undefined;
  readonly args: readonly Operand[];
  readonly overload: string;
}

type Estimate = (call: Call) => CallEstimate | undefined;

const LIST_COST = 10;
const STRUCT_COST = 40;
/** Upstream: apiserver/pkg/cel/limits.go. */
const MAX_FORMAT_SIZE = 64;
const MAX_FORMAT_REGEX = 128;

const one: Estimate = () => ({ cost: fixed(1) });
const ofArgument = (factor: number): Estimate => ({ args: [arg] }) => (arg ? { cost: scaled(arg.size, factor) } : undefined);
const keepsSize = (operand: (call: Call) => Operand | undefined): Estimate => (call) => {
  const size = operand(call)?.size;
  return size && { cost: scaled(size, STRING_FACTOR), resultSize: size };
};

function selector({ args: [arg] }: Call): CallEstimate | undefined {
  return arg && { cost: plus(fixed(LIST_COST), scaled(arg.size, STRING_FACTOR), scaled(scaled(arg.size, 0.5), LIST_COST + STRUCT_COST)) };
}

function eachElement({ target }: Call): CallEstimate | undefined {
  if (!target) return undefined;
  const [element] = target.type.parameters;
  if (!element) return { cost: scaled(target.size, STRING_FACTOR) };
  const isText = element.kind === 'string' || element.kind === 'bytes';
  return { cost: times(target.size, isText ? plus(fixed(1), scaled(target.elementSize, STRING_FACTOR)) : fixed(1)) };
}

function replacing({ target, args: [from, to] }: Call): CallEstimate | undefined {
  if (!target || !from || !to) return undefined;
  const { size } = target;
  const most = bound(size.max, { from: from.size.min, to: to.size.max, isKept: to.size.max <= from.size.min });
  const least = bound(size.min, { from: from.size.max, to: to.size.min, isKept: from.size.max <= to.size.min });
  return { cost: scaled(size, 2 * STRING_FACTOR), resultSize: plus({ min: least, max: 0 }, { min: 0, max: most }) };
}

function bound(size: number, { from, to, isKept }: { readonly from: number; readonly to: number; readonly isKept: boolean }): number {
  if (from === 0) return Math.min((size + 1) * to + size, MAX);
  return isKept ? size : Math.min(Math.ceil(size / from) * to, MAX);
}

function splitting({ target, args: [, limit] }: Call): CallEstimate | undefined {
  if (!target) return undefined;
  const literal = limit?.expression.kind === 'literal' && typeof limit.expression.value === 'bigint' ? Number(BigInt.asUintN(64, limit.expression.value)) : undefined;
  return { cost: scaled(target.size, 2 * STRING_FACTOR), resultSize: { min: 0, max: literal ?? target.size.max } };
}

function joining({ target, args: [separator] }: Call): CallEstimate | undefined {
  if (!target) return undefined;
  const gaps = { min: Math.max(target.size.min - 1, 0), max: Math.max(target.size.max - 1, 0) };
  const size = plus(target.type.parameters.length > 0 ? times(target.size, target.elementSize) : ZERO, separator ? times(separator.size, gaps) : ZERO);
  return { cost: scaled(size, STRING_FACTOR), resultSize: size };
}

function searching({ target, args: [pattern] }: Call): CallEstimate | undefined {
  if (!target || !pattern) return undefined;
  return { cost: regexCost(target.size, pattern.size), resultSize: { min: 0, max: target.size.max } };
}

function regexCost(text: Range, pattern: Range): Range {
  return times(scaled(plus(text, fixed(1)), STRING_FACTOR), scaled(pattern, REGEX_FACTOR));
}

const ADDRESS: Range = { min: 4, max: 16 };

function inRange({ args: [arg], overload }: Call): CallEstimate | undefined {
  if (!arg) return undefined;
  const compared = scaled(plus(ADDRESS, ADDRESS), STRING_FACTOR);
  const masked = overload.startsWith('cidr_contains_cidr') ? plus(scaled(ADDRESS, STRING_FACTOR), fixed(1)) : ZERO;
  return { cost: plus(compared, masked, overload.endsWith('_string') ? scaled(arg.size, STRING_FACTOR) : ZERO) };
}

function equality({ args: [left, right] }: Call): CallEstimate | undefined {
  if (!left || !right || !isExactType(left.type, right.type)) return undefined;
  switch (left.type.name) {
    case 'kubernetes.NamedFormat':
      return { cost: scaled({ min: 1, max: MAX_FORMAT_SIZE }, STRING_FACTOR) };
    case 'kubernetes.URL':
      return { cost: scaled({ min: 1, max: right.size.max === MAX ? 1 : right.size.max }, STRING_FACTOR) };
    default:
      return left.type.name.startsWith('kubernetes.') || left.type.name.startsWith('net.') ? { cost: fixed(1) } : undefined;
  }
}

/** By function (upstream: apiserver/pkg/cel/library/cost.go, EstimateCallCost). */
const BY_NAME: Readonly<Record<string, Estimate>> = {
  check: () => ({ cost: fixed(AUTHORIZATION_COST) }),
  serviceAccount: one, path: one, group: one, resource: one, subresource: one, namespace: one, name: one, allowed: one, reason: one, error: one, errored: one,
  fieldSelector: selector, labelSelector: selector,
  isSorted: eachElement, sum: eachElement, max: eachElement, min: eachElement, indexOf: eachElement, lastIndexOf: eachElement,
  url: keepsSize(({ args }) => args[0]), 'jsonpatch.escapeKey': keepsSize(({ args }) => args[0]),
  lowerAscii: keepsSize(({ target }) => target), upperAscii: keepsSize(({ target }) => target), substring: keepsSize(({ target }) => target), trim: keepsSize(({ target }) => target),
  replace: replacing, split: splitting, join: joining, find: searching, findAll: searching,
  cidr: ofArgument(STRING_FACTOR), isIP: ofArgument(STRING_FACTOR), isCIDR: ofArgument(STRING_FACTOR),
  ip: (call) => (call.overload === 'cidr_ip' ? one(call) : ofArgument(STRING_FACTOR)(call)),
  'ip.isCanonical': ofArgument(2 * STRING_FACTOR),
  masked: one, prefixLength: one, family: one, isUnspecified: one, isLoopback: one, isLinkLocalMulticast: one, isLinkLocalUnicast: one, isGlobalUnicast: one,
  containsIP: inRange, containsCIDR: inRange,
  quantity: ofArgument(STRING_FACTOR), isQuantity: ofArgument(STRING_FACTOR), semver: ofArgument(STRING_FACTOR), isSemver: ofArgument(STRING_FACTOR),
  validate: ({ args: [arg] }) => arg && { cost: scaled(scaled(arg.size, STRING_FACTOR), MAX_FORMAT_REGEX * REGEX_FACTOR) },
  'format.named': one, sign: one, asInteger: one, isInteger: one, asApproximateFloat: one, isGreaterThan: one, isLessThan: one, compareTo: one, add: one, sub: one, major: one, minor: one, patch: one,
  getScheme: one, getHostname: one, getHost: one, getPort: one, getEscapedPath: one, getQuery: one,
  '_==_': equality,
};

function allocating(factor: number, size: Range): CallEstimate {
  return { cost: plus(scaled(size, factor), fixed(1 + LIST_COST)), resultSize: size };
}

function literalNumber(operand: Operand | undefined, fallback: number): number {
  const value = operand?.expression.kind === 'literal' ? operand.expression.value : undefined;
  return typeof value === 'bigint' && value >= 0n ? Number(value) : fallback;
}

function sorting(operand: Operand, overload: string): CallEstimate {
  const isText = /^list_(string|bytes)_/.test(overload);
  return allocating(isText ? 2 + STRING_FACTOR : 2, times(operand.size, operand.size));
}

const sets = (factor: number): Estimate => ({ args: [a, b] }) => a && b && { cost: plus(scaled(times(a.size, b.size), factor), fixed(1)) };

/** By overload, before anything else (upstream: cel-go ext/lists.go, ext/sets.go). */
const BY_OVERLOAD: Readonly<Record<string, Estimate>> = {
  list_slice: ({ target, args: [start, end] }) => target && allocating(1, fixed(Math.max(literalNumber(end, target.size.max) - literalNumber(start, 0), 0))),
  lists_range: ({ args: [size] }) => allocating(1, fixed(literalNumber(size, MAX))),
  list_reverse: ({ target }) => target && allocating(1, target.size),
  list_flatten: ({ target }) => target && allocating(1, target.size),
  list_flatten_int: ({ target, args: [depth] }) => target && allocating(literalNumber(depth, MAX), target.size),
  list_distinct: ({ target }) => target && allocating(2, times(target.size, target.size)),
  list_sets_contains_list: sets(1), list_sets_intersects_list: sets(1), list_sets_equivalent_list: sets(2),
};

/** What libraries say of a call; undefined leaves it to the language's own rules. */
export function libraryEstimate(name: string, call: Call): CallEstimate | undefined {
  const { overload, target, args: [arg] } = call;
  if (/^list_\w+_sort$/.test(overload) && target) return sorting(target, overload);
  if (/^list_\w+_sortByAssociatedKeys$/.test(overload) && arg) return sorting(arg, overload);
  const byOverload = Object.hasOwn(BY_OVERLOAD, overload) ? BY_OVERLOAD[overload]?.(call) : undefined;
  return byOverload ?? (Object.hasOwn(BY_NAME, name) ? BY_NAME[name]?.(call) : undefined);
}

const ORDERED = /^(?:(?:less|greater)(?:_equals)?_(?:string|bytes)|equals|not_equals)$/;

/** The language's own functions (upstream: cel-go checker/cost.go, functionCost). Logical operators and ?: are the estimator's. */
export function languageEstimate({ overload, target, args }: Call): CallEstimate {
  const [first, second] = args;
  switch (overload) {
    case 'string_format':
      return { cost: scaled(target?.size ?? UNKNOWN, STRING_FACTOR) };
    case 'string_to_bytes':
      return { cost: scaled(first?.size ?? UNKNOWN, STRING_FACTOR), resultSize: { min: first?.size.min ?? 0, max: Math.min((first?.size.max ?? MAX) * 4, MAX) } };
    case 'bytes_to_string':
      return { cost: scaled(first?.size ?? UNKNOWN, STRING_FACTOR), resultSize: { min: Math.floor((first?.size.min ?? 0) / 4), max: first?.size.max ?? MAX } };
    case 'strings_quote':
      return { cost: scaled(first?.size ?? UNKNOWN, STRING_FACTOR), resultSize: { min: (first?.size.min ?? 0) + 2, max: Math.min((first?.size.max ?? MAX) * 2 + 2, MAX) } };
    case 'starts_with_string':
    case 'ends_with_string':
      return { cost: scaled(first?.size ?? UNKNOWN, STRING_FACTOR) };
    case 'in_list':
      return { cost: second?.size ?? UNKNOWN };
    case 'matches_string':
      if (target && first) return { cost: regexCost(target.size, first.size) };
      break;
    case 'contains_string':
      if (target && first) return { cost: times(scaled(target.size, STRING_FACTOR), scaled(first.size, STRING_FACTOR)) };
      break;
    case 'add_list':
      if (first && second) return { cost: fixed(1), resultSize: plus(first.size, second.size) };
      break;
    case 'add_string':
    case 'add_bytes':
      if (first && second) return { cost: scaled(plus(first.size, second.size), STRING_FACTOR), resultSize: plus(first.size, second.size) };
      break;
    default:
      if (ORDERED.test(overload) && first && second) {
        const most = Math.min(first.size.max, second.size.max);
        return { cost: scaled({ min: most > 0 ? 1 : 0, max: most }, STRING_FACTOR) };
      }
  }
  return { cost: fixed(1) };
}

