import { isExactType } from '../types.ts';
import { CelDuration, CelMap, CelObject, CelOptional, CelTimestamp, CelUint, KeyedList, SetList, TypeValue } from './values.ts';

/** CEL's ==: numbers by value, anything else only with its like. */
export function celEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  const [left, right] = [numberOf(a), numberOf(b)];
  if (left !== undefined || right !== undefined) return left !== undefined && right !== undefined && compareNumbers(left, right) === 0;
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && listsEqual(a, b);
  if (a instanceof CelMap) return b instanceof CelMap && mapsEqual(a, b);
  if (a instanceof CelTimestamp) return b instanceof CelTimestamp && a.nanos === b.nanos;
  if (a instanceof CelDuration) return b instanceof CelDuration && a.nanos === b.nanos;
  if (a instanceof CelOptional) return b instanceof CelOptional && a.hasValue === b.hasValue && (!a.hasValue || celEqual(a.value, b.value));
  if (a instanceof TypeValue) return b instanceof TypeValue && a.type.kind === b.type.kind && (a.type.kind === 'list' || a.type.kind === 'map' || isExactType(a.type, b.type));
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  return a instanceof CelObject && b instanceof CelObject && a.constructor === b.constructor && a.equals(b);
}

function listsEqual(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  if (a instanceof SetList) return a.every((item) => b.some((other) => celEqual(item, other)));
  if (a instanceof KeyedList) {
    const byKey = new Map(b.map((item) => [a.identity(item), item]));
    return a.every((item) => celEqual(item, byKey.get(a.identity(item))));
  }
  return a.every((item, index) => celEqual(item, b[index]));
}

function mapsEqual(a: CelMap, b: CelMap): boolean {
  if (a.size !== b.size) return false;
  return a.keys().every((key) => {
    const other = b.get(key);
    return other !== undefined && celEqual(a.get(key), other);
  });
}

export function numberOf(value: unknown): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  return value instanceof CelUint ? value.value : undefined;
}

/** NaN for values without order. JavaScript compares bigints and numbers by value. */
export function compareNumbers(a: bigint | number, b: bigint | number): number {
  return a < b ? -1 : a > b ? 1 : a == b ? 0 : Number.NaN;
}

/** -1, 0, 1; NaN when there is no order; undefined when there is no such comparison. */
export function celCompare(a: unknown, b: unknown): number | undefined {
  const [left, right] = [numberOf(a), numberOf(b)];
  if (left !== undefined && right !== undefined) return compareNumbers(left, right);
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof CelTimestamp && b instanceof CelTimestamp) return compareNumbers(a.nanos, b.nanos);
  if (a instanceof CelDuration && b instanceof CelDuration) return compareNumbers(a.nanos, b.nanos);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  return undefined;
}

const SURROGATE = /[\ud800-\udfff]/;

/** By bytes of UTF-8, as Go. */
function compareText(a: string, b: string): number {
  if (SURROGATE.test(a) || SURROGATE.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : a > b ? 1 : 0;
}
