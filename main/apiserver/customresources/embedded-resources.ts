import { type FieldError, fieldInvalid, fieldRequired } from '../../../kube/apimachinery/field-error.ts';
import { isJsonObject } from '../../../kube/apimachinery/json.ts';
import { isDns1035Label } from '../../../kube/apimachinery/name-validation.ts';
import { type JsonObject, type JsonSchema, memberSchema } from './json-schema.ts';

/** The kind and version of every object within a value (upstream: apiextensions-apiserver, pkg/apiserver/schema/objectmeta/validation.go). */
export function validateEmbeddedResources(value: unknown, schema: JsonSchema, field: string): readonly FieldError[] {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items ? value.flatMap((item, index) => validateEmbeddedResources(item, items, `${field}[${index}]`)) : [];
  }
  if (!isJsonObject(value)) return [];
  const own = schema['x-kubernetes-embedded-resource'] === true ? validateTypeMeta(value, field) : [];
  const members = Object.keys(value).sort().flatMap((name) => {
    const type = memberSchema(schema, name);
    return type ? validateEmbeddedResources(value[name], type, field === '' ? name : `${field}.${name}`) : [];
  });
  return [...own, ...members];
}

function validateTypeMeta(object: JsonObject, field: string): readonly FieldError[] {
  const at = (name: string): string => (field === '' ? name : `${field}.${name}`);
  const errors: FieldError[] = [];
  for (const name of ['apiVersion', 'kind']) if (!Object.hasOwn(object, name)) errors.push(fieldRequired(at(name)));
  for (const [name, problemsOf] of [['apiVersion', versionProblems], ['kind', kindProblems]] as const) {
    const value = object[name];
    if (!Object.hasOwn(object, name)) continue;
    if (typeof value !== 'string') errors.push(fieldInvalid(at(name), value, 'must be a string'));
    else if (value === '') errors.push(fieldInvalid(at(name), value, 'must not be empty'));
    else errors.push(...problemsOf(value).map((detail) => fieldInvalid(at(name), value, detail)));
  }
  return errors;
}

function versionProblems(version: string): readonly string[] {
  return version.split('/').length > 2 ? [`unexpected GroupVersion string: ${version}`] : [];
}

function kindProblems(kind: string): readonly string[] {
  const problems = isDns1035Label(kind.toLowerCase());
  return problems.length > 0 ? [`may have mixed case, but should otherwise match: ${problems.join(',')}`] : [];
}
