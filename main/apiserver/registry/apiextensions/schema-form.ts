import type * as apiextensions from '../../../../kube/api/generated/apiextensions/v1.ts';
import type { FieldError } from '../../../../kube/apimachinery/field-error.ts';
import { isJsonObject } from '../../../../kube/apimachinery/json.ts';
import type { CelLibrary } from '../../cel/cel-environment.ts';
import { FieldErrors } from '../validation/field-errors.ts';
import type { FieldPath } from '../validation/field-path.ts';
import { checkExtensions } from './schema-extensions.ts';
import { checkRuleForm, checkRulePrograms, type RuleScope } from './rule-validation.ts';

type Schema = apiextensions.JSONSchemaProps;
/** Fields that JSON Schema writes with a schema, a list of them, or a boolean. */
interface OpenSchema {
  readonly items?: unknown;
  readonly additionalProperties?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
}

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
/** JSON Schema has these, CustomResourceDefinitions do not. */
const UNSUPPORTED = ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref'] as const;
const META_FIELDS = new Set(['metadata', 'kind', 'apiVersion']);

/** What a part of a schema is told by the parts around it. */
export interface SchemaScope {
  readonly library: CelLibrary;
  readonly isRoot: boolean;
  readonly isInsideMeta: boolean;
  /** Why there may be no defaults. */
  readonly forbidsDefaults: string | undefined;
  /** The part above whose old and new members cannot be compared. */
  readonly uncorrelatable: FieldPath | undefined;
  /** Absent where rules are not looked at. */
  readonly rules: RuleScope | undefined;
}

export interface FormResult {
  readonly schemaErrors: readonly FieldError[];
  readonly ruleErrors: readonly FieldError[];
}

/** Schemas that cannot be made structural whatever they say besides. */
export function isUnsupported(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.some(isUnsupported);
  if (!isJsonObject(schema)) return false;
  if (UNSUPPORTED.some((name) => isSaid(name, schema[name])) || isSaid('$schema', schema['$schema']) || (Array.isArray(schema['items']) && schema['items'].length > 0)) return true;
  return partsOf(schema).some(isUnsupported);
}

/** Texts and maps of schemas that are empty say nothing; what upstream has a pointer for says something as soon as it is there. */
function isSaid(name: string, value: unknown): boolean {
  if (value === undefined || value === null) return false;
  if (name === 'id' || name === '$schema') return value !== '';
  return name === 'patternProperties' || name === 'definitions' ? Object.keys(value).length > 0 : true;
}

/** A schema that names its dialect cannot be made structural. Upstream tells it only of schemas that are right otherwise. */
export function namesDialect(schema: unknown): boolean {
  return isJsonObject(schema) && (isSaid('$schema', schema['$schema']) || partsOf(schema).some(namesDialect));
}

export function hasDefaults(schema: unknown): boolean {
  return isJsonObject(schema) && ((schema['default'] !== undefined && schema['default'] !== null) || partsOf(schema).some(hasDefaults));
}

function partsOf({ properties, items, additionalProperties, allOf, anyOf, oneOf, not }: Readonly<Record<string, unknown>>): readonly unknown[] {
  return [...Object.values(isJsonObject(properties) ? properties : {}), items, additionalProperties, allOf, anyOf, oneOf, not].flat();
}

function isSchema(value: unknown): value is Schema {
  return isJsonObject(value);
}

