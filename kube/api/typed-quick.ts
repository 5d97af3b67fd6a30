import { setMember } from '../apimachinery/json.ts';
import { roundedToMilli } from '../apimachinery/quantity.ts';
import { GoDecodeError, type StructField } from './go-json-error.ts';
import { type FieldSchema, type ObjectSchema, schemaOfField, schemaOfMessage } from './schema.ts';
import { type Form, isRecord, isResourceList, ObjectInOrder, SCHEMA_KINDS, sortedByKey } from './typed-parts.ts';
import { decodeScalar } from './typed-scalar.ts';

/**
 * What {@link toTyped} makes of a value without a fault: nearly all values have none. Takes half the memory of the careful walk, since nobody
 * needs to know where a member stands, and members are asked for in Go's order instead of being put into it.
 *
 * undefined: something is wrong, or (where that matters) unknown; only the careful walk can say what.
 */
export function quickTyped(schema: ObjectSchema, value: Readonly<Record<string, unknown>>, options: { readonly nulls: boolean; readonly takesUnknown: boolean }): Record<string, unknown> | undefined {
  try {
    return new QuickWalk(options).object(schema, value, 'root');
  } catch (error) {
    if (error === FAULT || error instanceof GoDecodeError) return undefined;
    throw error;
  }
}

const FAULT = new Error('not for the quick walk');
const NOWHERE: StructField = { struct: '', path: '' };
const NOTHING: Readonly<Record<string, unknown>> = {};

type Place = 'root' | 'own metadata' | 'below';

/** Objects without anything given, which are alike in both walks. */
export function formOf(nulls: boolean): QuickWalk {
  return nulls ? withNulls : withoutNulls;
}

class QuickWalk implements Form {
  readonly nulls: boolean;
  readonly #takesUnknown: boolean;

  constructor({ nulls, takesUnknown }: { readonly nulls: boolean; readonly takesUnknown: boolean }) {
    this.nulls = nulls;
    this.#takesUnknown = takesUnknown;
  }

  readonly emptyObject = (schema: ObjectSchema): Record<string, unknown> => this.object(schema, NOTHING, 'below');

  object(schema: ObjectSchema, value: Readonly<Record<string, unknown>>, place: Place): Record<string, unknown> {
    if (!this.#takesUnknown) checkKnown(schema, value);
    const result = new ObjectInOrder(schema, this, place === 'own metadata');
    if (schema.isKind) result.head({ kind: headOf(value['kind']), apiVersion: headOf(value['apiVersion']) });
    for (const field of schema.fields.values()) {
      const member = value[field.name];
      const below = place === 'root' && field.name === 'metadata' ? 'own metadata' : 'below';
      result.add(field, member === null || member === undefined ? undefined : this.#field(schema, field, member, below));
    }
    return result.end();
  }

  #field(schema: ObjectSchema, field: FieldSchema, value: unknown, place: Place): unknown {
    if (field.container === '') return this.#value(field, value, place);
    if (field.container === 'list') {
      if (!Array.isArray(value)) throw FAULT;
      return value.map((item) => this.#value(field, item, 'below'));
    }
    if (!isRecord(value)) throw FAULT;
    const map: Record<string, unknown> = {};
    const isRounded = isResourceList(schema, field);
    for (const key in value) {
      const member = this.#value(field, value[key], 'below');
      setMember(map, key, isRounded ? roundedToMilli(member as string) : member);
    }
    return sortedByKey(map);
  }

  #value(field: FieldSchema, value: unknown, place: Place): unknown {
    if (field.kind !== 'object') return SCHEMA_KINDS.has(field.kind) ? typedSchemas(value, this.#takesUnknown ? this : formOf(this.nulls)) : decodeScalar(field, value, NOWHERE);
    const schema = schemaOfField(field);
    if (!schema) return decodeScalar(field, value, NOWHERE);
    // Go leaves a null list item or map value at its zero value.
    if (value === null || value === undefined) return this.emptyObject(schema);
    if (!isRecord(value)) throw FAULT;
    return this.object(schema, value, place);
  }
}

const withNulls = new QuickWalk({ nulls: true, takesUnknown: true });
const withoutNulls = new QuickWalk({ nulls: false, takesUnknown: true });

function headOf(value: unknown): string | undefined {
  if (value === null || value === undefined || value === '') return undefined;
  if (typeof value !== 'string') throw FAULT;
  return value;
}

function checkKnown(schema: ObjectSchema, value: Readonly<Record<string, unknown>>): void {
  for (const name in value) {
    if (!schema.fields.has(name) && !(schema.isKind && (name === 'kind' || name === 'apiVersion'))) throw FAULT;
  }
}

/** Like the careful walk's: what is wrong in there is nobody's. */
function typedSchemas(value: unknown, walk: QuickWalk): unknown {
  const schema = schemaOfMessage('apiextensions/v1.JSONSchemaProps');
  if (Array.isArray(value)) return value.map((item) => typedSchemas(item, walk));
  return schema !== undefined && isRecord(value) ? walk.object(schema, value, 'below') : value;
}
