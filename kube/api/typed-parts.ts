import { setMember } from '../apimachinery/json.ts';
import { isNumberLiteral } from '../apimachinery/number-literal.ts';
import { type FieldSchema, type ObjectSchema, schemaOfField } from './schema.ts';
import { isZero, zeroOf } from './typed-scalar.ts';

/** What the two walks of {@link toTyped} have in common: how members become an object in Go's form. */

export interface Form {
  /** Also write null for absent lists, maps, pointers and times that Go writes always. */
  readonly nulls: boolean;
  /** A struct without anything given. */
  readonly emptyObject: (schema: ObjectSchema) => Record<string, unknown>;
}

/** Copies of an object keep it, JSON does not. */
export const GIVEN_EMPTY = Symbol('members given empty');

/** kind and apiVersion, which come first. */
export interface Head {
  readonly kind?: string | undefined;
  readonly apiVersion?: string | undefined;
}

/** Fills an object in Go's order, field by field. */
export class ObjectInOrder {
  readonly object: Record<string, unknown> = {};
  readonly #schema: ObjectSchema;
  readonly #form: Form;
  /** Of the object that is walked, not of one inside it: an empty managedFields there is a request to forget all ownership. */
  readonly #isOwnMetadata: boolean;
  #emptyMembers: Map<string, FieldSchema['container']> | undefined;

  constructor(schema: ObjectSchema, form: Form, isOwnMetadata: boolean) {
    this.#schema = schema;
    this.#form = form;
    this.#isOwnMetadata = isOwnMetadata;
  }

  head({ kind, apiVersion }: Head): void {
    if (kind !== undefined) this.object['kind'] = kind;
    if (apiVersion !== undefined) this.object['apiVersion'] = apiVersion;
  }

  /** `decoded`: undefined when the member is absent or null. */
  add(field: FieldSchema, decoded: unknown): void {
    const isRequest = this.#isOwnMetadata && field.message === 'meta/v1.ManagedFieldsEntry' && decoded !== undefined;
    const member = isRequest ? decoded : finish(field, decoded, this.#form);
    if (member === undefined) {
      if (field.container !== '' && decoded !== undefined) (this.#emptyMembers ??= new Map()).set(field.name, field.container);
      return;
    }
    // Upstream stores protobuf, which cannot tell an empty list from none; its JSON then has null. What it stores as JSON keeps [].
    const isNull = this.#form.nulls && field.always && field.container !== '' && isZero(field, member ?? []) && !storedAsJson(this.#schema);
    this.object[field.name] = isNull ? null : member;
  }

  end(): Record<string, unknown> {
    if (this.#emptyMembers !== undefined) Object.assign(this.object, { [GIVEN_EMPTY]: this.#emptyMembers });
    return this.object;
  }
}

function storedAsJson({ name }: ObjectSchema): boolean {
  return name.startsWith('apiextensions/') || name.startsWith('apiregistration/');
}

/** Applies omitempty and what Go writes for absent fields; undefined leaves the field out. */
function finish(field: FieldSchema, member: unknown, { nulls, emptyObject }: Form): unknown {
  if (member !== undefined) return field.always || field.pointer || !isZero(field, member) ? member : undefined;
  if (field.container !== '' || field.pointer) return field.always && nulls ? null : undefined;
  switch (field.kind) {
    case 'object': {
      const schema = field.omitZero ? undefined : schemaOfField(field);
      return schema && emptyObject(schema);
    }
    case 'time':
    case 'microTime':
      return nulls && !field.omitZero ? null : undefined;
    // A RawExtension or raw JSON that is no pointer is written as null.
    case 'rawExtension':
    case 'any':
      return nulls && field.always ? null : undefined;
    // Structs with a MarshalJSON of their own: omitempty has no effect on them.
    case 'quantity':
    case 'intOrString':
    case 'duration':
      return nulls && !field.omitZero ? zeroOf(field) : undefined;
    default:
      return field.always ? zeroOf(field) : undefined;
  }
}

/** Go writes maps so, however they came to be. */
export function sortedByKey(map: Record<string, unknown>): Record<string, unknown> {
  let last: string | undefined;
  let isSorted = true;
  for (const key in map) {
    if (last !== undefined && key <= last) isSorted = false;
    last = key;
  }
  if (isSorted) return map;
  const sorted: Record<string, unknown> = {};
  for (const key of Object.keys(map).sort()) setMember(sorted, key, map[key]);
  return sorted;
}

/** Upstream's defaulting of core/v1 rounds every amount of a resource; node/v1 has the same type and leaves it alone. */
export function isResourceList(schema: ObjectSchema, { kind, goType }: FieldSchema): boolean {
  return kind === 'quantity' && goType === 'v1.ResourceList' && schema.name.startsWith('core/');
}

export const SCHEMA_KINDS: ReadonlySet<string> = new Set(['schemaOrBool', 'schemaOrArray', 'schemaOrStrings']);

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isNumberLiteral(value);
}
