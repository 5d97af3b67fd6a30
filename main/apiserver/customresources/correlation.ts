import { deepEqual, isJsonObject } from '../../../kube/apimachinery/json.ts';
import { type JsonSchema, memberSchema } from './json-schema.ts';

/** A value of an update beside what it was before (upstream: apiserver/pkg/cel/common/equality.go). */
export class Correlation {
  readonly #value: unknown;
  readonly #old: unknown;
  readonly #schema: JsonSchema;
  #isEqual: boolean | undefined;

  constructor(value: unknown, old: unknown, schema: JsonSchema) {
    this.#value = value;
    this.#old = old;
    this.#schema = schema;
  }

  get isUnchanged(): boolean {
    return (this.#isEqual ??= deepEqual(this.#value, this.#old));
  }

  /** Undefined where nothing was before. */
  key(name: string): Correlation | undefined {
    if (!isJsonObject(this.#value) || !isJsonObject(this.#old)) return undefined;
    if (!Object.hasOwn(this.#value, name) || !Object.hasOwn(this.#old, name)) return undefined;
    const schema = memberSchema(this.#schema, name);
    return schema && new Correlation(this.#value[name], this.#old[name], schema);
  }

  /** Only items with keys have a history of their own. */
  index(index: number): Correlation | undefined {
    const { items } = this.#schema;
    if (!items || !Array.isArray(this.#value)) return undefined;
    const item: unknown = this.#value[index];
    const old = historyOf(this.#old, this.#schema)(item);
    return old === undefined ? undefined : new Correlation(item, old, items);
  }
}

/** The old item of a new one: by its keys in a list of type map; elsewhere items have no history. */
export function historyOf(old: unknown, schema: JsonSchema): (item: unknown) => unknown {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  if (!Array.isArray(old) || schema['x-kubernetes-list-type'] !== 'map') return () => undefined;
  const identity = (item: unknown): string => JSON.stringify(keys.map((key) => (isJsonObject(item) ? item[key] : undefined)));
  const byKey = new Map(old.map((item: unknown) => [identity(item), item]));
  return (item) => byKey.get(identity(item));
}
