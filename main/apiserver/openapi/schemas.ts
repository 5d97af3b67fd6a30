import type { FieldSchema, ObjectSchema, ValueKind } from '../../../kube/api/schema.ts';
import { schemaOfMessage } from '../../../kube/api/schema.ts';
import {
  definitionName, FIELDS_V1, INT_OR_STRING, kindsOfMessage, MICRO_TIME, QUANTITY, RAW_EXTENSION, TIME,
} from './definition-names.ts';
import { describeMessage } from './descriptions.ts';
import { specialDefinitions, unionsOf } from './special-definitions.ts';

/** The two forms of OpenAPI: 2 refers to #/definitions, 3 to #/components/schemas and writes defaults. */
export type Dialect = 2 | 3;
export type Json = Record<string, unknown>;

const inlineKinds: Readonly<Partial<Record<ValueKind, Json>>> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
  duration: { type: 'string' },
  strings: { type: 'array', items: { type: 'string' } },
};

const referredKinds: Readonly<Partial<Record<ValueKind, string>>> = {
  time: TIME,
  microTime: MICRO_TIME,
  quantity: QUANTITY,
  intOrString: INT_OR_STRING,
  rawExtension: RAW_EXTENSION,
  fieldsV1: FIELDS_V1,
  any: definitionName('apiextensions/v1.JSON'),
  schemaOrBool: definitionName('apiextensions/v1.JSONSchemaPropsOrBool'),
  schemaOrArray: definitionName('apiextensions/v1.JSONSchemaPropsOrArray'),
  schemaOrStrings: definitionName('apiextensions/v1.JSONSchemaPropsOrStringArray'),
};

/** The definition that a field's value refers to; undefined for inline types. */
export function referenceOf(field: Pick<FieldSchema, 'kind' | 'message'>): string | undefined {
  return field.kind === 'object' ? definitionName(field.message) : referredKinds[field.kind];
}

export function refTo(name: string, dialect: Dialect): Json {
  return { $ref: dialect === 2 ? `#/definitions/${name}` : `#/components/schemas/${name}` };
}

const zeroDefaults: Readonly<Partial<Record<ValueKind, unknown>>> = { string: '', boolean: false, int32: 0, int64: 0, double: 0 };

/** A list item or map value; since 1.36 they have no defaults. */
function elementSchema(field: FieldSchema, dialect: Dialect): Json {
  const reference = referenceOf(field);
  return reference === undefined ? { ...inlineKinds[field.kind] } : refTo(reference, dialect);
}

function bareField(field: FieldSchema, dialect: Dialect): Json {
  if (field.container === 'list') return { type: 'array', items: elementSchema(field, dialect) };
  if (field.container === 'map') return { type: 'object', additionalProperties: elementSchema(field, dialect) };
  const reference = referenceOf(field);
  if (reference === undefined) return { ...inlineKinds[field.kind] };
  return dialect === 2 ? refTo(reference, dialect) : { allOf: [refTo(reference, dialect)] };
}

/** Upstream's generator writes a zero default for values that are no pointers and have no omitempty, and `{}` for structs. */
function defaultOf(field: FieldSchema): unknown {
  if (field.defaultValue !== undefined) return JSON.parse(field.defaultValue) as unknown;
  if (field.container !== '' || field.pointer) return undefined;
  if (field.kind === 'object') return {};
  return field.always ? zeroDefaults[field.kind] : undefined;
}

/** The values of enumerations, at the item for lists and at the value for maps. */
function withEnum(schema: Json, values: string | undefined): Json {
  if (values === undefined) return schema;
  const list = { enum: values.split(',') };
  const element = ['items', 'additionalProperties'].find((name) => name in schema);
  return element === undefined ? { ...schema, ...list } : { ...schema, [element]: { ...(schema[element] as Json), ...list } };
}

/** A reference stands alone, or in `allOf` where something is said beside it. */
function unwrapped(schema: Json): Json {
  const [reference] = Array.isArray(schema['allOf']) ? (schema['allOf'] as readonly Json[]) : [];
  return reference !== undefined && Object.keys(schema).length === 1 ? reference : schema;
}

function fieldSchema(field: FieldSchema, texts: Readonly<Record<string, string>>, dialect: Dialect): Json {
  const value = dialect === 3 ? defaultOf(field) : undefined;
  const description = texts[field.name];
  const { allOf, enum: values, ...bare } = withEnum(bareField(field, dialect), texts[`${field.name}#`]);
  return unwrapped({
    ...(description === undefined ? {} : { description }),
    ...bare,
    ...(value === undefined ? {} : { default: value }),
    ...(values === undefined ? {} : { enum: values }),
    ...(allOf === undefined ? {} : { allOf }),
    ...(field.nullable ? { nullable: true } : {}),
    ...(field.listMapKeys ? { 'x-kubernetes-list-map-keys': field.listMapKeys } : {}),
    ...(field.listType ? { 'x-kubernetes-list-type': field.listType } : {}),
    ...(field.atomic || field.granular ? { 'x-kubernetes-map-type': field.atomic ? 'atomic' : 'granular' } : {}),
    ...(field.patchMergeKey ? { 'x-kubernetes-patch-merge-key': field.patchMergeKey } : {}),
    ...(field.patchStrategy ? { 'x-kubernetes-patch-strategy': field.patchStrategy } : {}),
  });
}

function properties(schema: ObjectSchema, dialect: Dialect): Json {
  const texts = describeMessage(schema.name);
  const result: Json = {};
  if (schema.isKind) {
    for (const name of ['apiVersion', 'kind']) result[name] = { description: texts[name] ?? typeMetaTexts()[name], type: 'string' };
  }
  for (const field of schema.fields.values()) result[field.name] = fieldSchema(field, texts, dialect);
  return Object.fromEntries(Object.entries(result).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Every kind tells the same of its type. */
function typeMetaTexts(): Readonly<Record<string, string>> {
  return describeMessage('core/v1.Pod');
}

/** One entry of definitions or components.schemas. */
export function definitionOf(message: string, dialect: Dialect): Json | undefined {
  const special = specialDefinitions(dialect)[definitionName(message)];
  if (special) return special;
  const schema = schemaOfMessage(message);
  if (!schema) return undefined;
  const required = [...schema.fields.values()].filter(({ always, required: isRequired }) => isRequired ?? always).map(({ name }) => name);
  const kinds = kindsOfMessage(message);
  const description = describeMessage(message)[''];
  const members = properties(schema, dialect);
  const unions = unionsOf(message);
  return {
    ...(description === undefined ? {} : { description }),
    type: 'object',
    ...(required.length > 0 ? { required } : {}),
    ...(Object.keys(members).length > 0 ? { properties: members } : {}),
    ...(kinds.length > 0 ? { 'x-kubernetes-group-version-kind': kinds.map(({ group, kind, version }) => ({ group, kind, version })) } : {}),
    ...(schema.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
    ...(unions ? { 'x-kubernetes-unions': unions } : {}),
  };
}

/** Messages that a message refers to, directly. */
export function referredMessages(message: string): readonly string[] {
  return [...(schemaOfMessage(message)?.fields.values() ?? [])].flatMap(({ kind, message: target }) => (kind === 'object' ? [target] : []));
}
