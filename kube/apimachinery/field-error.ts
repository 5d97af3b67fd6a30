import { goJson, goQuote } from './go-format.ts';

/**
 * One problem of one field, as validation returns them (upstream: apimachinery/pkg/util/validation/field).
 * `formatFieldError` gives upstream's text, e.g. `spec.replicas: Invalid value: -1: must be greater than or equal to 0`.
 */
export type FieldErrorType =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTooFew'
  | 'FieldValueTooShort'
  | 'InternalError'
  | 'FieldValueTypeInvalid';

export interface FieldError {
  readonly type: FieldErrorType;
  /** Path such as `spec.containers[0].image`, or `metadata.labels[key]`; '' for the root is written `<nil>` upstream. */
  readonly field: string;
  readonly badValue?: unknown;
  readonly detail: string;
}

/** A bad value that the message leaves out. */
export const OMITTED_VALUE: unique symbol = Symbol('omitted value');

const TYPE_TEXT: Readonly<Record<FieldErrorType, string>> = {
  FieldValueNotFound: 'Not found',
  FieldValueRequired: 'Required value',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueInvalid: 'Invalid value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueForbidden: 'Forbidden',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
  FieldValueTooFew: 'Too few',
  FieldValueTooShort: 'Too short',
  InternalError: 'Internal error',
  FieldValueTypeInvalid: 'Invalid value',
};

const TYPES_WITHOUT_VALUE: ReadonlySet<FieldErrorType> = new Set([
  'FieldValueRequired',
  'FieldValueForbidden',
  'FieldValueTooLong',
  'FieldValueTooShort',
  'InternalError',
]);

/** The text without the field, which is the message of a Status cause: `Invalid value: -1: must be …`. */
export function formatFieldErrorBody(error: FieldError): string {
  const text = TYPE_TEXT[error.type];
  const body =
    TYPES_WITHOUT_VALUE.has(error.type) || error.badValue === OMITTED_VALUE ? text : `${text}: ${formatBadValue(error.badValue)}`;
  return error.detail === '' ? body : `${body}: ${error.detail}`;
}

export function formatFieldError(error: FieldError): string {
  return `${formatFieldName(error.field)}: ${formatFieldErrorBody(error)}`;
}

/** The root has no name of its own. */
export function formatFieldName(field: string): string {
  return field === '' ? '<nil>' : field;
}

/** `a` for one error, `[a, b]` for several; repeated texts are written once. */
export function aggregateFieldErrors(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map(formatFieldError))];
  return texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`;
}

function formatBadValue(value: unknown): string {
  if (typeof value === 'string') return goQuote(value);
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  return goJson(value);
}

export function fieldNotFound(field: string, badValue: unknown): FieldError {
  return { type: 'FieldValueNotFound', field, badValue, detail: '' };
}
export function fieldRequired(field: string, detail = ''): FieldError {
  return { type: 'FieldValueRequired', field, badValue: '', detail };
}
export function fieldDuplicate(field: string, badValue: unknown): FieldError {
  return { type: 'FieldValueDuplicate', field, badValue, detail: '' };
}
export function fieldInvalid(field: string, badValue: unknown, detail: string): FieldError {
  return { type: 'FieldValueInvalid', field, badValue, detail };
}
export function fieldTypeInvalid(field: string, badValue: unknown, detail: string): FieldError {
  return { type: 'FieldValueTypeInvalid', field, badValue, detail };
}
/** Lists the values in the order given: pass them sorted where upstream sorts (sets do). */
export function fieldNotSupported(field: string, badValue: unknown, supported: readonly string[]): FieldError {
  const detail = supported.length === 0 ? '' : `supported values: ${supported.map(goQuote).join(', ')}`;
  return { type: 'FieldValueNotSupported', field, badValue, detail };
}
export function fieldForbidden(field: string, detail: string): FieldError {
  return { type: 'FieldValueForbidden', field, badValue: '', detail };
}
/** A negative maximum gives the text without a number. */
export function fieldTooLong(field: string, maxLengthBytes: number): FieldError {
  return tooLong(field, maxLengthBytes, 'byte');
}
export function fieldTooLongCharacters(field: string, maxLength: number): FieldError {
  return tooLong(field, maxLength, 'character');
}
function tooLong(field: string, maxLength: number, unit: string): FieldError {
  const detail = maxLength < 0 ? 'value is too long' : `may not be more than ${maxLength} ${plural(unit, maxLength)}`;
  return { type: 'FieldValueTooLong', field, badValue: '<value omitted>', detail };
}
export function fieldTooShort(field: string, badValue: string, minLength: number): FieldError {
  const detail = minLength < 0 ? 'value is too short' : `must be at least ${minLength} ${plural('character', minLength)}`;
  return { type: 'FieldValueTooShort', field, badValue, detail };
}
/** A negative actual quantity is left out of the message. */
export function fieldTooMany(field: string, actual: number, maximum: number): FieldError {
  const detail = maximum < 0 ? 'has too many items' : `must have at most ${maximum} ${plural('item', maximum)}`;
  return { type: 'FieldValueTooMany', field, badValue: actual < 0 ? OMITTED_VALUE : actual, detail };
}
export function fieldTooFew(field: string, actual: number, minimum: number): FieldError {
  const detail = minimum < 0 ? 'has too few items' : `must have at least ${minimum} ${plural('item', minimum)}`;
  return { type: 'FieldValueTooFew', field, badValue: actual < 0 ? OMITTED_VALUE : actual, detail };
}
export function fieldInternalError(field: string, detail: string): FieldError {
  return { type: 'InternalError', field, detail };
}

function plural(word: string, count: number): string {
  return count === 1 ? word : `${word}s`;
}
