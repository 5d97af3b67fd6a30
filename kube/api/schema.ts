import type { GroupVersionKind } from '../apimachinery/gvr.ts';
import type { FieldTable, MessageTable } from './definition-table.ts';
import { directoryOf, findMessage } from './definitions.ts';

/**
 * The runtime schema of built-in types: what a decoder, a patch, an apply merge, a validator or an OpenAPI document needs to
 * know of a field. Built lazily, one message at a time, from kube/api/definitions, and shared: do not change.
 *
 * What is not here: descriptions (generated at build time, read from disk by main/apiserver/openapi).
 */
export type ValueKind =
  | 'string'
  | 'boolean'
  | 'int32'
  | 'int64'
  | 'double'
  /** base64 in JSON */
  | 'bytes'
  /** RFC 3339, seconds */
  | 'time'
  /** RFC 3339, microseconds */
  | 'microTime'
  | 'duration'
  | 'quantity'
  | 'intOrString'
  /** Any JSON object, kept as it is (runtime.RawExtension). */
  | 'rawExtension'
  | 'fieldsV1'
  /** Any JSON value (apiextensions JSON). */
  | 'any'
  /** A list of strings that protobuf wraps in a message (ExtraValue, Verbs). */
  | 'strings'
  | 'schemaOrBool'
  | 'schemaOrArray'
  | 'schemaOrStrings'
  /** An object with a schema of its own: `message`. */
  | 'object';

export interface FieldSchema {
  /** JSON name. */
  readonly name: string;
  /** Protobuf number. */
  readonly number: number;
  /** The field is a list of, a map from string to, or one value of `kind`. */
  readonly container: '' | 'list' | 'map';
  readonly kind: ValueKind;
  /** For kind object: full name, `core/v1.Container`; resolve with {@link schemaOfMessage}. */
  readonly message: string;
  /** Go writes the field even when it is empty (no omitempty). */
  readonly always: boolean;
  /** In Go a pointer: a zero value differs from an absent one. Lists and maps are never pointers. */
  readonly pointer: boolean;
  readonly omitZero: boolean;
  /** x-kubernetes-list-type; absent means atomic to server-side apply. */
  readonly listType?: 'atomic' | 'set' | 'map';
  readonly listMapKeys?: readonly string[];
  /** `merge`, `replace`, `retainKeys` or `merge,retainKeys`. */
  readonly patchStrategy?: string;
  readonly patchMergeKey?: string;
  /** x-kubernetes-map-type: atomic, for maps and for structs. */
  readonly atomic?: boolean;
  /** x-kubernetes-map-type: granular, said aloud. */
  readonly granular?: boolean;
  /** Required for OpenAPI, where that is not the same as `always`. */
  readonly required?: boolean;
  /** JSON text of the OpenAPI default. */
  readonly defaultValue?: string;
  readonly nullable?: boolean;
  /** Go's name of a named scalar. */
  readonly goType?: string;
  /** The structs, joined by dots, through which Go has the field: `VolumeSource` for what is inlined into Volume. */
  readonly embedded?: string;
}

export interface ObjectSchema {
  /** `core/v1.Container` */
  readonly name: string;
  /** `Container` */
  readonly shortName: string;
  /** Has apiVersion and kind. */
  readonly isKind: boolean;
  /** x-kubernetes-map-type: atomic. */
  readonly atomic: boolean;
  /** In Go's order, inlined structs already flattened. */
  readonly fields: ReadonlyMap<string, FieldSchema>;
}

const scalarKinds: Readonly<Record<string, ValueKind>> = {
  s: 'string',
  b: 'boolean',
  i: 'int32',
  l: 'int64',
  d: 'double',
  y: 'bytes',
  T: 'time',
  M: 'microTime',
  D: 'duration',
  Q: 'quantity',
  I: 'intOrString',
  R: 'rawExtension',
  F: 'fieldsV1',
};

const messageKinds: Readonly<Record<string, ValueKind>> = {
  'apiextensions/v1.JSON': 'any',
  'apiextensions/v1.JSONSchemaPropsOrBool': 'schemaOrBool',
  'apiextensions/v1.JSONSchemaPropsOrArray': 'schemaOrArray',
  'apiextensions/v1.JSONSchemaPropsOrStringArray': 'schemaOrStrings',
  'meta/v1.Verbs': 'strings',
  'authentication/v1.ExtraValue': 'strings',
  'authorization/v1.ExtraValue': 'strings',
  'certificates/v1.ExtraValue': 'strings',
};

const schemas = new Map<string, ObjectSchema>();

function fieldSchema(field: FieldTable): FieldSchema {
  const { inline: _inline, type, ...facts } = field;
  const kind = type.length === 1 ? scalarKinds[type] : messageKinds[type];
  return { ...facts, kind: kind ?? 'object', message: kind === undefined ? type : '' };
}

function addFields(message: MessageTable, into: Map<string, FieldSchema>, embedded: string): void {
  for (const field of message.fields) {
    const inlined = field.inline ? findMessage(field.type) : undefined;
    if (inlined) addFields(inlined, into, `${embedded}${embedded === '' ? '' : '.'}${field.type.slice(field.type.lastIndexOf('.') + 1)}`);
    else into.set(field.name, { ...fieldSchema(field), ...(embedded === '' ? {} : { embedded }) });
  }
}

/** The schema of a message by full name, `core/v1.PodSpec`. */
export function schemaOfMessage(name: string): ObjectSchema | undefined {
  const known = schemas.get(name);
  if (known) return known;
  const message = findMessage(name);
  if (!message) return undefined;
  const fields = new Map<string, FieldSchema>();
  addFields(message, fields, '');
  const shortName = name.slice(name.lastIndexOf('.') + 1);
  const schema: ObjectSchema = { name, shortName, isKind: message.isKind, atomic: message.atomic, fields };
  schemas.set(name, schema);
  return schema;
}

/** Kinds of meta/v1 that every group version knows, such as Status and DeleteOptions. */
const sharedKinds = new Set([
  'Status',
  'WatchEvent',
  'DeleteOptions',
  'CreateOptions',
  'UpdateOptions',
  'PatchOptions',
  'GetOptions',
  'ListOptions',
  'APIVersions',
  'APIGroup',
  'APIGroupList',
  'APIResourceList',
]);

/** The schema of a built-in kind; undefined for kinds that only custom resources or other API servers know. */
export function schemaOfKind({ group, version, kind }: GroupVersionKind): ObjectSchema | undefined {
  const schema = schemaOfMessage(`${directoryOf(group, version)}.${kind}`);
  if (schema?.isKind) return schema;
  return sharedKinds.has(kind) ? schemaOfMessage(`meta/v1.${kind}`) : undefined;
}

/** The schema one step down, through a field; undefined for scalars and free-form values. */
export function schemaOfField(field: FieldSchema): ObjectSchema | undefined {
  return field.kind === 'object' ? schemaOfMessage(field.message) : undefined;
}
