import { setMember } from '../apimachinery/json.ts';
import { isNumberLiteral } from '../apimachinery/number-literal.ts';
import { roundedToMilli } from '../apimachinery/quantity.ts';
import { GoSavedError, unmarshalTypeError, type StructField } from './go-json-error.ts';
import { type FieldSchema, type ObjectSchema, schemaOfField, schemaOfMessage } from './schema.ts';
import { decodeScalar, goTypeOf, isZero, zeroOf } from './typed-scalar.ts';

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

/** Copies of an object keep it, JSON does not. */
const GIVEN_EMPTY = Symbol('members given empty');

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
  const head: Record<string, unknown> = {};
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
  const result: Record<string, unknown> = {};
  if (head['kind'] !== undefined) result['kind'] = head['kind'];
  if (head['apiVersion'] !== undefined) result['apiVersion'] = head['apiVersion'];
  let emptyMembers: Map<string, FieldSchema['container']> | undefined;
  for (const field of schema.fields.values()) {
    const member = finish(field, decoded.get(field.name), place);
    if (member === undefined) {
      if (field.container !== '' && decoded.has(field.name)) (emptyMembers ??= new Map()).set(field.name, field.container);
      continue;
    }
    // Upstream stores protobuf, which cannot tell an empty list from none; its JSON then has null. What it stores as JSON keeps [].
    const isNull = place.options.nulls === true && field.always && field.container !== '' && isZero(field, member ?? []) && !storedAsJson(schema);
    result[field.name] = isNull ? null : member;
  }
  if (emptyMembers !== undefined) Object.assign(result, { [GIVEN_EMPTY]: emptyMembers });
  return result;
}

function storedAsJson({ name }: ObjectSchema): boolean {
  return name.startsWith('apiextensions/') || name.startsWith('apiregistration/');
}

/** Applies omitempty and what Go writes for absent fields; undefined leaves the field out. */
function finish(field: FieldSchema, member: unknown, place: Place): unknown {
  const { options } = place;
  if (member !== undefined) {
    // An empty managedFields of the object itself is a request: forget all ownership.
    if (field.always || field.pointer || (field.message === 'meta/v1.ManagedFieldsEntry' && place.path === 'metadata')) return member;
    return isZero(field, member) ? undefined : member;
  }
  if (field.container !== '' || field.pointer) return field.always && options.nulls ? null : undefined;
  if (field.kind === 'object') {
    const schema = field.omitZero ? undefined : schemaOfField(field);
    return schema && typedObject(schema, {}, new Place({ options: options.nulls ? { nulls: true } : {}, schema }));
  }
  if (field.kind === 'time' || field.kind === 'microTime') return options.nulls && !field.omitZero ? null : undefined;
  // A RawExtension or raw JSON that is no pointer is written as null.
  if (field.kind === 'rawExtension' || field.kind === 'any') return options.nulls && field.always ? null : undefined;
  // Structs with a MarshalJSON of their own: omitempty has no effect on them.
  const isStruct = field.kind === 'quantity' || field.kind === 'intOrString' || field.kind === 'duration';
  if (isStruct) return options.nulls && !field.omitZero ? zeroOf(field) : undefined;
  return field.always ? zeroOf(field) : undefined;
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

/** Go writes maps so, however they came to be. */
function sortedByKey(map: Record<string, unknown>): Record<string, unknown> {
  const keys = Object.keys(map);
  if (keys.every((key, index) => index === 0 || (keys[index - 1] as string) < key)) return map;
  const sorted: Record<string, unknown> = {};
  for (const key of keys.sort()) setMember(sorted, key, map[key]);
  return sorted;
}

/** Upstream's defaulting of core/v1 rounds every amount of a resource; node/v1 has the same type and leaves it alone. */
function isResourceList(schema: ObjectSchema, { kind, goType }: FieldSchema): boolean {
  return kind === 'quantity' && goType === 'v1.ResourceList' && schema.name.startsWith('core/');
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

const SCHEMA_KINDS: ReadonlySet<string> = new Set(['schemaOrBool', 'schemaOrArray', 'schemaOrStrings']);

/**
 * The schemas of a JSONSchemaProps that may also be a boolean, a list or names. In Go these have decoders of their own, which
 * tell nobody of the unknown fields that they drop.
 */
function typedSchemas(value: unknown, { nulls = false }: TypedOptions): unknown {
  const schema = schemaOfMessage('apiextensions/v1.JSONSchemaProps');
  if (Array.isArray(value)) return value.map((item) => typedSchemas(item, { nulls }));
  return schema !== undefined && isRecord(value) ? typedObject(schema, value, new Place({ options: { nulls }, schema })) : value;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isNumberLiteral(value);
}
