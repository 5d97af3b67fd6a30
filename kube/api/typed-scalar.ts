import { parseDuration, formatDuration, DurationError } from '../apimachinery/duration.ts';
import { canonicalQuantity, QuantityError } from '../apimachinery/quantity.ts';
import { isNumberLiteral, type NumberLiteral, withPlainNumbers } from '../apimachinery/number-literal.ts';
import { formatTime } from '../apimachinery/time.ts';
import { GoDecodeError, GoSavedError, parseRfc3339, type StructField, unmarshalTypeError } from './go-json-error.ts';
import type { FieldSchema, ValueKind } from './schema.ts';

const goTypes: Readonly<Partial<Record<ValueKind, string>>> = {
  string: 'string',
  boolean: 'bool',
  int32: 'int32',
  int64: 'int64',
  double: 'float64',
  bytes: '[]uint8',
  quantity: 'resource.Quantity',
  strings: 'v1.ExtraValue',
};

function elementType(field: FieldSchema): string {
  // A map's own type is written out: `map[v1.ResourceName]v1.ClaimResourceStatus`.
  if (field.goType?.startsWith('map[')) return field.goType.slice(field.goType.indexOf(']') + 1);
  if (field.goType !== undefined && field.container !== 'map') return field.goType;
  if (field.kind !== 'object') return goTypes[field.kind] ?? field.kind;
  const dot = field.message.lastIndexOf('.');
  return `${field.message.slice(field.message.indexOf('/') + 1, dot)}.${field.message.slice(dot + 1)}`;
}

/** Go's name of the field's type: `[]v1.Container`, `map[string]string`, `v1.RestartPolicy`. */
export function goTypeOf(field: FieldSchema): string {
  if (field.container === 'list') return `[]${elementType(field)}`;
  if (field.container === 'map') return field.goType ?? `map[string]${elementType(field)}`;
  return elementType(field);
}

/** Whether omitempty leaves a present value out. Only asked for fields that are no pointers. */
export function isZero(field: FieldSchema, value: unknown): boolean {
  if (field.container === 'list') return Array.isArray(value) && value.length === 0;
  if (field.container === 'map') return Object.keys(value as object).length === 0;
  if (field.kind === 'strings') return Array.isArray(value) && value.length === 0;
  return value === '' && field.kind !== 'quantity' && field.kind !== 'intOrString' ? true : value === 0 && field.kind !== 'intOrString' || value === false;
}

export function zeroOf(field: FieldSchema): unknown {
  switch (field.kind) {
    case 'boolean':
      return false;
    case 'int32':
    case 'int64':
    case 'double':
    case 'intOrString':
      return 0;
    case 'quantity':
      return '0';
    case 'duration':
      return '0s';
    case 'string':
      return '';
    default:
      return undefined;
  }
}

/** One value of a kind that has no fields; throws GoDecodeError. */
export function decodeScalar(field: FieldSchema, value: unknown, at: StructField): unknown {
  if (value === null || value === undefined) return zeroOf({ ...field, container: '' }) ?? (field.kind === 'bytes' ? '' : null);
  if (isNumberLiteral(value)) return decodeLiteral(field, value, at);
  switch (field.kind) {
    case 'string':
      // Go's decoder replaces lone surrogates.
      if (typeof value === 'string') return value.isWellFormed() ? value : value.toWellFormed();
      break;
    case 'boolean':
      if (typeof value === 'boolean') return value;
      break;
    case 'int32':
      if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= 2 ** 31 && value !== 2 ** 31) return value;
      break;
    case 'int64':
      if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 63) return value;
      break;
    case 'double':
      if (typeof value === 'number') return value;
      break;
    case 'strings':
      if (Array.isArray(value)) return value.map((item) => decodeScalar({ ...field, kind: 'string' }, item, at));
      break;
    default:
      return decodeCustom(field, value, at);
  }
  throw unmarshalTypeError(value, at, goTypeOf({ ...field, container: '' }));
}

const INTEGER_TYPES: Readonly<Partial<Record<ValueKind, string>>> = { int32: 'int32', int64: 'int64', intOrString: 'int32' };

