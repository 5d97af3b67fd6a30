import { Optional } from '@marcbachmann/cel-js';

/** JSON as CEL sees it: whole numbers are ints, others doubles; maps have no prototype. */
export function celOfJson(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(celOfJson);
  if (typeof value !== 'object' || value === null) return value;
  const result = Object.create(null) as Record<string, unknown>;
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) result[key] = celOfJson(member);
  }
  return result;
}

/** The way back; throws on what JSON has no form for. */
export function jsonOfCel(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') return value;
  if (Array.isArray(value) || value instanceof Set) return [...value].map(jsonOfCel);
  if (value instanceof Optional) return value.hasValue() ? jsonOfCel(value.value()) : null;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'object') return Object.fromEntries(membersOf(value));
  throw new Error(`unsupported type ${typeof value}`);
}

function membersOf(value: object): [string, unknown][] {
  const members = value instanceof Map ? [...value.entries()] : Object.entries(value);
  return members.map(([key, member]) => [String(key), jsonOfCel(member)]);
}

/** Deep equality as CEL's ==, over values of {@link celOfJson}. */
export function celEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== typeof b) return (typeof a === 'bigint' && typeof b === 'number' && Number(a) === b) || (typeof a === 'number' && typeof b === 'bigint' && a === Number(b));
  if (typeof a !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, index) => celEqual(item, b[index]));
  if (Array.isArray(b)) return false;
  const left = Object.entries(a);
  return left.length > 0 && left.length === Object.keys(b as object).length && left.every(([key, value]) => Object.hasOwn(b as object, key) && celEqual(value, (b as Record<string, unknown>)[key]));
}
