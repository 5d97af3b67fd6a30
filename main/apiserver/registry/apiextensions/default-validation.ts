import type * as apiextensions from '../../../../kube/api/generated/apiextensions/v1.ts';
import type { FieldError } from '../../../../kube/apimachinery/field-error.ts';
import { deepCopy, isJsonObject } from '../../../../kube/apimachinery/json.ts';
import type { CelLibrary } from '../../cel/cel-environment.ts';
import { CelRules } from '../../customresources/cel-rules.ts';
import { validateEmbeddedResources } from '../../customresources/embedded-resources.ts';
import type { JsonSchema } from '../../customresources/json-schema.ts';
import { validateValue } from '../../customresources/schema-validator.ts';
import { prune } from '../../customresources/structural.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import type { FieldPath } from '../validation/field-path.ts';

const META_FIELDS = new Set(['metadata', 'apiVersion', 'kind']);

/** Defaults must fit their own schema (upstream: apiextensions-apiserver, pkg/apiserver/schema/defaulting/validation.go). Of a structural schema only. */
export function checkDefaults(schema: apiextensions.JSONSchemaProps, path: FieldPath, errors: FieldErrors, library: CelLibrary): void {
  checkPart({ ...(schema as JsonSchema), 'x-kubernetes-embedded-resource': true }, path, { errors, library, isInsideMeta: false });
}

interface Scope {
  readonly errors: FieldErrors;
  readonly library: CelLibrary;
  readonly isInsideMeta: boolean;
}

function checkPart(schema: JsonSchema, path: FieldPath, scope: Scope): void {
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true;
  const isInsideMeta = scope.isInsideMeta && !isEmbedded;
  if (schema.default !== undefined && schema.default !== null) checkDefault(schema, path.child('default'), { ...scope, isInsideMeta });
  if (schema.items) checkPart(schema.items, path.child('items'), { ...scope, isInsideMeta });
  for (const [name, property] of Object.entries(schema.properties ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    checkPart(property, path.child('properties').key(name), { ...scope, isInsideMeta: isInsideMeta || (isEmbedded && META_FIELDS.has(name)) });
  }
}

function checkDefault(schema: JsonSchema, path: FieldPath, { errors, library, isInsideMeta }: Scope): void {
  const { default: value } = schema;
  const field = path.toString();
  if (!isInsideMeta && hasUnknownFields(value, schema)) errors.invalid(path, value, 'must not have unknown fields');
  const embedded = isInsideMeta ? [] : validateEmbeddedResources(value, schema, field);
  const found = embedded.length > 0 ? embedded : validateValue(value, schema, { field, text: '' });
  errors.addAll(found.length > 0 ? found : ruleErrors(value, schema, { field, library }));
}

function hasUnknownFields(value: unknown, schema: JsonSchema): boolean {
  let found = false;
  prune(deepCopy(value), schema, { isObjectRoot: schema['x-kubernetes-embedded-resource'] === true, onUnknown: () => void (found = true) });
  return found;
}

/** As of an update that changes nothing, and as of a create. */
function ruleErrors(value: unknown, schema: JsonSchema, { field, library }: { readonly field: string; readonly library: CelLibrary }): readonly FieldError[] {
  const rules = new CelRules(schema, () => library, { isResource: isJsonObject(value) && schema['x-kubernetes-embedded-resource'] === true });
  const unchanged = rules.validate(value, value, [], field).errors;
  return unchanged.length > 0 ? unchanged : rules.validate(value, undefined, [], field).errors;
}
