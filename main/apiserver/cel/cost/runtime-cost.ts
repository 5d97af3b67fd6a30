import { CelFormat } from '../library/named-formats.ts';
import { CelMap, CelObject, CelOptional, textSize } from '../runtime/values.ts';

/** Costs of cel-go common/cost.go. */
export const STRING_FACTOR = 0.1;
export const REGEX_FACTOR = 0.25;
const LIST_COST = 10;
const STRUCT_COST = 40;
/** Two authorizations an expression (upstream: apiserver/pkg/cel/library/cost.go). */
export const AUTHORIZATION_COST = 350_000;

type Cost = (args: readonly unknown[], result: unknown) => number;

const ONE: Cost = () => 1;
const traversal = (index: number, factor = STRING_FACTOR): Cost => (args) => Math.ceil(sizeOf(args[index]) * factor);
const nested: Cost = (args) => (args.length > 0 ? treeSize(args[0]) : 0);
const regex: Cost = (args) => Math.ceil((1 + sizeOf(args[0])) * STRING_FACTOR) * Math.ceil(sizeOf(args[1]) * REGEX_FACTOR);
const selector: Cost = (args) => {
  const size = sizeOf(args[1]);
  return LIST_COST + Math.ceil(size * STRING_FACTOR) + Math.ceil(Math.ceil(size * 0.5) * (LIST_COST + STRUCT_COST));
};

/** By function (upstream: CostEstimator.CallCost). */
const BY_NAME: Readonly<Record<string, Cost>> = {
  check: () => AUTHORIZATION_COST,
  fieldSelector: selector, labelSelector: selector,
  isSorted: nested, sum: nested, max: nested, min: nested, indexOf: nested, lastIndexOf: nested,
  url: traversal(0), lowerAscii: traversal(0), upperAscii: traversal(0), substring: traversal(0), trim: traversal(0), 'jsonpatch.escapeKey': traversal(0),
  replace: traversal(0, 2 * STRING_FACTOR), split: traversal(0, 2 * STRING_FACTOR),
  join: (_, result) => Math.ceil(sizeOf(result) * 2 * STRING_FACTOR),
  find: regex, findAll: regex,
  cidr: traversal(0), isIP: traversal(0), isCIDR: traversal(0), 'ip.isCanonical': traversal(0, 2 * STRING_FACTOR),
  quantity: traversal(0), isQuantity: traversal(0), semver: traversal(0), isSemver: traversal(0),
  validate: (args) => {
    const [format] = args;
    return format instanceof CelFormat ? Math.ceil((1 + sizeOf(args[1])) * STRING_FACTOR) * Math.ceil(format.regexSize * REGEX_FACTOR) : 1;
  },
};

const perItem: Cost = (_, result) => 1 + LIST_COST + sizeOf(result);
const selfCompare = (index: number): Cost => (args) => {
  const list = args[index] as readonly unknown[];
  const factor = typeof list[0] === 'string' || list[0] instanceof Uint8Array ? 2 + STRING_FACTOR : 2;
  return 1 + LIST_COST + Math.floor(list.length * list.length * factor);
};
const product = (factor: number): Cost => (args) => 1 + Math.floor(sizeOf(args[0]) * sizeOf(args[1]) * factor);
const smaller: Cost = (args) => Math.ceil(Math.min(sizeOf(args[0]), sizeOf(args[1])) * STRING_FACTOR);
const both: Cost = (args) => Math.ceil((sizeOf(args[0]) + sizeOf(args[1])) * STRING_FACTOR);
const inRange = (withText: boolean): Cost => (args) => Math.ceil(2 * sizeOf(args[0]) * STRING_FACTOR) + (withText ? Math.ceil(sizeOf(args[1]) * STRING_FACTOR) : 0);
const rangeInRange = (withText: boolean): Cost => (args, result) => inRange(withText)(args, result) + Math.ceil(sizeOf(args[0]) * STRING_FACTOR) + 1;

/** By overload (upstream: cel-go ext/lists.go, ext/sets.go, interpreter/runtimecost.go). */
const BY_OVERLOAD: Readonly<Record<string, Cost>> = {
  list_slice: perItem, lists_range: perItem, list_reverse: perItem, list_distinct: selfCompare(0),
  list_flatten: (args) => 1 + LIST_COST + sizeOf(args[0]),
  list_flatten_int: (args) => 1 + LIST_COST + Math.ceil(sizeOf(args[0]) * Number(args[1])),
  list_sets_contains_list: product(1), list_sets_intersects_list: product(1), list_sets_equivalent_list: product(2),
  cidr_ip: ONE, string_to_ip: traversal(0),
  cidr_contains_ip_string: inRange(true), cidr_contains_ip_ip: inRange(false), cidr_contains_cidr_string: rangeInRange(true), cidr_contains_cidr: rangeInRange(false),
  starts_with_string: traversal(0), ends_with_string: traversal(0), string_to_bytes: traversal(0), bytes_to_string: traversal(0), strings_quote: traversal(0), string_format: traversal(0),
  in_list: (args) => sizeOf(args[1]),
  add_string: both, add_bytes: both,
  matches_string: regex,
  contains_string: (args) => Math.ceil(sizeOf(args[0]) * STRING_FACTOR) * Math.ceil(sizeOf(args[1]) * STRING_FACTOR),
};
const ORDERED = /^(less|greater)(_equals)?_(string|bytes)$/;
const SORT = /^list_\w+_sort$/;
const SORT_BY = /^list_\w+_sortByAssociatedKeys$/;

/** What calling the overload costs; the overload is '' where values decide which one it is. */
export function callCost(name: string, overload: string): Cost {
  if (SORT.test(overload)) return selfCompare(0);
  if (SORT_BY.test(overload)) return selfCompare(1);
  if (name === '_==_' || name === '_!=_') return (args, result) => (args[0] instanceof CelObject ? 1 : smaller(args, result));
  if (ORDERED.test(overload)) return smaller;
  const byName = Object.hasOwn(BY_NAME, name) ? BY_NAME[name] : undefined;
  const byOverload = Object.hasOwn(BY_OVERLOAD, overload) ? BY_OVERLOAD[overload] : undefined;
  return byOverload ?? byName ?? ONE;
}

/** What `size(value)` says, and 1 for what has no size. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return textSize(value);
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length;
  if (value instanceof CelMap || value instanceof CelObject) return value.size;
  return value instanceof CelOptional && value.hasValue ? sizeOf(value.value) : 1;
}

/** Of all that a value holds. */
function treeSize(value: unknown): number {
  if (typeof value === 'string') return Math.floor(Buffer.byteLength(value) * STRING_FACTOR);
  if (value instanceof Uint8Array) return Math.floor(value.length * STRING_FACTOR);
  if (Array.isArray(value)) return value.reduce((total: number, item) => total + treeSize(item), 0);
  if (value instanceof CelMap) return value.keys().reduce((total: number, key) => total + treeSize(key) + treeSize(value.get(key)), 0);
  return 1;
}
