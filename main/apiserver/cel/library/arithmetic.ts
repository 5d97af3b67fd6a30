import { A, declare, type FunctionDeclaration, global, B, K, V } from '../declarations.ts';
import { celCompare, celEqual } from '../runtime/equality.ts';
import { CelEvaluationError, noSuchOverload } from '../runtime/evaluation-error.ts';
import { CelDuration, CelMap, CelTimestamp, CelUint, KeyedList, SetList } from '../runtime/values.ts';
import { BOOL, BYTES, type CelType, DOUBLE, DURATION, DYN, INT, listType, mapType, optionalType, STRING, TIMESTAMP, UINT } from '../types.ts';

const [INT_MIN, INT_MAX, UINT_MAX] = [-(2n ** 63n), 2n ** 63n - 1n, 2n ** 64n - 1n];
/** Years 1 to 9999. */
const [TIME_MIN, TIME_MAX] = [-62_135_596_800_000_000_000n, 253_402_300_799_999_999_999n];

export function asInt(value: bigint): bigint {
  if (value < INT_MIN || value > INT_MAX) throw new CelEvaluationError('integer overflow');
  return value;
}

export function asUint(value: bigint): CelUint {
  if (value < 0n || value > UINT_MAX) throw new CelEvaluationError('unsigned integer overflow');
  return new CelUint(value);
}

export function asTimestamp(nanos: bigint): CelTimestamp {
  if (nanos < TIME_MIN || nanos > TIME_MAX) throw new CelEvaluationError('timestamp overflow');
  return new CelTimestamp(nanos);
}

export function asDuration(nanos: bigint): CelDuration {
  if (nanos < INT_MIN || nanos > INT_MAX) throw new CelEvaluationError('duration overflow');
  return new CelDuration(nanos);
}

export function add(a: unknown, b: unknown): unknown {
  if (typeof a === 'bigint' && typeof b === 'bigint') return asInt(a + b);
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  if (typeof a === 'string' && typeof b === 'string') return a + b;
  if (Array.isArray(a) && Array.isArray(b)) return concatenated(a, b);
  if (a instanceof CelUint && b instanceof CelUint) return asUint(a.value + b.value);
  if (a instanceof CelDuration && b instanceof CelDuration) return asDuration(a.nanos + b.nanos);
  if (a instanceof CelTimestamp && b instanceof CelDuration) return asTimestamp(a.nanos + b.nanos);
  if (a instanceof CelDuration && b instanceof CelTimestamp) return asTimestamp(a.nanos + b.nanos);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return new Uint8Array(Buffer.concat([a, b]));
  throw noSuchOverload();
}

/** Sets and lists with keys merge (upstream: apiserver/pkg/cel/common/valuesunstructured.go). */
function concatenated(a: readonly unknown[], b: readonly unknown[]): readonly unknown[] {
  if (a instanceof SetList) return SetList.from([...a, ...b.filter((item) => !a.some((other) => celEqual(item, other)))]);
  if (!(a instanceof KeyedList)) return [...a, ...b];
  const merged = new KeyedList();
  merged.keyNames = a.keyNames;
  const places = new Map<string, number>();
  for (const item of [...a, ...b]) {
    const id = a.identity(item);
    const place = places.get(id);
    if (place === undefined) places.set(id, merged.push(item) - 1);
    else merged[place] = item;
  }
  return merged;
}

function subtract(a: unknown, b: unknown): unknown {
  if (typeof a === 'bigint' && typeof b === 'bigint') return asInt(a - b);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (a instanceof CelUint && b instanceof CelUint) return asUint(a.value - b.value);
  if (a instanceof CelDuration && b instanceof CelDuration) return asDuration(a.nanos - b.nanos);
  if (a instanceof CelTimestamp && b instanceof CelDuration) return asTimestamp(a.nanos - b.nanos);
  if (a instanceof CelTimestamp && b instanceof CelTimestamp) return asDuration(a.nanos - b.nanos);
  throw noSuchOverload();
}

function multiply(a: unknown, b: unknown): unknown {
  if (typeof a === 'bigint' && typeof b === 'bigint') return asInt(a * b);
  if (typeof a === 'number' && typeof b === 'number') return a * b;
  if (a instanceof CelUint && b instanceof CelUint) return asUint(a.value * b.value);
  throw noSuchOverload();
}

function divide(a: unknown, b: unknown): unknown {
  if (typeof a === 'number' && typeof b === 'number') return a / b;
  if (typeof a === 'bigint' && b === 0n) throw new CelEvaluationError('division by zero');
  if (typeof a === 'bigint' && typeof b === 'bigint') return asInt(a / b);
  if (!(a instanceof CelUint) || !(b instanceof CelUint)) throw noSuchOverload();
  if (b.value === 0n) throw new CelEvaluationError('division by zero');
  return new CelUint(a.value / b.value);
}

function modulo(a: unknown, b: unknown): unknown {
  if (typeof a === 'bigint' && b === 0n) throw new CelEvaluationError('modulus by zero');
  if (typeof a === 'bigint' && typeof b === 'bigint') return a % b;
  if (!(a instanceof CelUint) || !(b instanceof CelUint)) throw noSuchOverload();
  if (b.value === 0n) throw new CelEvaluationError('modulus by zero');
  return new CelUint(a.value % b.value);
}

function negate(a: unknown): unknown {
  if (typeof a === 'bigint') return asInt(-a);
  if (typeof a === 'number') return -a;
  throw noSuchOverload();
}

