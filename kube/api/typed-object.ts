import { setMember } from '../apimachinery/json.ts';
import { roundedToMilli } from '../apimachinery/quantity.ts';
import { GoSavedError, unmarshalTypeError, type StructField } from './go-json-error.ts';
import { type FieldSchema, type ObjectSchema, schemaOfField, schemaOfMessage } from './schema.ts';
import { GIVEN_EMPTY, isRecord, isResourceList, ObjectInOrder, SCHEMA_KINDS, sortedByKey } from './typed-parts.ts';
import { formOf, quickTyped } from './typed-quick.ts';
import { decodeScalar, goTypeOf } from './typed-scalar.ts';

/**
 * Brings a decoded JSON object into the form that Go's decode and encode of the same object would give it: unknown fields
 * and nulls dropped, empty omitempty fields dropped, structs that are no pointers present (`resources: {}`), quantities and
 * times canonical, members in Go's order with kind and apiVersion first, maps by key.
 *
 *     { spec: { containers: [{ name: 'a', image: null, foo: 1, args: [] }] } }
 *  -> { metadata: {}, spec: { containers: [{ name: 'a', resources: {} }] }, status: {} }      for core/v1.Pod
 *
 * The input is not changed and nothing of it that is a known object is shared with the output.
 */
export interface TypedOptions {
  /** Called per unknown field, in the order met, with its path: `spec.containers[0].foo`. */
  readonly onUnknownField?: (path: string) => void;
  /**
   * true: also write null for absent lists, maps, pointers and times that Go writes always (`rules: null`), as the bytes
   * that clients get have it. Default false: such fields stay absent, which is easier to work with.
   */
  readonly nulls?: boolean;
}

interface WalkOptions extends TypedOptions {
  /** Go on behind values of the wrong type: what is looked for is an error that ends the decoding. */
  readonly lenient?: boolean;
}

/**
 * Whether the decoded object had an empty list or map as this member (any, when none is named), which omitempty leaves out. Go keeps it
 * until the object is encoded, and a few validations tell it from none at all.
 */
export function wasGivenEmpty(object: object, member?: string): boolean {
  const given = emptyMembersOf(object);
  if (given === undefined) return false;
  // A default may have filled it since.
  return member === undefined ? given.keys().some((name) => (object as Readonly<Record<string, unknown>>)[name] === undefined) : given.has(member);
}

/** `[]` or `{}` if the member was given so, which is absent then; else null. */
export function emptyAsGiven(object: object, member: string): [] | Record<string, never> | null {
  const container = emptyMembersOf(object)?.get(member);
  return container === 'list' ? [] : container === 'map' ? {} : null;
}

function emptyMembersOf(object: object): ReadonlyMap<string, FieldSchema['container']> | undefined {
  return (object as { readonly [GIVEN_EMPTY]?: ReadonlyMap<string, FieldSchema['container']> })[GIVEN_EMPTY];
}

/** The same of anything below. */
export function hasGivenEmpty(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return wasGivenEmpty(value) || Object.values(value).some(hasGivenEmpty);
}

/** Where in the object a value stands. Its texts are made only when something is wrong there, which saves a third of the walk. */
class Place implements StructField {
  readonly options: WalkOptions;
  readonly #parent: Place | undefined;
  readonly #schema: ObjectSchema;
  /** Absent at the root. */
  readonly #field: FieldSchema | undefined;
  /** In the list or map that the field is. */
  readonly #key: number | string | undefined;

  constructor(place: { readonly options: WalkOptions; readonly schema: ObjectSchema; readonly parent?: Place | undefined; readonly field?: FieldSchema | undefined; readonly key?: number | string }) {
    this.options = place.options;
    this.#parent = place.parent;
    this.#schema = place.schema;
    this.#field = place.field;
    this.#key = place.key;
  }

