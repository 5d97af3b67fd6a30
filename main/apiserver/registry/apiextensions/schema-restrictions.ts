import { RE2JS } from 're2js';
import type * as apiextensions from '../../../../kube/api/generated/apiextensions/v1.ts';
import { deepCopy, isJsonObject } from '../../../../kube/apimachinery/json.ts';
import type { JsonSchema } from '../../customresources/json-schema.ts';
import { validateListTypes, validateValue } from '../../customresources/schema-validator.ts';
import { prune } from '../../customresources/structural.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import type { FieldPath } from '../validation/field-path.ts';

type Schema = apiextensions.JSONSchemaProps;

/** JSON Schema has these, CustomResourceDefinitions do not. */
const UNSUPPORTED = ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref'] as const;

/** What one part of a schema may not say, whatever stands around it. */
export function checkRestrictions(schema: Schema, path: FieldPath, errors: FieldErrors): void {
  const fields = schema as unknown as Readonly<Record<string, unknown>>;
  for (const name of UNSUPPORTED) if (isSaid(fields[name])) errors.forbidden(path.child(name), `${name} is not supported`);
  checkPattern(schema.pattern, path.child('pattern'), errors);
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  if (new Set(keys).size < keys.length) errors.invalid(path.child('x-kubernetes-list-map-keys'), keys, 'must not contain duplicate entries');
  const { items } = fields;
  if ((listType === 'set' || listType === 'map') && isJsonObject(items) && items['nullable'] === true) {
    errors.forbidden(path.child('items').child('nullable'), 'cannot be nullable when x-kubernetes-list-type is set');
  }
}

function isSaid(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && !(isJsonObject(value) && Object.keys(value).length === 0);
}

function checkPattern(pattern: string | undefined, path: FieldPath, errors: FieldErrors): void {
  if (!pattern) return;
  try {
    RE2JS.compile(pattern);
  } catch (error) {
    errors.invalid(path, pattern, `must be a valid regular expression, but isn't: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Defaults must fit their own schema. Of a structural schema only. */
export function checkDefaults(schema: Schema, path: FieldPath, errors: FieldErrors): void {
  const { properties, additionalProperties, items } = schema as unknown as JsonSchema;
  const value = schema.default as unknown;
  if (value !== undefined) {
    const at = path.child('default').toString();
    if (hasUnknownFields(value, schema as unknown as JsonSchema)) errors.invalid(path.child('default'), value, 'must not have unknown fields');
    const found = [...validateValue(value, schema as unknown as JsonSchema, { field: at, text: '' }), ...validateListTypes(value, schema as unknown as JsonSchema, at)];
    errors.addAll(found);
  }
  for (const [name, property] of Object.entries(properties ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))) checkDefaults(property as unknown as Schema, path.child('properties').key(name), errors);
  if (isJsonObject(additionalProperties)) checkDefaults(additionalProperties as unknown as Schema, path.child('additionalProperties'), errors);
  if (items) checkDefaults(items as unknown as Schema, path.child('items'), errors);
}

function hasUnknownFields(value: unknown, schema: JsonSchema): boolean {
  let found = false;
  prune(deepCopy(value), schema, { isObjectRoot: schema['x-kubernetes-embedded-resource'] === true, onUnknown: () => void (found = true) });
  return found;
}

/** What every object has cannot be declared as something else. */
export function checkObjectFields({ properties }: { readonly properties?: Readonly<Record<string, { readonly type?: string }>> }, path: FieldPath, errors: FieldErrors): void {
  for (const [name, wanted] of [['apiVersion', 'string'], ['kind', 'string'], ['metadata', 'object']] as const) {
    const type = properties?.[name]?.type;
    if (type !== undefined && type !== wanted) errors.invalid(path.child('properties').key(name).child('type'), type, `must be ${wanted}`);
  }
}
