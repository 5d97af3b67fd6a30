import type { TypeProvider } from '../cel/declarations.ts';
import type { Range } from '../cel/cost/range.ts';
import { BOOL, BYTES, type CelType, DOUBLE, DURATION, DYN, INT, listType, mapType, STRING, structType, TIMESTAMP } from '../cel/types.ts';
import { celNameOf } from './cel-names.ts';
import { additionalOf, type JsonSchema } from './json-schema.ts';

/** What CEL knows of the data that a structural schema describes (upstream: apiserver/pkg/cel/common/schemas.go and pkg/cel/types.go). */
export interface DeclaredType {
  readonly type: CelType;
  /** The most elements, properties, characters or bytes that a request has room for; of anything else 0, as upstream. */
  readonly maxElements: number;
  /** The fewest bytes that such a value takes as JSON. */
  readonly minSize: number;
  /** Of lists and maps. */
  readonly element?: DeclaredType;
  readonly key?: DeclaredType;
  /** Of objects, by their names in CEL. */
  readonly fields?: ReadonlyMap<string, DeclaredType>;
}

/** Upstream: apiserver/pkg/apis/cel/config.go and pkg/cel/limits.go. */
const MAX_REQUEST_SIZE = 3 * 1024 * 1024;
const MAX_TEXT = MAX_REQUEST_SIZE - 2;
const [MAX_DURATION, DATE_SIZE, MAX_DATE_TIME, MIN_DURATION, MIN_DATE_TIME] = [32, 12, 32, 3, 21];
/** In characters; requests are limited in bytes. */
const BYTES_PER_CHARACTER = 4;

const NAME: JsonSchema = { type: 'string' };
const OBJECT_FIELDS: Readonly<Record<string, JsonSchema>> = { kind: NAME, apiVersion: NAME, metadata: { type: 'object', properties: { name: NAME, generateName: NAME } } };

/** With what rules see of every object: its kind and name; as it is where it says all that itself. */
export function asResource(schema: JsonSchema): JsonSchema {
  const { kind, apiVersion, metadata } = schema.properties ?? {};
  const named = metadata?.properties;
  if (kind?.type === 'string' && apiVersion?.type === 'string' && named?.['name']?.type === 'string' && named['generateName']?.type === 'string') return schema;
  return { ...schema, properties: { ...schema.properties, ...OBJECT_FIELDS } };
}

/** Undefined for what expressions cannot see. `name` is that of the type, should it be an object. */
export function declareType(schema: JsonSchema, { name, isResource = false }: { readonly name: string; readonly isResource?: boolean }): DeclaredType | undefined {
  if (schema['x-kubernetes-int-or-string']) return { type: DYN, minSize: 1, maxElements: schema.maxLength === undefined ? MAX_TEXT : characters(schema.maxLength) };
  switch (schema.type) {
    case 'array':
      return declareList(schema, name);
    case 'object':
      return declareObject(isResource ? asResource(schema) : schema, name);
    case 'string':
      return declareText(schema);
    case 'boolean':
      return { type: BOOL, minSize: 4, maxElements: 0 };
    case 'number':
      return { type: DOUBLE, minSize: 1, maxElements: 0 };
    case 'integer':
      return { type: INT, minSize: 1, maxElements: 0 };
    default:
      return undefined;
  }
}

function isEmbedded(schema: JsonSchema): boolean {
  return schema['x-kubernetes-embedded-resource'] === true;
}

function declareList({ items, maxItems }: JsonSchema, name: string): DeclaredType | undefined {
  const element = items && declareType(items, { name: `${name}.@idx`, isResource: isEmbedded(items) });
  if (!element) return undefined;
  const maxElements = maxItems === undefined ? Math.floor((MAX_REQUEST_SIZE - 2) / (element.minSize + 1)) : Math.max(maxItems, 0);
  return { type: listType(element.type), minSize: 2, maxElements, element };
}

function declareObject(schema: JsonSchema, name: string): DeclaredType | undefined {
  const additional = additionalOf(schema);
  if (additional) return declareMap(schema, additional, name);
  const fields = new Map<string, DeclaredType>();
  let minSize = 2;
  for (const [property, propertySchema] of Object.entries(schema.properties ?? {})) {
    const celName = celNameOf(property);
    const field = declareType(propertySchema, { name: `${name}.${celName ?? property}`, isResource: isEmbedded(propertySchema) });
    if (!field) continue;
    if (celName !== undefined) fields.set(celName, field);
    if (schema.required?.includes(property) && propertySchema.default === undefined) minSize += property.length + field.minSize + 4;
  }
  return { type: structType(name), minSize, maxElements: 0, fields };
}

function declareMap({ maxProperties }: JsonSchema, additional: JsonSchema, name: string): DeclaredType | undefined {
  const element = declareType(additional, { name: `${name}.@elem`, isResource: isEmbedded(additional) });
  if (!element) return undefined;
  const maxElements = maxProperties === undefined ? Math.floor((MAX_REQUEST_SIZE - 2) / (element.minSize + 6)) : Math.max(maxProperties, 0);
  return { type: mapType(STRING, element.type), minSize: 2, maxElements, element, key: { type: STRING, minSize: 2, maxElements: 0 } };
}

function declareText({ format, maxLength, enum: values = [] }: JsonSchema): DeclaredType {
  switch (format) {
    case 'byte':
      return { type: BYTES, minSize: 2, maxElements: maxLength === undefined ? MAX_TEXT : Math.max(maxLength, 0) };
    case 'duration':
      return { type: DURATION, minSize: MIN_DURATION, maxElements: MAX_DURATION };
    case 'date':
      return { type: TIMESTAMP, minSize: DATE_SIZE, maxElements: DATE_SIZE };
    case 'date-time':
      return { type: TIMESTAMP, minSize: MIN_DATE_TIME, maxElements: MAX_DATE_TIME };
    default:
      return { type: STRING, minSize: 2, maxElements: maxLength !== undefined ? characters(maxLength) : values.length > 0 ? longest(values) : MAX_TEXT };
  }
}

function characters(maxLength: number): number {
  return Math.max(maxLength, 0) * BYTES_PER_CHARACTER;
}

function longest(values: readonly unknown[]): number {
  return Math.max(0, ...values.map((value) => (typeof value === 'string' ? Buffer.byteLength(value) : 0)));
}

/** How often a value of this type fits into one request: the most times that a rule on it can run. */
export function maxCardinality({ minSize }: DeclaredType): number {
  return Math.floor(MAX_REQUEST_SIZE / (minSize + 1));
}

/** The size of the data at a path below `self`. */
export function sizeWithin(root: DeclaredType): (path: readonly string[]) => Range | undefined {
  return ([, ...path]) => {
    let at: DeclaredType | undefined = root;
    for (const step of path) {
      if (step === '@items' || step === '@values') at = at.element;
      else if (step === '@keys') at = at.key;
      else at = at.fields?.get(step);
      if (!at) return undefined;
    }
    return { min: 0, max: at.maxElements };
  };
}

/** The object types that a declared type is made of. */
export function providerOf(root: DeclaredType): TypeProvider {
  const types = new Map<string, ReadonlyMap<string, DeclaredType>>();
  const collect = ({ type, fields, element }: DeclaredType): void => {
    if (fields) types.set(type.name, fields);
    for (const field of fields?.values() ?? []) collect(field);
    if (element) collect(element);
  };
  collect(root);
  return { hasType: (name) => types.has(name), fieldType: (name, field) => types.get(name)?.get(field)?.type };
}