function isIn(item: unknown, container: unknown): boolean {
  if (Array.isArray(container)) return container.some((other) => celEqual(item, other));
  if (container instanceof CelMap) return container.get(item) !== undefined;
  throw noSuchOverload();
}

function ordering(test: (order: number) => boolean): (a: unknown, b: unknown) => boolean {
  return (a, b) => {
    const order = celCompare(a, b);
    if (order === undefined) throw noSuchOverload();
    if (Number.isNaN(order)) throw new CelEvaluationError('NaN values cannot be ordered');
    return test(order);
  };
}

const NAMES: ReadonlyMap<CelType, string> = new Map([[BOOL, 'bool'], [INT, 'int64'], [UINT, 'uint64'], [DOUBLE, 'double'], [STRING, 'string'], [BYTES, 'bytes'], [TIMESTAMP, 'timestamp'], [DURATION, 'duration']]);
const NUMBERS = [INT, UINT, DOUBLE];

function comparison(name: string, prefix: string, test: (order: number) => boolean): FunctionDeclaration {
  const compare = ordering(test);
  const same = [BOOL, INT, UINT, DOUBLE, STRING, BYTES, TIMESTAMP, DURATION].map((type) => global(`${prefix}_${NAMES.get(type)}`, [type, type], BOOL, compare));
  const mixed = NUMBERS.flatMap((a) => NUMBERS.filter((b) => a !== b).map((b) => global(`${prefix}_${NAMES.get(a)}_${NAMES.get(b)}`, [a, b], BOOL, compare)));
  return declare(name, ...same, ...mixed);
}

const LIST_A = listType(A);
const MAP_AB = mapType(A, B);

/** The operators of cel-go common/stdlib, with the ids that costs are looked up by. */
export function operators(): readonly FunctionDeclaration[] {
  return [
    declare('_?_:_', global('conditional', [BOOL, A, A], A)),
    declare('_&&_', global('logical_and', [BOOL, BOOL], BOOL)),
    declare('_||_', global('logical_or', [BOOL, BOOL], BOOL)),
    declare('!_', global('logical_not', [BOOL], BOOL, (value: boolean) => !value)),
    declare('@not_strictly_false', global('not_strictly_false', [BOOL], BOOL)),
    declare('_==_', global('equals', [A, A], BOOL, celEqual)),
    declare('_!=_', global('not_equals', [A, A], BOOL, (a: unknown, b: unknown) => !celEqual(a, b))),
    declare('_+_', ...[[BYTES, BYTES, BYTES, 'add_bytes'], [DOUBLE, DOUBLE, DOUBLE, 'add_double'], [DURATION, DURATION, DURATION, 'add_duration_duration'],
      [DURATION, TIMESTAMP, TIMESTAMP, 'add_duration_timestamp'], [TIMESTAMP, DURATION, TIMESTAMP, 'add_timestamp_duration'], [INT, INT, INT, 'add_int64'],
      [LIST_A, LIST_A, LIST_A, 'add_list'], [STRING, STRING, STRING, 'add_string'], [UINT, UINT, UINT, 'add_uint64']].map(binary(add))),
    declare('_-_', ...[[DOUBLE, DOUBLE, DOUBLE, 'subtract_double'], [DURATION, DURATION, DURATION, 'subtract_duration_duration'], [INT, INT, INT, 'subtract_int64'],
      [TIMESTAMP, DURATION, TIMESTAMP, 'subtract_timestamp_duration'], [TIMESTAMP, TIMESTAMP, DURATION, 'subtract_timestamp_timestamp'], [UINT, UINT, UINT, 'subtract_uint64']].map(binary(subtract))),
    declare('_*_', ...NUMBERS.map((type) => binary(multiply)([type, type, type, `multiply_${NAMES.get(type)}`]))),
    declare('_/_', ...NUMBERS.map((type) => binary(divide)([type, type, type, `divide_${NAMES.get(type)}`]))),
    declare('_%_', ...[INT, UINT].map((type) => binary(modulo)([type, type, type, `modulo_${NAMES.get(type)}`]))),
    declare('-_', global('negate_double', [DOUBLE], DOUBLE, negate), global('negate_int64', [INT], INT, negate)),
    comparison('_<_', 'less', (order) => order < 0),
    comparison('_<=_', 'less_equals', (order) => order <= 0),
    comparison('_>_', 'greater', (order) => order > 0),
    comparison('_>=_', 'greater_equals', (order) => order >= 0),
    declare('@in', global('in_list', [A, LIST_A], BOOL, isIn), global('in_map', [A, MAP_AB], BOOL, isIn)),
    declare('_[_]', global('index_list', [LIST_A, INT], A), global('index_map', [MAP_AB, A], B),
      global('optional_list_index_int', [optionalType(listType(V)), INT], optionalType(V)), global('optional_map_index_value', [optionalType(mapType(K, V)), K], optionalType(V))),
    declare('_[?_]', global('list_optindex_optional_int', [listType(V), INT], optionalType(V)), global('optional_list_optindex_optional_int', [optionalType(listType(V)), INT], optionalType(V)),
      global('map_optindex_optional_value', [mapType(K, V), K], optionalType(V)), global('optional_map_optindex_optional_value', [optionalType(mapType(K, V)), K], optionalType(V))),
    declare('_?._', global('select_optional_field', [DYN, STRING], optionalType(V))),
  ];
}

function binary(implementation: (a: unknown, b: unknown) => unknown): (row: readonly unknown[]) => ReturnType<typeof global> {
  return ([a, b, result, id]) => global(id as string, [a as CelType, b as CelType], result as CelType, implementation);
}
