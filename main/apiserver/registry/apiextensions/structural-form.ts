import type * as apiextensions from '../../../../kube/api/generated/apiextensions/v1.ts';
import { formatFieldError } from '../../../../kube/apimachinery/field-error.ts';
import { deepEqual, isJsonObject } from '../../../../kube/apimachinery/json.ts';
import { patternProblem } from '../../cel/library/strings.ts';
import { FieldErrors } from '../validation/field-errors.ts';
import type { FieldPath } from '../validation/field-path.ts';
import { RE2JS } from 're2js';

type Schema = apiextensions.JSONSchemaProps;
type Level = 'root' | 'item' | 'field';
const MISSING_TYPE: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};
const INT_OR_STRING = [{ type: 'integer' }, { type: 'string' }];
/** What only the structure outside of anyOf, allOf, oneOf and not may say: field, sentence. */
const FORBIDDEN_WHEN_NESTED: readonly (readonly [string, string])[] = [
  ['type', 'must be empty to be structural'], ['additionalProperties', 'must be undefined to be structural'], ['default', 'must be undefined to be structural'],
  ['title', 'must be empty to be structural'], ['description', 'must be empty to be structural'], ['nullable', 'must be false to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'], ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'], ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'], ['x-kubernetes-map-type', 'must be undefined to be structural'],
  ['x-kubernetes-validations', 'must be empty to be structural'],
];

/** Whether a schema is structural (upstream: apiextensions-apiserver, pkg/apiserver/schema/validation.go and complete.go). */
export function checkStructural(schema: Schema, path: FieldPath, errors: FieldErrors): void {
  const found = new FieldErrors();
  checkInvariants(schema, { level: 'root', path, errors: found });
  checkCompleteness(schema, path, found);
  const texts = new Map(found.list.map((error) => [error, formatFieldError(error)]));
  errors.addAll(found.list.toSorted((a, b) => ((texts.get(a) ?? '') < (texts.get(b) ?? '') ? -1 : 1)));
}

function isSchema(value: unknown): value is Schema {
  return isJsonObject(value);
}

interface Visit {
  readonly level: Level;
  readonly path: FieldPath;
  readonly errors: FieldErrors;
}

function checkInvariants(schema: Schema, { level, path, errors }: Visit): void {
  const { items, additionalProperties, properties = {} } = schema as { items?: unknown; additionalProperties?: unknown; properties?: Record<string, Schema> };
  const { type = '' } = schema;
  if (type === 'array' && !isSchema(items)) errors.required(path.child('items'), 'must be specified');
  if (isSchema(items)) checkInvariants(items, { level: 'item', path: path.child('items'), errors });
  for (const [name, property] of Object.entries(properties)) checkInvariants(property, { level: 'field', path: path.child('properties').key(name), errors });
  if (additionalProperties !== undefined && level === 'root') errors.forbidden(path.child('additionalProperties'), 'must not be used at the root');
  if (isSchema(additionalProperties)) checkInvariants(additionalProperties, { level: 'field', path: path.child('additionalProperties'), errors });
  checkExtensions(schema, path, errors);
  const isPattern = deepEqual(schema.anyOf, INT_OR_STRING);
  const isNestedPattern = deepEqual(schema.allOf?.[0]?.anyOf, INT_OR_STRING);
  checkValueValidation(schema, { skipsAnyOf: isPattern, skipsNestedAnyOf: isNestedPattern }, path, errors);
  checkType(schema, { level, path, errors });
  checkObjectFields(properties, { level, path, errors }, level === 'root' || schema['x-kubernetes-embedded-resource'] === true);
}

function checkExtensions(schema: Schema, path: FieldPath, errors: FieldErrors): void {
  if (!schema['x-kubernetes-int-or-string']) return;
  const isFree = schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (isFree) errors.invalid(path.child('x-kubernetes-preserve-unknown-fields'), isFree, 'must be false if x-kubernetes-int-or-string is true');
  if (schema['x-kubernetes-embedded-resource']) errors.invalid(path.child('x-kubernetes-embedded-resource'), true, 'must be false if x-kubernetes-int-or-string is true');
}

function checkType(schema: Schema, { level, path, errors }: Visit): void {
  const { type = '' } = schema;
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true;
  const isFree = schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (isEmbedded && type !== 'object') {
    if (type === '') errors.required(path.child('type'), 'must be object if x-kubernetes-embedded-resource is true');
    else errors.invalid(path.child('type'), type, 'must be object if x-kubernetes-embedded-resource is true');
  } else if (type === '' && !schema['x-kubernetes-int-or-string'] && !isFree) {
    errors.required(path.child('type'), MISSING_TYPE[level]);
  }
  if (isEmbedded && (schema as { additionalProperties?: unknown }).additionalProperties !== undefined) errors.forbidden(path.child('additionalProperties'), 'must not be used if x-kubernetes-embedded-resource is set');
  if (level === 'root' && type !== '' && type !== 'object') errors.invalid(path.child('type'), type, 'must be object at the root');
  if (isEmbedded && !isFree && Object.keys(schema.properties ?? {}).length === 0) {
    errors.required(path.child('properties'), 'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields');
  }
}

