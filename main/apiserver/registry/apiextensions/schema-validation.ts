import type * as apiextensions from '../../../../kube/api/generated/apiextensions/v1.ts';
import { FieldErrors } from '../validation/field-errors.ts';
import type { FieldPath } from '../validation/field-path.ts';
import { checkDefaults, checkObjectFields, checkRestrictions } from './schema-restrictions.ts';

type Schema = apiextensions.JSONSchemaProps;
type Level = 'root' | 'item' | 'field';
/** Fields that JSON Schema writes with a schema, a list of them, or a boolean. */
interface OpenSchema {
  readonly type?: string;
  readonly items?: unknown;
  readonly additionalProperties?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
}
const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const LIST_TYPES = ['atomic', 'set', 'map'];
const MAP_TYPES = ['atomic', 'granular'];
const JUNCTORS = ['anyOf', 'allOf', 'oneOf'] as const;
const NOT_IN_JUNCTORS = ['type', 'title', 'description'] as const;
const MISSING_TYPE: Record<Level, string> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

/** The form of a schema, then whether it is structural. Its CEL rules are compiled by whoever evaluates them. */
export function checkSchema(schema: Schema | undefined, path: FieldPath, errors: FieldErrors): void {
  if (schema === undefined) return;
  const before = errors.count;
  checkForm(schema, path, errors, true);
  if (errors.count > before) return;
  const structural = new FieldErrors();
  checkStructure(schema, 'root', path, structural);
  checkObjectFields(schema as { properties?: Record<string, { type?: string }> }, path, structural);
  if (structural.count === 0) checkDefaults(schema, path, structural);
  errors.addAll(structural.list.toSorted((a, b) => (a.field < b.field ? -1 : a.field > b.field ? 1 : 0)));
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sortedProperties({ properties }: OpenSchema): [string, Schema][] {
  return Object.entries(properties ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function checkForm(schema: Schema, path: FieldPath, errors: FieldErrors, isRoot = false): void {
  const { items, additionalProperties, properties } = schema as OpenSchema;
  if (schema.uniqueItems) errors.forbidden(path.child('uniqueItems'), 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic');
  if (additionalProperties !== undefined && Object.keys(properties ?? {}).length > 0) {
    const isAllowing = additionalProperties === false;
    if (!isAllowing) errors.forbidden(path.child('additionalProperties'), 'additionalProperties and properties are mutual exclusive');
  }
  if (isSchema(additionalProperties)) checkForm(additionalProperties, path.child('additionalProperties'), errors);
  for (const [name, property] of sortedProperties(schema as OpenSchema)) {
    if (isRoot && name === 'metadata') checkMetadataSchema(property, path.child('properties').key(name), errors);
    checkForm(property, path.child('properties').key(name), errors);
  }
  if (Array.isArray(items)) errors.forbidden(path.child('items'), 'items must be a schema object and not an array');
  else if (isSchema(items)) checkForm(items, path.child('items'), errors);
  if (schema.type !== undefined && schema.type !== '' && !TYPES.includes(schema.type)) errors.notSupported(path.child('type'), schema.type, TYPES);
  checkRestrictions(schema, path, errors);
  checkExtensions(schema, path, errors);
  for (const [index, rule] of (schema['x-kubernetes-validations'] ?? []).entries()) {
    checkRule(rule, path.child('x-kubernetes-validations').index(index), errors);
  }
}

function checkMetadataSchema(schema: Schema, path: FieldPath, errors: FieldErrors): void {
  const isPlain = Object.keys(schema.properties ?? {}).every((name) => name === 'name' || name === 'generateName');
  if (!isPlain) errors.forbidden(path, 'must not specify anything other than name and generateName, but metadata is implicitly specified');
}

function checkExtensions(schema: Schema, path: FieldPath, errors: FieldErrors): void {
  const preserve = schema['x-kubernetes-preserve-unknown-fields'];
  if (preserve === false) errors.invalid(path.child('x-kubernetes-preserve-unknown-fields'), false, 'must be true or undefined');
  const mapType = schema['x-kubernetes-map-type'];
  if (mapType !== undefined) {
    if (schema.type !== 'object') errors.invalid(path.child('type'), schema.type ?? '', 'must be object if x-kubernetes-map-type is specified');
    if (!MAP_TYPES.includes(mapType)) errors.notSupported(path.child('x-kubernetes-map-type'), mapType, MAP_TYPES);
  }
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  if (listType !== undefined) {
    if (schema.type !== 'array') errors.invalid(path.child('type'), schema.type ?? '', 'must be array if x-kubernetes-list-type is specified');
    if (!LIST_TYPES.includes(listType)) errors.notSupported(path.child('x-kubernetes-list-type'), listType, LIST_TYPES);
  }
  const keysPath = path.child('x-kubernetes-list-map-keys');
  if (keys.length > 0 && listType !== 'map') {
    if (listType === undefined) errors.required(path.child('x-kubernetes-list-type'), 'must be map if x-kubernetes-list-map-keys is non-empty');
    else errors.invalid(path.child('x-kubernetes-list-type'), listType, 'must be map if x-kubernetes-list-map-keys is non-empty');
  }
  if (listType === 'map') {
    if (keys.length === 0) errors.required(keysPath, 'must not be empty if x-kubernetes-list-type is map');
    checkMapItems((schema as OpenSchema).items, keys, path, errors);
  }
  const { items } = schema as OpenSchema;
  if (listType === 'set' && isSchema(items) && items.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic') {
    const detail = 'must be atomic as item of a list with x-kubernetes-list-type=set';
    errors.invalid(path.child('items').child('x-kubernetes-map-type'), items['x-kubernetes-map-type'] ?? null, detail);
  }
}

function checkMapItems(items: unknown, keys: readonly string[], path: FieldPath, errors: FieldErrors): void {
  if (!isSchema(items)) return;
  const itemsPath = path.child('items');
  if (items.type !== 'object') {
    errors.invalid(itemsPath.child('type'), items.type ?? '', 'must be object if parent array\'s x-kubernetes-list-type is map');
    return;
  }
  for (const [index, key] of keys.entries()) {
    const property = items.properties?.[key];
    if (property === undefined) {
      errors.invalid(path.child('x-kubernetes-list-map-keys').index(index), key, 'entries must all be names of item properties');
    } else if (property.default === undefined && !items.required?.includes(key)) {
      const detail = 'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property';
      errors.required(itemsPath.child('properties').key(key).child('default'), detail);
    }
  }
}

function checkRule(rule: apiextensions.ValidationRule, path: FieldPath, errors: FieldErrors): void {
  const { rule: expression = '', message, messageExpression } = rule;
  if (expression.trim() === '') errors.required(path.child('rule'), 'rule is not specified');
  if (message !== undefined && message !== '') {
    if (message.trim() === '') errors.invalid(path.child('message'), message, 'must be non-empty if specified');
    else if (/[\n\r]/v.test(message.trim())) errors.invalid(path.child('message'), message, 'must not contain line breaks');
  }
  if (messageExpression !== undefined && messageExpression !== '' && messageExpression.trim() === '') {
    errors.required(path.child('messageExpression'), 'messageExpression must be non-empty if specified');
  }
  if (rule.optionalOldSelf !== undefined && !/\boldSelf\b/v.test(expression)) {
    errors.invalid(path.child('optionalOldSelf'), rule.optionalOldSelf, 'may not be set if oldSelf is not used in rule');
  }
}

/** Which schemas are structural: what fields there are is said outside of anyOf, allOf, oneOf and not. */
function checkStructure(schema: Schema, level: Level, path: FieldPath, errors: FieldErrors): void {
  const { items, additionalProperties } = schema as OpenSchema;
  const { type = '' } = schema;
  if (type === 'array' && !isSchema(items)) errors.required(path.child('items'), 'must be specified');
  if (isSchema(items)) checkStructure(items, 'item', path.child('items'), errors);
  for (const [name, property] of sortedProperties(schema as OpenSchema)) checkStructure(property, 'field', path.child('properties').key(name), errors);
  if (additionalProperties !== undefined && level === 'root') errors.forbidden(path.child('additionalProperties'), 'must not be used at the root');
  if (isSchema(additionalProperties)) checkStructure(additionalProperties, 'field', path.child('additionalProperties'), errors);
  const embedded = schema['x-kubernetes-embedded-resource'] ?? false;
  const isFree = schema['x-kubernetes-preserve-unknown-fields'] ?? false;
  const isIntOrString = schema['x-kubernetes-int-or-string'] ?? false;
  if (isIntOrString && isFree) {
    errors.invalid(path.child('x-kubernetes-preserve-unknown-fields'), isFree, 'must be false if x-kubernetes-int-or-string is true');
  }
  if (embedded && type !== 'object') {
    if (type === '') errors.required(path.child('type'), 'must be object if x-kubernetes-embedded-resource is true');
    else errors.invalid(path.child('type'), type, 'must be object if x-kubernetes-embedded-resource is true');
  } else if (type === '' && !isIntOrString && !isFree) {
    errors.required(path.child('type'), MISSING_TYPE[level]);
  }
  if (level === 'root' && type !== '' && type !== 'object') errors.invalid(path.child('type'), type, 'must be object at the root');
  if (embedded && !isFree && Object.keys(schema.properties ?? {}).length === 0) {
    errors.required(path.child('properties'), 'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields');
  }
  checkJunctors(schema, isIntOrString, path, errors);
}

function checkJunctors(schema: Schema, isIntOrString: boolean, path: FieldPath, errors: FieldErrors): void {
  for (const junctor of JUNCTORS) {
    if (isIntOrString && junctor === 'anyOf') continue;
    for (const [index, nested] of (schema[junctor] ?? []).entries()) checkNested(nested, isIntOrString, path.child(junctor).index(index), errors);
  }
  if (schema.not !== undefined) checkNested(schema.not, isIntOrString, path.child('not'), errors);
}

function checkNested(schema: Schema, isIntOrString: boolean, path: FieldPath, errors: FieldErrors): void {
  for (const field of NOT_IN_JUNCTORS) if (schema[field]) errors.forbidden(path.child(field), 'must be empty to be structural');
  if (schema.default !== undefined) errors.forbidden(path.child('default'), 'must be undefined to be structural');
  const { items } = schema as OpenSchema;
  if (isSchema(items)) checkNested(items, false, path.child('items'), errors);
  for (const [name, property] of sortedProperties(schema as OpenSchema)) checkNested(property, false, path.child('properties').key(name), errors);
  checkJunctors(schema, isIntOrString, path, errors);
}
