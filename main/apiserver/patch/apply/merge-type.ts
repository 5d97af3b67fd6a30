import { schemaOfField, type FieldSchema, type ObjectSchema } from '../../../../kube/api/schema.ts';
import { isJsonObject } from '../../../../kube/apimachinery/json.ts';

/**
 * What server-side apply needs to know of a type (upstream: structured-merge-diff/schema.Atom). A type may allow several shapes:
 * free-form values are a scalar, a list or a map, whichever the value is.
 */
export interface MergeType {
  readonly scalar?: 'string' | 'numeric' | 'boolean' | 'untyped';
  readonly list?: ListMergeType;
  readonly map?: MapMergeType;
}

export interface ListMergeType {
  /** atomic: one value; set: scalars by value; map: objects by `keys`. */
  readonly relationship: 'atomic' | 'set' | 'map';
  readonly keys: readonly string[];
  /** A function, since types can contain themselves. */
  readonly element: () => MergeType;
}

export interface MapMergeType {
  readonly atomic: boolean;
  /** A declared field; undefined for keys of a map. */
  readonly field: (name: string) => FieldMergeType | undefined;
  /** The type of members that are not declared; absent when there may be none. */
  readonly element?: () => MergeType;
  /** Fields that Go writes as null when they are absent: null there is a value, which can be owned. */
  readonly nullWhenAbsent?: readonly string[];
}

export interface FieldMergeType {
  readonly type: MergeType;
  /** Stands for an absent list key. */
  readonly defaultValue?: unknown;
}

export const UNTYPED_SCALAR: MergeType = { scalar: 'untyped' };

/** Scalars, lists and maps, each owned as a whole. */
export const UNTYPED_ATOMIC: MergeType = {
  scalar: 'untyped',
  list: { relationship: 'atomic', keys: [], element: () => UNTYPED_ATOMIC },
  map: { atomic: true, field: () => undefined, element: () => UNTYPED_ATOMIC },
};

/** Where nothing is known: maps are merged member by member, lists are owned as a whole. */
export const DEDUCED: MergeType = {
  scalar: 'untyped',
  list: { relationship: 'atomic', keys: [], element: () => UNTYPED_ATOMIC },
  map: { atomic: false, field: () => undefined, element: () => DEDUCED },
};

const FREE_FORM_OBJECT: MergeType = { map: { atomic: false, field: () => undefined, element: () => DEDUCED } };

const SCALARS: Readonly<Partial<Record<FieldSchema['kind'], MergeType>>> = {
  string: { scalar: 'string' },
  bytes: { scalar: 'string' },
  boolean: { scalar: 'boolean' },
  int32: { scalar: 'numeric' },
  int64: { scalar: 'numeric' },
  double: { scalar: 'numeric' },
  duration: { scalar: 'string' },
  time: UNTYPED_SCALAR,
  microTime: UNTYPED_SCALAR,
  quantity: UNTYPED_SCALAR,
  intOrString: UNTYPED_SCALAR,
  rawExtension: UNTYPED_ATOMIC,
  fieldsV1: FREE_FORM_OBJECT,
};

const builtIn = new WeakMap<ObjectSchema, MergeType>();

/** The type of a built-in message. Shared, since schemas are. */
export function mergeTypeOf(schema: ObjectSchema): MergeType {
  const known = builtIn.get(schema);
  if (known !== undefined) return known;
  const fields = new Map<string, FieldMergeType>();
  const nullWhenAbsent = [...schema.fields.values()].filter(isNullWhenAbsent).map(({ name }) => name);
  const type: MergeType = { map: { atomic: schema.atomic, field: (name) => lazyField(fields, schema, name), nullWhenAbsent } };
  builtIn.set(schema, type);
  return type;
}

function isNullWhenAbsent({ container, pointer, always, kind, omitZero }: FieldSchema): boolean {
  if (container !== '' || pointer) return always;
  return (kind === 'time' || kind === 'microTime') && !omitZero;
}

function lazyField(fields: Map<string, FieldMergeType>, schema: ObjectSchema, name: string): FieldMergeType | undefined {
  const known = fields.get(name);
  const field = schema.fields.get(name);
  if (known !== undefined) return known;
  if (field === undefined) return schema.isKind && (name === 'apiVersion' || name === 'kind') ? { type: { scalar: 'string' } } : undefined;
  const made: FieldMergeType = { type: typeOfField(field), defaultValue: defaultOf(field) };
  fields.set(name, made);
  return made;
}

function typeOfField(field: FieldSchema): MergeType {
  const element = elementOf(field);
  if (field.container === 'map') return { map: { atomic: field.atomic === true, field: () => undefined, element: () => element } };
  if (field.container === 'list') {
    const relationship = field.listType ?? 'atomic';
    return { list: { relationship, keys: field.listMapKeys ?? [], element: () => element } };
  }
  const isSaid = field.atomic === true || field.granular === true;
  return isSaid && element.map !== undefined ? { map: { ...element.map, atomic: field.atomic === true } } : element;
}

function elementOf(field: FieldSchema): MergeType {
  const scalar = SCALARS[field.kind];
  if (scalar !== undefined) return scalar;
  if (field.kind === 'strings') return { list: { relationship: 'atomic', keys: [], element: () => ({ scalar: 'string' }) } };
  const schema = schemaOfField(field);
  return schema === undefined ? UNTYPED_ATOMIC : mergeTypeOf(schema);
}

/** openapi-gen gives fields that are always written their zero value as default, which makes an absent list key the empty one. */
function defaultOf(field: FieldSchema): unknown {
  if (field.defaultValue !== undefined) return JSON.parse(field.defaultValue);
  if (!field.always || field.pointer || field.container !== '') return undefined;
  const { scalar } = elementOf(field);
  return scalar === 'string' ? '' : scalar === 'numeric' ? 0 : scalar === 'boolean' ? false : undefined;
}

/** The shape that the value has, where the type allows several; the type itself for null and for wrong values. */
export function shapeOf(type: MergeType, value: unknown): MergeType {
  if (Array.isArray(value)) return type.list === undefined ? type : { list: type.list };
  if (isJsonObject(value)) return type.map === undefined ? type : { map: type.map };
  if (value === null || value === undefined) return type;
  return type.scalar === undefined ? type : { scalar: type.scalar };
}

/** The type of one member of a map; undefined when the map has no such field. */
export function memberType(map: MapMergeType, name: string): MergeType | undefined {
  return map.field(name)?.type ?? map.element?.();
}
