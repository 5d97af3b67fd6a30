import { schemaOfField, type FieldSchema, type ObjectSchema } from '../../../kube/api/schema.ts';
import { isJsonObject, setMember } from '../../../kube/apimachinery/json.ts';

/**
 * A strategically merged object with the numbers that Go's types make of larger ones: upstream sets an int32 to an int64 and keeps its low
 * bits (apimachinery/pkg/runtime/converter.go), so that 2147483648 becomes -2147483648. What fits is shared with the input.
 */
export function withWrappedIntegers(schema: ObjectSchema, value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  let result: Record<string, unknown> = value;
  for (const field of schema.fields.values()) {
    const member = value[field.name];
    if (member === undefined || member === null) continue;
    const wrapped = wrappedField(field, member);
    if (wrapped !== member) result = { ...result, [field.name]: wrapped };
  }
  return result;
}

function wrappedField(field: FieldSchema, value: unknown): unknown {
  if (field.kind !== 'int32' && field.kind !== 'object') return value;
  if (field.container === 'list' && Array.isArray(value)) {
    let items: unknown[] | undefined;
    for (let index = 0; index < value.length; index++) {
      const wrapped = wrappedElement(field, value[index]);
      if (wrapped !== value[index]) (items ??= [...value])[index] = wrapped;
    }
    return items ?? value;
  }
  if (field.container === 'map' && isJsonObject(value)) {
    let members: Record<string, unknown> | undefined;
    for (const key in value) {
      const wrapped = wrappedElement(field, value[key]);
      if (wrapped !== value[key]) setMember((members ??= { ...value }), key, wrapped);
    }
    return members ?? value;
  }
  return wrappedElement(field, value);
}

function wrappedElement(field: FieldSchema, value: unknown): unknown {
  if (field.kind === 'int32') return typeof value === 'number' ? wrapped(value) : value;
  const schema = schemaOfField(field);
  return schema !== undefined && isJsonObject(value) ? withWrappedIntegers(schema, value) : value;
}

/** Numbers beyond an int64 are floats, which become the least int64 before they lose their high bits: nothing is left of it. */
function wrapped(value: number): number {
  if (Math.abs(value) >= 2 ** 63) return 0;
  return Number.isInteger(value) ? Number(BigInt.asIntN(32, BigInt(value))) : value;
}