/** What every object has cannot be declared as something else. */
function checkObjectFields(properties: Readonly<Record<string, Schema>>, { level, path, errors }: Visit, isResource: boolean): void {
  const at = (name: string): FieldPath => path.child('properties').key(name);
  const wanted = [['kind', 'string'], ['apiVersion', 'string'], ['metadata', 'object']] as const;
  for (const [name, type] of wanted) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (property && isResource && property.type !== type) errors.invalid(at(name).child('type'), property.type ?? '', `must be ${type}`);
  }
  const metadata = Object.hasOwn(properties, 'metadata') ? properties['metadata'] : undefined;
  if (metadata && level === 'root' && !isPlainMetadata(metadata)) {
    errors.forbidden(at('metadata'), 'must not specify anything other than name and generateName, but metadata is implicitly specified');
  }
}

function isPlainMetadata({ type: _type, default: _default, properties = {}, ...rest }: Schema): boolean {
  const names = Object.keys(properties);
  return Object.values(rest).every((value) => value === undefined || value === false || value === '') && names.every((name) => name === 'name' || name === 'generateName');
}

function checkValueValidation(schema: Schema, { skipsAnyOf, skipsNestedAnyOf }: { readonly skipsAnyOf: boolean; readonly skipsNestedAnyOf: boolean }, path: FieldPath, errors: FieldErrors): void {
  const nested = (list: readonly Schema[] | undefined, name: string, skips: (index: number) => boolean): void => {
    for (const [index, item] of (list ?? []).entries()) checkNested(item, skips(index), path.child(name).index(index), errors);
  };
  if (!skipsAnyOf) nested(schema.anyOf, 'anyOf', () => false);
  nested(schema.allOf, 'allOf', (index) => skipsNestedAnyOf && index === 0);
  nested(schema.oneOf, 'oneOf', () => false);
  if (schema.not) checkNested(schema.not, false, path.child('not'), errors);
  checkPattern(schema.pattern, path.child('pattern'), errors);
}

function checkPattern(pattern: string | undefined, path: FieldPath, errors: FieldErrors): void {
  if (!pattern) return;
  try {
    RE2JS.compile(pattern);
  } catch (error) {
    errors.invalid(path, pattern, `must be a valid regular expression, but isn't: error parsing regexp: ${patternProblem(error)}`);
  }
}

function checkNested(schema: Schema, skipsAnyOf: boolean, path: FieldPath, errors: FieldErrors): void {
  checkValueValidation(schema, { skipsAnyOf, skipsNestedAnyOf: false }, path, errors);
  const fields = schema as unknown as Readonly<Record<string, unknown>>;
  const { items, properties = {} } = fields as { items?: unknown; properties?: Record<string, Schema> };
  if (isSchema(items)) checkNested(items, false, path.child('items'), errors);
  for (const [name, property] of Object.entries(properties)) checkNested(property, false, path.child('properties').key(name), errors);
  for (const [name, sentence] of FORBIDDEN_WHEN_NESTED) if (isSaid(fields[name], name)) errors.forbidden(path.child(name), sentence);
  if (Object.hasOwn(properties, 'metadata')) errors.forbidden(path.child('properties').key('metadata'), 'must not be specified in a nested context');
}

function isSaid(value: unknown, name: string): boolean {
  if (name === 'default' || name === 'additionalProperties') return value !== undefined && (name !== 'additionalProperties' || isSchema(value) || value === true);
  return value !== undefined && value !== null && value !== false && value !== '' && !(Array.isArray(value) && value.length === 0);
}

/** Whatever the root's anyOf, allOf, oneOf and not talk about must be specified outside of them; upstream looks at no others. */
function checkCompleteness(schema: Schema, path: FieldPath, errors: FieldErrors): void {
  for (const [nested, at] of junctionsOf(schema, path)) checkSpecified(nested, schema, { at, path, errors });
}

function junctionsOf({ allOf, anyOf, oneOf, not }: Schema, path: FieldPath): readonly (readonly [Schema, FieldPath])[] {
  const list = (schemas: readonly Schema[] | undefined, name: string): (readonly [Schema, FieldPath])[] => (schemas ?? []).map((schema, index) => [schema, path.child(name).index(index)]);
  return [...list(allOf, 'allOf'), ...list(anyOf, 'anyOf'), ...list(oneOf, 'oneOf'), ...(not ? [[not, path.child('not')] as const] : [])];
}

interface Completeness {
  /** Where the nested schema stands. */
  readonly at: FieldPath;
  /** Where the structure stands that it must fit. */
  readonly path: FieldPath;
  readonly errors: FieldErrors;
}

function checkSpecified(nested: Schema, structure: Schema | undefined, { at, path, errors }: Completeness): void {
  const nestedParts = nested as { items?: unknown; properties?: Record<string, Schema> };
  if (!structure) {
    errors.required(path, `because it is defined in ${at.toString()}`);
    return;
  }
  const parts = structure as { items?: unknown; properties?: Record<string, Schema> };
  for (const [inner, innerPath] of junctionsOf(nested, at)) checkSpecified(inner, structure, { at: innerPath, path, errors });
  if (isSchema(nestedParts.items)) checkSpecified(nestedParts.items, isSchema(parts.items) ? parts.items : undefined, { at: at.child('items'), path: path.child('items'), errors });
  for (const [name, property] of Object.entries(nestedParts.properties ?? {})) {
    const declared = parts.properties && Object.hasOwn(parts.properties, name) ? parts.properties[name] : undefined;
    checkSpecified(property, declared, { at: at.child('properties').key(name), path: path.child('properties').key(name), errors });
  }
}