/** Go takes integers from digits alone. */
function decodeLiteral(field: FieldSchema, literal: NumberLiteral, at: StructField): unknown {
  const { rawJSON } = literal;
  if (field.kind === 'quantity') return decodeQuantity(rawJSON);
  const goType = INTEGER_TYPES[field.kind];
  if (goType === undefined) return decodeScalar(field, Number(rawJSON), at);
  try {
    if (/^-?\d+$/.test(rawJSON)) return decodeScalar(field, Number(rawJSON), at);
  } catch (error) {
    // Out of range: told with the digits that were given.
    if (!(error instanceof GoDecodeError)) throw error;
  }
  throw unmarshalTypeError(literal, at, goType);
}

/** Times that are written as they are read: nearly all of them. The last days of a month are left to the calendar. */
const CANONICAL_TIME = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;

/** Kinds that have an UnmarshalJSON of their own in Go. */
function decodeCustom(field: FieldSchema, value: unknown, at: StructField): unknown {
  switch (field.kind) {
    case 'quantity':
      return decodeQuantity(value);
    case 'intOrString':
      if (typeof value === 'string' || (typeof value === 'number' && Number.isInteger(value))) return value;
      throw ending(unmarshalTypeError(value, at, 'int32'));
    case 'time':
      return typeof value === 'string' && CANONICAL_TIME.test(value) ? value : formatTime(parseRfc3339(textOf(value, at)));
    case 'microTime':
      return microTimeText(textOf(value, at));
    case 'duration':
      return decodeDuration(textOf(value, at));
    case 'bytes':
      return decodeBytes(value, at);
    default:
      return typeof value === 'object' ? withPlainNumbers(value) : value;
  }
}

/** By text, since microseconds since the epoch do not fit a double. */
function microTimeText(text: string): string {
  const seconds = formatTime(parseRfc3339(text, { micros: true }));
  const fraction = /[.,](\d+)/.exec(text)?.[1] ?? '';
  return `${seconds.slice(0, -1)}.${fraction.slice(0, 6).padEnd(6, '0')}Z`;
}

function textOf(value: unknown, at: StructField): string {
  if (typeof value === 'string') return value;
  throw ending(unmarshalTypeError(value, at, 'string'));
}

/** The same error where a type's own UnmarshalJSON returns it. */
function ending(error: GoSavedError): GoDecodeError {
  return new GoDecodeError(error.message);
}

/** Up to three digits and a common suffix are canonical as they stand: nearly all quantities there are. */
const CANONICAL_QUANTITY = /^[1-9]\d{0,2}(?:m|[kMGT]|[KMGT]i)?$/;

function decodeQuantity(value: unknown): string {
  if (typeof value === 'string' && CANONICAL_QUANTITY.test(value)) return value;
  try {
    return canonicalQuantity(typeof value === 'string' || typeof value === 'number' ? value : JSON.stringify(value));
  } catch (error) {
    if (error instanceof QuantityError) throw new GoDecodeError(error.message, { cause: error });
    throw error;
  }
}

function decodeDuration(text: string): string {
  try {
    return formatDuration(parseDuration(text));
  } catch (error) {
    if (error instanceof DurationError) throw new GoDecodeError(error.message, { cause: error });
    throw error;
  }
}

/** Go takes a list of numbers for bytes too. */
function decodeByte(item: unknown, at: StructField): number {
  if (item === null) return 0;
  const byte = isNumberLiteral(item) ? Number(item.rawJSON) : item;
  if (typeof byte === 'number' && Number.isInteger(byte) && byte >= 0 && byte <= 255) return byte;
  throw unmarshalTypeError(item, at, 'uint8');
}

/** Standard base64 with padding; line breaks are allowed, as in Go. */
function decodeBytes(value: unknown, at: StructField): string {
  if (Array.isArray(value)) return Buffer.from(value.map((item) => decodeByte(item, at))).toString('base64');
  if (typeof value !== 'string') throw unmarshalTypeError(value, at, '[]uint8');
  const text = value.replace(/[\r\n]/g, '');
  const bad = /[^A-Za-z0-9+/]/.exec(text.replace(/={1,2}$/, ''));
  if (bad) throw new GoSavedError(`illegal base64 data at input byte ${bad.index}`);
  if (text.length % 4 !== 0) throw new GoSavedError(`illegal base64 data at input byte ${text.length - (text.length % 4)}`);
  return text;
}
