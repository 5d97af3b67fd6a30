import type * as apiextensions from '../../../../kube/api/generated/apiextensions/v1.ts';
import { isJsonObject } from '../../../../kube/apimachinery/json.ts';
import type { CelLibrary } from '../../cel/cel-environment.ts';
import { isKnownFormat } from '../../customresources/string-formats.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import type { FieldPath } from '../validation/field-path.ts';
import { checkDefaults } from './default-validation.ts';
import { internalFieldNames, internalSchema } from './internal-schema.ts';
import { RuleCosts } from './rule-costs.ts';
import { checkForm, isUnsupported, namesDialect, type SchemaScope } from './schema-form.ts';
import { checkStructural } from './structural-form.ts';

type Schema = apiextensions.JSONSchemaProps;

const ROOT_FIELDS = [
  'Description', 'Type', 'Format', 'Title', 'Maximum', 'ExclusiveMaximum', 'Minimum', 'ExclusiveMinimum', 'MaxLength', 'MinLength', 'Pattern', 'MaxItems', 'MinItems', 'UniqueItems', 'MultipleOf',
  'Required', 'Items', 'Properties', 'ExternalDocs', 'Example', 'XPreserveUnknownFields', 'XValidations',
];

export interface SchemaOptions {
  readonly library: CelLibrary;
  readonly hasStatus: boolean;
  /** An update that leaves this schema as it was: its rules may cost what they did. */
  readonly isUnchanged: boolean;
}

/** Everything about one schema of a definition (upstream: apiextensions-apiserver, validateCustomResourceDefinitionValidation). */
export function checkSchema(schema: Schema | undefined, path: FieldPath, errors: FieldErrors, { library, hasStatus, isUnchanged }: SchemaOptions): void {
  if (schema === undefined) return;
  if (hasStatus) checkRoot(schema, path, errors);
  if (schema.nullable) errors.forbidden(path.child('nullable'), 'nullable cannot be true at the root');
  const before = errors.count;
  const isReadable = !isUnsupported(schema);
  if (isReadable) {
    checkStructural(schema, path, errors);
    if (errors.count === before) checkDefaults(schema, path, errors, library);
  }
  const costs = isReadable && errors.count === before ? new RuleCosts({ isUnchanged }) : undefined;
  const root: SchemaScope = { library, isRoot: true, isInsideMeta: false, forbidsDefaults: undefined, uncorrelatable: undefined, rules: costs && { costs, cardinality: 1, isResource: true } };
  const { schemaErrors, ruleErrors } = checkForm(schema, path, root);
  errors.addAll(schemaErrors);
  errors.addAll(ruleErrors);
  if (errors.count === before && namesDialect(schema)) errors.invalid(path, '', "OpenAPIV3Schema 'schema' is not supported");
  costs?.checkTotal(path, errors);
}

/** The status is validated by itself, which only some fields beside it allow. */
function checkRoot(schema: Schema, path: FieldPath, errors: FieldErrors): void {
  for (const name of internalFieldNames(schema)) {
    if (name === 'Type') {
      if (schema.type === 'object') continue;
      errors.invalid(path.child('type'), schema.type, 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled');
      return;
    }
    if (ROOT_FIELDS.includes(name)) continue;
    errors.invalid(path, internalSchema(schema), `only [${ROOT_FIELDS.join(' ')}] fields are allowed at the root of the schema if the status subresource is enabled`);
    return;
  }
}

/** Formats that mean nothing to the API server, which get a warning (upstream: apiextensions-apiserver, pkg/apiserver/validation/formats.go). */
export function unrecognizedFormats(schema: unknown): readonly string[] {
  if (Array.isArray(schema)) return schema.flatMap(unrecognizedFormats);
  if (!isJsonObject(schema)) return [];
  const { type = '', format, properties, items, additionalProperties, allOf, anyOf, oneOf, not } = schema;
  const own = typeof format === 'string' && format !== '' && !isRecognizedFormat(String(type), format) ? [format] : [];
  const nested = [...Object.values(isJsonObject(properties) ? properties : {}), items, additionalProperties, allOf, anyOf, oneOf, not];
  return [...own, ...nested.flatMap(unrecognizedFormats)];
}

function isRecognizedFormat(type: string, format: string): boolean {
  switch (type) {
    case '':
    case 'string':
      return isKnownFormat(format);
    case 'integer':
      return format === 'int32' || format === 'int64';
    case 'number':
      return format === 'float' || format === 'double';
    default:
      return false;
  }
}