/** One part of a schema and all below it (upstream: ValidateCustomResourceDefinitionOpenAPISchema). Errors about rules stand apart: those about the schema come first. */
export function checkForm(schema: Schema, path: FieldPath, scope: SchemaScope): FormResult {
  const errors = new FieldErrors();
  const ruleErrors = new FieldErrors();
  const below = (part: unknown, at: FieldPath, change: Partial<SchemaScope>): void => {
    if (!isSchema(part)) return;
    const result = checkForm(part, at, { ...scope, isRoot: false, ...change });
    errors.addAll(result.schemaErrors);
    ruleErrors.addAll(result.ruleErrors);
  };
  checkStandard(schema, path, errors, scope);
  checkAdditional(schema, path, errors);
  const { additionalProperties, items, properties = {} } = schema as OpenSchema;
  const inMap = scope.isInsideMeta ? { forbidsDefaults: 'inside additionalProperties applying to object metadata' } : {};
  below(additionalProperties, path.child('additionalProperties'), { ...inMap, rules: scope.rules && childRules(scope.rules, schema) });
  for (const [name, property] of Object.entries(properties).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    below(property, path.child('properties').key(name), { ...scopeOfProperty(schema, name, path, scope), rules: scope.rules && childRules(scope.rules, schema) });
  }
  below(schema.not, path.child('not'), { rules: undefined });
  for (const junctor of ['allOf', 'oneOf', 'anyOf'] as const) {
    for (const [index, nested] of (schema[junctor] ?? []).entries()) below(nested, path.child(junctor).index(index), { rules: undefined });
  }
  const isKeyed = schema['x-kubernetes-list-type'] === 'map';
  below(items, path.child('items'), { uncorrelatable: isKeyed ? scope.uncorrelatable : (scope.uncorrelatable ?? path), rules: scope.rules && childRules(scope.rules, schema) });
  checkExtensions(schema, path, errors);
  for (const [index, rule] of (schema['x-kubernetes-validations'] ?? []).entries()) checkRuleForm(rule, schema, path.child('x-kubernetes-validations').index(index), errors);
  if (errors.count === 0 && scope.rules) checkRulePrograms(schema, path, ruleErrors, { ...scope, rules: scope.rules });
  return { schemaErrors: errors.list, ruleErrors: ruleErrors.list };
}

function checkStandard(schema: Schema, path: FieldPath, errors: FieldErrors, { isInsideMeta, forbidsDefaults }: SchemaScope): void {
  const fields = schema as unknown as Readonly<Record<string, unknown>>;
  const { type } = schema;
  if (type !== undefined && type !== '' && !TYPES.includes(type)) errors.notSupported(path.child('type'), type, TYPES);
  if (schema.default !== undefined && forbidsDefaults !== undefined) errors.forbidden(path.child('default'), `must not be set ${forbidsDefaults}`);
  for (const name of UNSUPPORTED) if (isSaid(name, fields[name])) errors.forbidden(path.child(name), `${name} is not supported`);
  if (type === 'null') errors.forbidden(path.child('type'), 'type cannot be set to null, use nullable as an alternative');
  if (Array.isArray(fields['items']) && fields['items'].length > 0) errors.forbidden(path.child('items'), 'items must be a schema object and not an array');
  if (isInsideMeta && schema['x-kubernetes-embedded-resource']) errors.forbidden(path.child('x-kubernetes-embedded-resource'), 'must not be used inside of resource meta');
  if (schema.uniqueItems) errors.forbidden(path.child('uniqueItems'), 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic');
}

function checkAdditional(schema: Schema, path: FieldPath, errors: FieldErrors): void {
  const { additionalProperties, properties = {} } = schema as OpenSchema;
  if (additionalProperties === undefined || Object.keys(properties).length === 0 || additionalProperties === true) return;
  errors.forbidden(path.child('additionalProperties'), 'additionalProperties and properties are mutual exclusive');
}

function scopeOfProperty(schema: Schema, name: string, path: FieldPath, scope: SchemaScope): Partial<SchemaScope> {
  const mapType = schema['x-kubernetes-map-type'] ?? 'granular';
  const isCorrelatable = mapType === 'granular' || mapType === 'atomic';
  const uncorrelatable = isCorrelatable ? scope.uncorrelatable : (scope.uncorrelatable ?? path);
  const isMeta = (scope.isRoot || schema['x-kubernetes-embedded-resource'] === true) && META_FIELDS.has(name);
  if (!isMeta) return { uncorrelatable };
  return { uncorrelatable, isInsideMeta: true, ...(scope.isRoot ? { forbidsDefaults: `in top-level ${name}` } : {}) };
}

/** How many of a part's members there may be multiplies what their rules cost. */
function childRules(rules: RuleScope, schema: Schema): RuleScope {
  const most = mostMembers(schema);
  const cardinality = rules.cardinality === undefined || most === undefined ? undefined : rules.cardinality * most;
  return { costs: rules.costs, cardinality, isResource: false };
}

/** Undefined: without a bound. */
function mostMembers(schema: Schema): number | undefined {
  if (schema.type === 'array') return schema.maxItems === undefined ? undefined : Math.max(schema.maxItems, 0);
  if (schema.type !== 'object' || (schema as OpenSchema).additionalProperties === undefined) return 1;
  return schema.maxProperties === undefined ? undefined : Math.max(schema.maxProperties, 0);
}
