import { textOfDuration, textOfTimestamp } from './library/time.ts';
import { CelDuration, CelMap, CelOptional, CelTimestamp, CelUint } from './runtime/values.ts';

/** A JSON object as a map: members are converted when they are looked at, once. */
export class JsonMap extends CelMap {
  readonly #object: Readonly<Record<string, unknown>>;
  readonly #convert: (value: unknown, name: string) => unknown;
  readonly #known = new Map<string, unknown>();

  constructor(object: Readonly<Record<string, unknown>>, convert: (value: unknown, name: string) => unknown = celOfJson) {
    super();
    this.#object = object;
    this.#convert = convert;
  }

  get size(): number {
    return this.keys().length;
  }

  get(key: unknown): unknown {
    if (typeof key !== 'string' || !Object.hasOwn(this.#object, key)) return undefined;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const member = this.#object[key];
    if (member === undefined) return undefined;
    const value = this.#convert(member, key);
    this.#known.set(key, value);
    return value;
  }

  keys(): readonly string[] {
    return Object.keys(this.#object).filter((name) => this.#object[name] !== undefined);
  }
}

/** JSON without a schema: whole numbers are ints, others doubles. */
export function celOfJson(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(celOfJson);
  if (typeof value !== 'object' || value === null) return value;
  return new JsonMap(value as Readonly<Record<string, unknown>>);
}

/** The way back; throws on what JSON has no form for. */
export function jsonOfCel(value: unknown): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return Array.from(value, jsonOfCel);
  if (value instanceof CelMap) return Object.fromEntries(value.keys().map((key) => [String(key), jsonOfCel(value.get(key))]));
  if (value instanceof CelOptional) return value.hasValue ? jsonOfCel(value.value) : null;
  if (value instanceof CelUint) return Number(value.value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof CelTimestamp) return textOfTimestamp(value);
  if (value instanceof CelDuration) return textOfDuration(value);
  throw new Error(`unsupported type ${typeof value}`);
}
