import { isNumberLiteral } from './number-literal.ts';

/** JSON values: equality, copies, freezing. Members that are undefined count as absent. */

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [member: string]: Json;
}

/**
 * How deep a document from outside may nest. Whatever walks objects by recursion relies on it.
 * Differs from upstream: Go's decoders stop at 10,000, which is more than the stack holds here.
 */
export const maxNesting = 1000;

/** Whether it nests deeper than {@link maxNesting}. Iterative: it is asked before anything recursive is done. */
export function isNestedTooDeeply(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxNesting) return true;
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item).filter((member) => typeof member === 'object') : []));
  }
  return false;
}

export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function deepEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b) || a === b) return true;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let index = 0; index < a.length; index++) if (!deepEqual(a[index], b[index])) return false;
    return true;
  }
  if (!isJsonObject(a) || !isJsonObject(b) || countDefined(a) !== countDefined(b)) return false;
  for (const key in a) {
    const member = a[key];
    if (member !== undefined && !(Object.hasOwn(b, key) && deepEqual(member, b[key]))) return false;
  }
  return true;
}

function countDefined(object: Record<string, unknown>): number {
  let count = 0;
  for (const key in object) if (object[key] !== undefined) count += 1;
  return count;
}

/** A copy that shares nothing; undefined members are dropped. Only for JSON values: class instances lose their class. */
export function deepCopy<T>(value: T): T {
  return copyJson(value) as T;
}

function copyJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyJson);
  if (!isJsonObject(value) || isNumberLiteral(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const member = value[key];
    if (member !== undefined) setMember(copy, key, copyJson(member));
  }
  return copy;
}

/** Assigns an own member even when it is named `__proto__`. */
export function setMember(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  else object[key] = value;
}

/** Freezes in place and returns the value; tests use it to prove that nobody changes shared objects. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    if (Array.isArray(value)) for (const item of value) deepFreeze(item);
    else for (const key in value) deepFreeze(value[key]);
  }
  return value;
}
