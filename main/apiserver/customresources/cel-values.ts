import { isJsonObject } from '../../../kube/apimachinery/json.ts';
import { celOfJson, JsonMap } from '../cel/json-values.ts';
import { durationOf, parseTimestamp } from '../cel/library/time.ts';
import { CelMap, CelTimestamp, KeyedList, SetList } from '../cel/runtime/values.ts';
import { celNameOf } from './cel-names.ts';
import { asResource } from './declared-type.ts';
import { additionalOf, type JsonSchema, propertyOf } from './json-schema.ts';

/** The value as its schema says (upstream: apiserver/pkg/cel/common/valuesunstructured.go). Objects are looked into when rules do. */
export function celOfValue(value: unknown, schema: JsonSchema | undefined): unknown {
  if (schema === undefined || value === null || value === undefined || schema['x-kubernetes-int-or-string']) return celOfJson(value);
  if (Array.isArray(value)) return celOfList(value, schema);
  if (isJsonObject(value)) return celOfObject(value, schema);
  if (typeof value === 'number' && schema.type === 'number') return value;
  if (typeof value === 'string') return celOfText(value, schema);
  return celOfJson(value);
}

function celOfText(text: string, { format }: JsonSchema): unknown {
  switch (format) {
    case 'date-time':
      return parseTimestamp(text) ?? text;
    case 'date':
      return timestampOfDate(text) ?? text;
    case 'duration':
      return durationOrText(text);
    case 'byte':
      return new Uint8Array(Buffer.from(text, 'base64'));
    default:
      return text;
  }
}

function timestampOfDate(text: string): CelTimestamp | undefined {
  return parseTimestamp(`${text}T00:00:00Z`);
}

function durationOrText(text: string): unknown {
  try {
    return durationOf(text);
  } catch {
    return text;
  }
}

function celOfList(list: readonly unknown[], schema: JsonSchema): readonly unknown[] {
  const items = list.map((item) => celOfValue(item, schema.items));
  switch (schema['x-kubernetes-list-type']) {
    case 'set':
      return SetList.from(items);
    case 'map': {
      const keyed = new KeyedList();
      for (const item of items) keyed.push(item);
      keyed.keyNames = (schema['x-kubernetes-list-map-keys'] ?? []).map((key) => celNameOf(key) ?? key);
      return keyed;
    }
    default:
      return items;
  }
}

function celOfObject(object: Readonly<Record<string, unknown>>, schema: JsonSchema): CelMap {
  const additional = additionalOf(schema);
  if (additional) return new JsonMap(object, (member) => celOfValue(member, additional));
  return new StructMap(object, schema['x-kubernetes-embedded-resource'] ? asResource(schema) : schema);
}

/** An object with declared properties, under their names in CEL; what is not declared is not seen. */
class StructMap extends CelMap {
  readonly #object: Readonly<Record<string, unknown>>;
  readonly #schema: JsonSchema;
  #names: ReadonlyMap<string, string> | undefined;
  readonly #known = new Map<string, unknown>();

  constructor(object: Readonly<Record<string, unknown>>, schema: JsonSchema) {
    super();
    this.#object = object;
    this.#schema = schema;
  }

  /** CEL's names and ours. */
  get #members(): ReadonlyMap<string, string> {
    if (this.#names) return this.#names;
    const names = new Map<string, string>();
    for (const name of Object.keys(this.#object)) {
      const celName = this.#object[name] !== undefined && propertyOf(this.#schema, name) ? celNameOf(name) : undefined;
      if (celName !== undefined) names.set(celName, name);
    }
    return (this.#names = names);
  }

  get size(): number {
    return this.#members.size;
  }

  get(key: unknown): unknown {
    const name = this.#members.get(key as string);
    if (name === undefined) return undefined;
    let value = this.#known.get(name);
    if (value === undefined) {
      value = celOfValue(this.#object[name], propertyOf(this.#schema, name));
      this.#known.set(name, value);
    }
    return value;
  }

  keys(): readonly string[] {
    return [...this.#members.keys()];
  }
}
