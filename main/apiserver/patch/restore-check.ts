import type { GoDecodeError } from '../../../kube/api/go-json-error.ts';
import { schemaOfField, type FieldSchema, type ObjectSchema } from '../../../kube/api/schema.ts';
import { isJsonObject } from '../../../kube/apimachinery/json.ts';

/**
 * Whether a strategically merged object fits Go's types. Upstream goes from map to struct without JSON there, and so has other words for
 * what does not (apimachinery/pkg/runtime/converter.go). Undefined when it fits; types that decode themselves are left to the decoder.
 */
export function restoreError(schema: ObjectSchema, value: unknown): string | undefined {
  if (!isJsonObject(value)) return `cannot restore struct from: ${goKindOf(value)}`;
  for (const field of schema.fields.values()) {
    const member = value[field.name];
    const error = member === undefined || member === null ? undefined : fieldError(field, member);
    if (error !== undefined) return error;
  }
  return undefined;
}

/** What a type that decodes itself says there: it knows nothing of the field; bytes are decoded for it. */
export function restoredMessage({ message }: GoDecodeError): string {
  return message.startsWith('illegal base64') ? `error decoding from json: ${message}` : message.replace(/ into Go struct field \S+ of type /, ' into Go value of type ');
}

/** The same of what every object says of itself. */
export function kindError(object: Readonly<Record<string, unknown>>): string | undefined {
  for (const name of ['kind', 'apiVersion']) {
    const value = object[name];
    const error = value === undefined || value === null ? undefined : textError(value);
    if (error !== undefined) return error;
  }
  return undefined;
}

function textError(value: unknown): string | undefined {
  if (typeof value === 'string') return undefined;
  return typeof value === 'number' && Number.isInteger(value) ? 'cannot convert int64 to string' : 'unrecognized type: string';
}

function fieldError(field: FieldSchema, value: unknown): string | undefined {
  if (field.container === 'list') {
    if (!Array.isArray(value)) return `cannot restore slice from ${goKindOf(value)}`;
    return firstError(value, field);
  }
  if (field.container === 'map') {
    if (!isJsonObject(value)) return `cannot restore map from ${goKindOf(value)}`;
    return firstError(Object.values(value), field);
  }
  return elementError(field, value);
}

function firstError(values: readonly unknown[], field: FieldSchema): string | undefined {
  for (const value of values) {
    const error = value === null ? undefined : elementError(field, value);
    if (error !== undefined) return error;
  }
  return undefined;
}

function elementError(field: FieldSchema, value: unknown): string | undefined {
  switch (field.kind) {
    case 'object': {
      const schema = schemaOfField(field);
      return schema === undefined ? undefined : restoreError(schema, value);
    }
    case 'string':
      return scalarError(field, value, { fits: typeof value === 'string', goKind: 'string' });
    case 'boolean':
      return scalarError(field, value, { fits: typeof value === 'boolean', goKind: 'bool' });
    case 'int32':
    case 'int64':
      return scalarError(field, value, { fits: typeof value === 'number' && Number.isInteger(value), goKind: field.kind });
    case 'bytes':
      return Array.isArray(value) || typeof value === 'string' ? undefined : `cannot restore slice from ${goKindOf(value)}`;
    case 'double':
      return scalarError(field, value, { fits: typeof value === 'number', goKind: 'float64' });
    default:
      return undefined;
  }
}

/** Go converts between numbers, and from integers to strings; for those pairs it says `convert`. */
function scalarError(field: FieldSchema, value: unknown, { fits, goKind }: { readonly fits: boolean; readonly goKind: string }): string | undefined {
  if (fits) return undefined;
  const from = goKindOf(value);
  const convertible = typeof value === 'number' && (goKind !== 'string' ? goKind !== 'bool' : from === 'int64');
  return convertible ? `cannot convert ${from} to ${field.goType ?? goKind}` : `unrecognized type: ${goKind}`;
}

function goKindOf(value: unknown): string {
  if (Array.isArray(value)) return 'slice';
  if (isJsonObject(value)) return 'map';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : 'string';
}
