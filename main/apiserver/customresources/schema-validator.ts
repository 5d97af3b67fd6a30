import { RE2JS } from 're2js';
import type { FieldError } from '../../../kube/apimachinery/field-error.ts';
import { fieldDuplicate, fieldInvalid, fieldNotSupported, fieldRequired, fieldTooLong, fieldTooMany, fieldTypeInvalid } from '../../../kube/apimachinery/field-error.ts';
import { deepEqual, isJsonObject } from '../../../kube/apimachinery/json.ts';
import { additionalOf, type JsonObject, type JsonSchema, propertyOf } from './json-schema.ts';
import { matchCount } from './match-count.ts';
import { hasFormat } from './string-formats.ts';

/** Where a value is: `field` as errors name it, `text` as go-openapi's sentences do (they leave out `status` of status writes). */
interface Place {
  readonly field: string;
  readonly text: string;
}

const patterns = new WeakMap<JsonSchema, RE2JS | undefined>();

/**
 * Every way in which a value breaks its schema, in go-openapi's order and words (upstream: kube-openapi/pkg/validation/validate, through
 * apiextensions-apiserver/pkg/apiserver/validation). `text` defaults to the path.
 */
export function validateValue(value: unknown, schema: JsonSchema, place: { readonly field: string; readonly text?: string }): readonly FieldError[] {
  const errors: FieldError[] = [];
  check(value, schema, { field: place.field, text: place.text ?? place.field }, errors);
  return errors;
}

function check(value: unknown, schema: JsonSchema, place: Place, errors: FieldError[]): void {
  if (value === null && schema.nullable === true) return;
  checkType(value, schema, place, errors);
  checkJunctors(value, schema, place, errors);
  if (typeof value === 'string') checkString(value, schema, place, errors);
  if (typeof value === 'number') checkNumber(value, schema, place, errors);
  if (Array.isArray(value)) checkList(value, schema, place, errors);
  checkEnum(value, schema, place, errors);
  if (isJsonObject(value)) checkObject(value, schema, place, errors);
}

function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function checkType(value: unknown, schema: JsonSchema, { field, text }: Place, errors: FieldError[]): void {
  const wanted = schema['x-kubernetes-int-or-string'] === true ? ['integer', 'string'] : schema.type ? [schema.type] : [];
  if (wanted.length === 0) return;
  const actual = typeName(value);
  if (wanted.includes(actual) || (actual === 'integer' && wanted.includes('number'))) return;
  errors.push(fieldTypeInvalid(field, actual, `${subject(text)} must be of type ${wanted.join(',')}: ${JSON.stringify(actual)}`));
  // A fraction meets go-openapi's check of the format as well.
  if (schema.type === 'integer' && typeof value === 'number') errors.push(fieldInvalid('', '', `Checked value must be of type integer (default format) in ${text}`));
}

function subject(text: string): string {
  return `${text} in body`;
}

function checkString(value: string, schema: JsonSchema, { field, text }: Place, errors: FieldError[]): void {
  const length = [...value].length;
  if (schema.maxLength !== undefined && length > schema.maxLength) errors.push(fieldTooLong(field, schema.maxLength));
  if (schema.minLength !== undefined && length < schema.minLength) errors.push(fieldInvalid(field, value, `${subject(text)} should be at least ${schema.minLength} chars long`));
  if (schema.pattern !== undefined && schema.pattern !== '' && !matches(schema, value)) errors.push(fieldInvalid(field, value, `${subject(text)} should match '${schema.pattern}'`));
  if (schema.format !== undefined && schema.format !== '' && !hasFormat(schema.format, value)) {
    errors.push(fieldTypeInvalid(field, value, `${subject(text)} must be of type ${schema.format}: ${JSON.stringify(value)}`));
  }
}

function matches(schema: JsonSchema, value: string): boolean {
  if (!patterns.has(schema)) patterns.set(schema, compile(schema.pattern ?? ''));
  return patterns.get(schema)?.matcher(value).find() ?? false;
}

function compile(pattern: string): RE2JS | undefined {
  try {
    return RE2JS.compile(pattern);
  } catch {
    // Validation of the definition refuses bad patterns; what an older server let through matches nothing.
    return undefined;
  }
}

function checkNumber(value: number, schema: JsonSchema, { field, text }: Place, errors: FieldError[]): void {
  const { minimum, maximum, multipleOf } = schema;
  if (multipleOf !== undefined && multipleOf > 0 && !Number.isInteger(value / multipleOf)) errors.push(fieldInvalid(field, value, `${subject(text)} should be a multiple of ${multipleOf}`));
  if (maximum !== undefined && (schema.exclusiveMaximum ? value >= maximum : value > maximum)) {
    errors.push(fieldInvalid(field, value, `${subject(text)} should be less than${schema.exclusiveMaximum ? '' : ' or equal to'} ${maximum}`));
  }
  if (minimum !== undefined && (schema.exclusiveMinimum ? value <= minimum : value < minimum)) {
    errors.push(fieldInvalid(field, value, `${subject(text)} should be greater than${schema.exclusiveMinimum ? '' : ' or equal to'} ${minimum}`));
  }
}

