import { A, declare, type FunctionDeclaration, global, K, method, T, V } from '../declarations.ts';
import { celCompare, celEqual } from '../runtime/equality.ts';
import { CelEvaluationError, CostLimitError } from '../runtime/evaluation-error.ts';
import { CelDuration, CelUint, type MapValue } from '../runtime/values.ts';
import { BOOL, BYTES, type CelType, DOUBLE, DURATION, DYN, INT, listType, mapType, STRING, TIMESTAMP, UINT } from '../types.ts';
import { add } from './arithmetic.ts';

type List = readonly unknown[];

export const COMPARABLE: readonly (readonly [string, CelType])[] = [
  ['int', INT], ['uint', UINT], ['double', DOUBLE], ['bool', BOOL], ['duration', DURATION], ['timestamp', TIMESTAMP], ['string', STRING], ['bytes', BYTES],
];
const SUMMABLE: readonly (readonly [string, CelType, unknown])[] = [['int', INT, 0n], ['uint', UINT, new CelUint(0n)], ['double', DOUBLE, 0], ['duration', DURATION, new CelDuration(0n)]];
const LIST_T = listType(T);
/** Longer ranges would cost more than any expression may. */
const MAX_RANGE = 10_000_000n;

/** Lists and sets (upstream: apiserver/pkg/cel/library/lists.go, cel-go ext/lists.go at version 3, ext/sets.go). */
export function listFunctions(): readonly FunctionDeclaration[] {
  return [
    declare('isSorted', ...COMPARABLE.map(([name, type]) => method(`list_${name}_is_sorted_bool`, [listType(type)], BOOL, isSorted))),
    declare('sum', ...SUMMABLE.map(([name, type, zero]) => method(`list_${name}_sum_${name}`, [listType(type)], type, (list: List) => list.reduce(add, zero)))),
    declare('min', ...COMPARABLE.map(([name, type]) => method(`list_${name}_min_${name}`, [listType(type)], type, (list: List) => extreme(list, 'min', -1)))),
    declare('max', ...COMPARABLE.map(([name, type]) => method(`list_${name}_max_${name}`, [listType(type)], type, (list: List) => extreme(list, 'max', 1)))),
    declare('indexOf', method('list_a_index_of_int', [listType(A), A], INT, (list: List, wanted: unknown) => BigInt(list.findIndex((item) => celEqual(item, wanted))))),
    declare('lastIndexOf', method('list_a_last_index_of_int', [listType(A), A], INT, (list: List, wanted: unknown) => BigInt(list.findLastIndex((item) => celEqual(item, wanted))))),
    declare('slice', method('list_slice', [LIST_T, INT, INT], LIST_T, slice)),
    declare('flatten', method('list_flatten', [listType(LIST_T)], LIST_T, (list: List) => flatten(list, 1n)), method('list_flatten_int', [listType(DYN), INT], listType(DYN), flatten)),
    declare('sort', ...COMPARABLE.map(([name, type]) => method(`list_${name}_sort`, [listType(type)], listType(type), (list: List) => sortByKeys(list, list)))),
    declare('@sortByAssociatedKeys', ...COMPARABLE.map(([name, type]) => method(`list_${name}_sortByAssociatedKeys`, [LIST_T, listType(type)], LIST_T, sortByKeys))),
    declare('lists.range', global('lists_range', [INT], listType(INT), range)),
    declare('reverse', method('list_reverse', [LIST_T], LIST_T, (list: List) => list.toReversed())),
    declare('distinct', method('list_distinct', [LIST_T], LIST_T, distinct)),
    declare('sets.contains', global('list_sets_contains_list', [LIST_T, LIST_T], BOOL, containsAll)),
    declare('sets.equivalent', global('list_sets_equivalent_list', [LIST_T, LIST_T], BOOL, (a: List, b: List) => containsAll(a, b) && containsAll(b, a))),
    declare('sets.intersects', global('list_sets_intersects_list', [LIST_T, LIST_T], BOOL, (a: List, b: List) => a.some((item) => b.some((other) => celEqual(item, other))))),
    declare('cel.@mapInsert', global('@mapInsert_map_key_value', [mapType(K, V), K, V], mapType(K, V), unreachableInsert), global('@mapInsert_map_map', [mapType(K, V), mapType(K, V)], mapType(K, V), unreachableInsert)),
  ];
}

/** Only transformMap's expansion calls it, which the evaluator carries out itself. */
function unreachableInsert(map: MapValue): MapValue {
  return map;
}

function isSorted(list: List): boolean {
  return list.every((item, index) => index === 0 || celCompare(list[index - 1], item) !== 1);
}

function extreme(list: List, name: string, sign: number): unknown {
  if (list.length === 0) throw new CelEvaluationError(`${name} called on empty list`);
  return list.reduce((best, item) => (celCompare(item, best) === sign ? item : best));
}

function slice(list: List, start: bigint, end: bigint): List {
  const refuse = (why: string): CelEvaluationError => new CelEvaluationError(`cannot slice(${start}, ${end}), ${why}`);
  if (start < 0n || end < 0n) throw refuse('negative indexes not supported');
  if (start > end) throw refuse('start index must be less than or equal to end index');
  if (list.length < end) throw refuse(`list is length ${list.length}`);
  return Array.from(list).slice(Number(start), Number(end));
}

function flatten(list: List, depth: bigint): List {
  if (depth < 0n) throw new CelEvaluationError('level must be non-negative');
  return depth === 0n ? list : list.flatMap((item) => (Array.isArray(item) ? flatten(item, depth - 1n) : [item]));
}

function sortByKeys(list: List, keys: List): List {
  if (list.length !== keys.length) {
    throw new CelEvaluationError(`@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but got ${list.length} and ${keys.length} elements respectively`);
  }
  if (list.length === 0) return list;
  if (celCompare(keys[0], keys[0]) === undefined) throw new CelEvaluationError('list elements must be comparable');
  const order = Array.from(keys.keys()).toSorted((a, b) => {
    const compared = typeof keys[a] === typeof keys[b] ? celCompare(keys[a], keys[b]) : undefined;
    if (compared === undefined) throw new CelEvaluationError('list elements must have the same type');
    return compared;
  });
  return order.map((index) => list[index]);
}

function range(size: bigint): List {
  if (size > MAX_RANGE) throw new CostLimitError('operation cancelled: actual cost limit exceeded');
  return Array.from({ length: Math.max(Number(size), 0) }, (_, index) => BigInt(index));
}

function distinct(list: List): List {
  const result: unknown[] = [];
  for (const item of list) if (!result.some((known) => celEqual(known, item))) result.push(item);
  return result;
}

function containsAll(list: List, wanted: List): boolean {
  return wanted.every((item) => list.some((other) => celEqual(item, other)));
}
