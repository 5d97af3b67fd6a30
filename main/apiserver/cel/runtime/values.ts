import type { CelType } from '../types.ts';

/**
 * Values of expressions: null, boolean, string, bigint (int), number (double), Uint8Array (bytes), arrays (lists), and the classes below.
 * Types are values too (`type(1) == int`): a TypeValue.
 */

export class CelUint {
  readonly value: bigint;

  constructor(value: bigint) {
    this.value = value;
  }
}

/** Nanoseconds since 1970. */
export class CelTimestamp {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

export class CelDuration {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

export class CelOptional {
  readonly hasValue: boolean;
  readonly value: unknown;

  private constructor(hasValue: boolean, value: unknown) {
    this.hasValue = hasValue;
    this.value = value;
  }

  static readonly none = new CelOptional(false, undefined);

  static of(value: unknown): CelOptional {
    return new CelOptional(true, value);
  }
}

export class TypeValue {
  readonly type: CelType;

  constructor(type: CelType) {
    this.type = type;
  }
}

/** A value of a library, such as an IP address. */
export abstract class CelObject {
  abstract readonly type: CelType;

  /** Of the same class. */
  abstract equals(other: this): boolean;

  /** What `value.field` gives; undefined when there is no such field. */
  field(_name: string): unknown {
    return undefined;
  }

  /** As `string(value)` and cost accounting see it, where they do. */
  get size(): number {
    return 1;
  }
}

/** Maps and objects. Absent keys give undefined. */
export abstract class CelMap {
  abstract readonly size: number;
  abstract get(key: unknown): unknown;
  abstract keys(): readonly unknown[];
}

/** A map that an expression made. */
export class MapValue extends CelMap {
  readonly #entries = new Map<string, { readonly key: unknown; readonly value: unknown }>();
  /** Of objects that an expression made: `Object.spec`. */
  readonly typeName: string | undefined;

  constructor(typeName?: string) {
    super();
    this.typeName = typeName;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: unknown): unknown {
    const id = keyId(key);
    return id === undefined ? undefined : this.#entries.get(id)?.value;
  }

  /** False when the key was there before, or is no key. */
  insert(key: unknown, value: unknown): boolean {
    const id = keyId(key);
    if (id === undefined || this.#entries.has(id)) return false;
    this.#entries.set(id, { key, value });
    return true;
  }

  keys(): readonly unknown[] {
    return [...this.#entries.values()].map(({ key }) => key);
  }
}

/** Numbers that are equal are the same key, whatever their types. */
function keyId(key: unknown): string | undefined {
  switch (typeof key) {
    case 'string':
      return `s${key}`;
    case 'boolean':
      return `b${key}`;
    case 'bigint':
      return `n${key}`;
    case 'number':
      return `n${Number.isInteger(key) ? BigInt(key) : key}`;
    default:
      return key instanceof CelUint ? `n${key.value}` : undefined;
  }
}

/** A list whose order does not matter (x-kubernetes-list-type: set). */
export class SetList extends Array<unknown> {}

/** A list of objects with keys (x-kubernetes-list-type: map). */
export class KeyedList extends Array<unknown> {
  /** Names of the keys as expressions write them. */
  keyNames: readonly string[] = [];

  identity(item: unknown): string {
    return JSON.stringify(this.keyNames.map((name) => (item instanceof CelMap ? (keyId(item.get(name)) ?? null) : null)));
  }
}

/** Characters: what CEL counts. */
export function textSize(text: string): number {
  let size = text.length;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code >= 0xd800 && code < 0xdc00 && index + 1 < text.length) {
      size--;
      index++;
    }
  }
  return size;
}