function checkList(list: readonly unknown[], schema: JsonSchema, place: Place, errors: FieldError[]): void {
  const { items } = schema;
  if (items) for (const [index, item] of list.entries()) check(item, items, { field: `${place.field}[${index}]`, text: `${place.text}[${index}]` }, errors);
  if (schema.minItems !== undefined && list.length < schema.minItems) errors.push(fieldInvalid(place.field, list.length, `${subject(place.text)} should have at least ${schema.minItems} items`));
  if (schema.maxItems !== undefined && list.length > schema.maxItems) errors.push(fieldTooMany(place.field, list.length, schema.maxItems));
}

function checkEnum(value: unknown, schema: JsonSchema, { field }: Place, errors: FieldError[]): void {
  if (!schema.enum || schema.enum.length === 0 || schema.enum.some((one) => deepEqual(one, value))) return;
  errors.push(fieldNotSupported(field, value, schema.enum.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))));
}

function checkObject(object: JsonObject, schema: JsonSchema, place: Place, errors: FieldError[]): void {
  const count = Object.keys(object).length;
  if (schema.minProperties !== undefined && count < schema.minProperties) {
    errors.push(fieldInvalid(place.field, count, `${subject(place.text)} should have at least ${schema.minProperties} properties`));
  }
  if (schema.maxProperties !== undefined && count > schema.maxProperties) errors.push(fieldTooMany(place.field, count, schema.maxProperties));
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(object, name)) errors.push(fieldRequired(member(place, name).field));
  }
  const additional = additionalOf(schema);
  for (const name of Object.keys(object).sort()) {
    const type = propertyOf(schema, name) ?? additional;
    if (type) check(object[name], type, member(place, name), errors);
  }
}

function member({ field, text }: Place, name: string): Place {
  return { field: field === '' ? name : `${field}.${name}`, text: text === '' ? name : `${text}.${name}` };
}

function attempt(value: unknown, schema: JsonSchema, place: Place): FieldError[] {
  const errors: FieldError[] = [];
  check(value, schema, place, errors);
  return errors;
}

function checkJunctors(value: unknown, schema: JsonSchema, place: Place, errors: FieldError[]): void {
  const say = (text: string): void => void errors.push(fieldInvalid('', '', `${JSON.stringify(place.text)} ${text}`));
  if (schema.anyOf && schema.anyOf.length > 0) {
    const results = schema.anyOf.map((one) => attempt(value, one, place));
    if (results.every((result) => result.length > 0)) {
      say('must validate at least one schema (anyOf)');
      errors.push(...best(results, value, schema.anyOf));
    }
  }
  if (schema.oneOf && schema.oneOf.length > 0) {
    const results = schema.oneOf.map((one) => attempt(value, one, place));
    const valid = results.filter((result) => result.length === 0).length;
    if (valid !== 1) {
      say(`must validate one and only one schema (oneOf). ${valid === 0 ? 'Found none valid' : `Found ${valid} valid alternatives`}`);
      if (valid === 0) errors.push(...best(results, value, schema.oneOf));
    }
  }
  if (schema.allOf && schema.allOf.length > 0) {
    const results = schema.allOf.map((one) => attempt(value, one, place));
    const failed = results.filter((result) => result.length > 0);
    if (failed.length > 0) {
      say(`must validate all the schemas (allOf)${failed.length === results.length ? '. None validated' : ''}`);
      errors.push(...failed.flat());
    }
  }
  if (schema.not && attempt(value, schema.not, place).length === 0) say('must not validate the schema (not)');
}

/** The alternative that came nearest: what go-openapi shows of a failed anyOf or oneOf. */
function best(results: readonly FieldError[][], value: unknown, alternatives: readonly JsonSchema[]): readonly FieldError[] {
  const counts = alternatives.map((schema) => matchCount(value, schema));
  return results[counts.indexOf(Math.max(...counts))] ?? [];
}

/** Repeated items of list-type set, repeated keys of list-type map (upstream: schema/listtype). */
export function validateListTypes(value: unknown, schema: JsonSchema, field: string): readonly FieldError[] {
  if (Array.isArray(value)) {
    const { items } = schema;
    const nested = items ? value.flatMap((item, index) => validateListTypes(item, items, `${field}[${index}]`)) : [];
    return [...duplicates(value, schema, field), ...nested];
  }
  if (!isJsonObject(value)) return [];
  const additional = additionalOf(schema);
  return Object.keys(value).sort().flatMap((name) => {
    const type = propertyOf(schema, name) ?? additional;
    return type ? validateListTypes(value[name], type, field === '' ? name : `${field}.${name}`) : [];
  });
}

function duplicates(list: readonly unknown[], schema: JsonSchema, field: string): FieldError[] {
  const listType = schema['x-kubernetes-list-type'];
  if (listType !== 'set' && listType !== 'map') return [];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const identity = (item: unknown): unknown => (listType === 'set' ? item : Object.fromEntries(keys.flatMap((key) => (isJsonObject(item) && item[key] !== undefined ? [[key, item[key]]] : []))));
  const seen = new Set<string>();
  return list.flatMap((item, index) => {
    const id = identity(item);
    const text = canonical(id);
    if (!seen.has(text)) {
      seen.add(text);
      return [];
    }
    return [fieldDuplicate(`${field}[${index}]`, id)];
  });
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`;
}
