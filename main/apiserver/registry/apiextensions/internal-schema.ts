import type * as apiextensions from '../../../../kube/api/generated/apiextensions/v1.ts';
import { wasGivenEmpty } from '../../../../kube/api/typed-object.ts';
import { isJsonObject } from '../../../../kube/apimachinery/json.ts';

type Schema = apiextensions.JSONSchemaProps;
type Fields = Readonly<Record<string, unknown>>;

/** Fields of upstream's internal JSONSchemaProps in their order, with our names and what is written where nothing is said. */
const FIELDS: readonly (readonly [string, string, unknown])[] = [
  ['ID', 'id', ''], ['Schema', '$schema', ''], ['Ref', '$ref', null], ['Description', 'description', ''], ['Type', 'type', ''], ['Nullable', 'nullable', false], ['Format', 'format', ''],
  ['Title', 'title', ''], ['Default', 'default', null], ['Maximum', 'maximum', null], ['ExclusiveMaximum', 'exclusiveMaximum', false], ['Minimum', 'minimum', null],
  ['ExclusiveMinimum', 'exclusiveMinimum', false], ['MaxLength', 'maxLength', null], ['MinLength', 'minLength', null], ['Pattern', 'pattern', ''], ['MaxItems', 'maxItems', null],
  ['MinItems', 'minItems', null], ['UniqueItems', 'uniqueItems', false], ['MultipleOf', 'multipleOf', null], ['Enum', 'enum', null], ['MaxProperties', 'maxProperties', null],
  ['MinProperties', 'minProperties', null], ['Required', 'required', null], ['Items', 'items', null], ['AllOf', 'allOf', null], ['OneOf', 'oneOf', null], ['AnyOf', 'anyOf', null],
  ['Not', 'not', null], ['Properties', 'properties', null], ['AdditionalProperties', 'additionalProperties', null], ['PatternProperties', 'patternProperties', null],
  ['Dependencies', 'dependencies', null], ['AdditionalItems', 'additionalItems', null], ['Definitions', 'definitions', null], ['ExternalDocs', 'externalDocs', null], ['Example', 'example', null],
  ['XPreserveUnknownFields', 'x-kubernetes-preserve-unknown-fields', null], ['XEmbeddedResource', 'x-kubernetes-embedded-resource', false],
  ['XIntOrString', 'x-kubernetes-int-or-string', false], ['XListMapKeys', 'x-kubernetes-list-map-keys', null], ['XListType', 'x-kubernetes-list-type', null],
  ['XMapType', 'x-kubernetes-map-type', null], ['XValidations', 'x-kubernetes-validations', null],
];
const SCHEMAS = new Set(['properties', 'patternProperties', 'definitions']);
const LISTS = new Set(['allOf', 'oneOf', 'anyOf']);

/** Fields that a schema says something of, by upstream's names. */
export function internalFieldNames(schema: Schema): readonly string[] {
  const fields = schema as unknown as Fields;
  const isSaid = (name: string, empty: unknown): boolean => (fields[name] !== undefined && fields[name] !== null ? fields[name] !== empty : wasGivenEmpty(schema, name));
  return FIELDS.filter(([, name, empty]) => isSaid(name, empty)).map(([internal]) => internal);
}

/** A schema as upstream's internal type writes it into a message. */
export function internalSchema(schema: Schema): Record<string, unknown> {
  const fields = schema as unknown as Fields;
  return Object.fromEntries(FIELDS.map(([internal, name, empty]) => [internal, internalField(name, fields[name], empty)]));
}

function internalField(name: string, value: unknown, empty: unknown): unknown {
  if (value === undefined || value === null) return empty;
  if (name === 'items') return Array.isArray(value) ? { Schema: null, JSONSchemas: value.map((item) => internalSchema(item as Schema)) } : { Schema: internalSchema(value as Schema), JSONSchemas: null };
  if (name === 'additionalProperties' || name === 'additionalItems') return isJsonObject(value) ? { Allows: true, Schema: internalSchema(value as unknown as Schema) } : { Allows: value === true, Schema: null };
  if (name === 'not') return internalSchema(value as Schema);
  if (name === 'x-kubernetes-validations') return (value as apiextensions.ValidationRule[]).map(internalRule);
  if (LISTS.has(name)) return (value as Schema[]).map(internalSchema);
  if (SCHEMAS.has(name) && isJsonObject(value)) return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, internalSchema(item as Schema)]));
  return value;
}

export function internalRule({ rule, message, messageExpression, reason, fieldPath, optionalOldSelf }: apiextensions.ValidationRule): Record<string, unknown> {
  return {
    Rule: rule ?? '', Message: message ?? '', MessageExpression: messageExpression ?? '', Reason: reason ?? null, FieldPath: fieldPath ?? '', OptionalOldSelf: optionalOldSelf ?? null,
  };
}