  get struct(): string {
    return this.#schema.shortName;
  }
  /** Without indexes, for type errors. */
  get path(): string {
    const field = this.#field;
    if (field === undefined) return '';
    return join(this.#parent?.path ?? '', field.embedded === undefined ? field.name : `${field.embedded}.${field.name}`);
  }
  /** With indexes, for unknown fields. */
  get indexedPath(): string {
    const key = this.#key === undefined ? '' : typeof this.#key === 'number' ? `[${this.#key}]` : `.${this.#key}`;
    return join(this.#parent?.indexedPath ?? '', this.#field?.name ?? '') + key;
  }

  field(schema: ObjectSchema, field: FieldSchema): Place {
    return new Place({ options: this.options, parent: this, schema, field });
  }
  item(key: number | string): Place {
    return new Place({ options: this.options, parent: this.#parent, schema: this.#schema, field: this.#field, key });
  }
}

/** Throws GoDecodeError with encoding/json's text when a value has the wrong type: the first such error that ends Go's decoding, else the first of all. */
export function toTyped(schema: ObjectSchema, value: Readonly<Record<string, unknown>>, options: TypedOptions = {}): Record<string, unknown> {
  const quick = quickTyped(schema, value, { nulls: options.nulls === true, takesUnknown: options.onUnknownField === undefined });
  if (quick !== undefined) return quick;
  try {
    return typedObject(schema, value, new Place({ options, schema }));
  } catch (error) {
    if (error instanceof GoSavedError) typedObject(schema, value, new Place({ options: { lenient: true }, schema }));
    throw error;
  }
}

/** What `decode` gives; undefined for what Go would only have noted. */
function unlessSaved<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof GoSavedError) return undefined;
    throw error;
  }
}

function join(path: string, name: string): string {
  return path === '' || name === '' ? path + name : `${path}.${name}`;
}

function typedObject(schema: ObjectSchema, value: Readonly<Record<string, unknown>>, place: Place): Record<string, unknown> {
  const decoded = new Map<string, unknown>();
  const head: { kind?: string; apiVersion?: string } = {};
  for (const name of Object.keys(value)) {
    const member = value[name];
    const field = schema.fields.get(name);
    if (field) {
      if (member === null || member === undefined) continue;
      const at = place.field(schema, field);
      decoded.set(name, at.options.lenient ? unlessSaved(() => typedField(schema, field, member, at)) : typedField(schema, field, member, at));
    } else if (schema.isKind && (name === 'kind' || name === 'apiVersion')) {
      if (typeof member !== 'string' && member !== null && member !== undefined) {
        if (!place.options.lenient) throw unmarshalTypeError(member, { struct: schema.shortName, path: name }, 'string');
      }
      if (typeof member === 'string' && member !== '') head[name] = member;
    } else place.options.onUnknownField?.(join(place.indexedPath, name));
  }
  const { path, options: { nulls = false } } = place;
  const result = new ObjectInOrder(schema, formOf(nulls), path === 'metadata');
  result.head(head);
  for (const field of schema.fields.values()) result.add(field, decoded.get(field.name));
  return result.end();
}

function typedField(schema: ObjectSchema, field: FieldSchema, value: unknown, place: Place): unknown {
  if (field.container === 'list') {
    if (!Array.isArray(value)) throw unmarshalTypeError(value, place, goTypeOf(field));
    return value.map((item, index) => typedElement(field, item, place.item(index)));
  }
  if (field.container === 'map') {
    if (!isRecord(value)) throw unmarshalTypeError(value, place, goTypeOf(field));
    const map: Record<string, unknown> = {};
    for (const key of Object.keys(value)) setMember(map, key, typedElement(field, value[key], place.item(key)));
    if (isResourceList(schema, field)) for (const key of Object.keys(map)) map[key] = roundedToMilli(map[key] as string);
    return sortedByKey(map);
  }
  return typedValue(field, value, place);
}

function typedElement(field: FieldSchema, value: unknown, place: Place): unknown {
  return place.options.lenient ? unlessSaved(() => typedValue(field, value, place)) : typedValue(field, value, place);
}

function typedValue(field: FieldSchema, value: unknown, place: Place): unknown {
  if (SCHEMA_KINDS.has(field.kind)) return typedSchemas(value, place.options);
  const schema = schemaOfField(field);
  if (!schema) return decodeScalar(field, value, place);
  // Go leaves a null list item or map value at its zero value.
  if (value === null || value === undefined) return typedObject(schema, {}, place);
  if (!isRecord(value)) throw unmarshalTypeError(value, place, goTypeOf({ ...field, container: '' }));
  return typedObject(schema, value, place);
}

/**
 * The schemas of a JSONSchemaProps that may also be a boolean, a list or names. In Go these have decoders of their own, which
 * tell nobody of the unknown fields that they drop.
 */
function typedSchemas(value: unknown, { nulls = false }: TypedOptions): unknown {
  const schema = schemaOfMessage('apiextensions/v1.JSONSchemaProps');
  if (Array.isArray(value)) return value.map((item) => typedSchemas(item, { nulls }));
  return schema !== undefined && isRecord(value) ? typedObject(schema, value, new Place({ options: { nulls }, schema })) : value;
}
