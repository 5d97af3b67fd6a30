import { fieldInvalid, type FieldError } from '../../../kube/apimachinery/field-error.ts';
import { goValue } from '../../../kube/apimachinery/go-format.ts';
import { isJsonObject } from '../../../kube/apimachinery/json.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { CustomVersion } from './custom-version.ts';

const MAX_INT32 = 2 ** 31 - 1;

type Kind = 'int64' | 'string';

/** What a scale subresource reads must be of its type, whatever the schema says (upstream: ValidateScaleSpec of registry/customresource). */
export function validateScaleSpec({ scale }: Pick<CustomVersion, 'scale'>, object: KubernetesObject): readonly FieldError[] {
  return scale === undefined ? [] : replicasErrors(object, scale.specReplicasPath);
}

/** Upstream: ValidateScaleStatus. */
export function validateScaleStatus({ scale }: Pick<CustomVersion, 'scale'>, object: KubernetesObject): readonly FieldError[] {
  if (scale === undefined) return [];
  const { statusReplicasPath, labelSelectorPath } = scale;
  const selector = labelSelectorPath === undefined ? undefined : valueAt(object, labelSelectorPath, 'string').problem;
  return [...replicasErrors(object, statusReplicasPath), ...(labelSelectorPath !== undefined && selector !== undefined ? [fieldInvalid(labelSelectorPath, '', selector)] : [])];
}

function replicasErrors(object: KubernetesObject, path: string): readonly FieldError[] {
  const { value, problem } = valueAt(object, path, 'int64');
  if (problem !== undefined) return [fieldInvalid(path, 0, problem)];
  if (typeof value !== 'number') return [];
  if (value < 0) return [fieldInvalid(path, value, 'should be a non-negative integer')];
  return value > MAX_INT32 ? [fieldInvalid(path, value, `should be less than or equal to ${MAX_INT32}`)] : [];
}

/** The value at a dotted path, undefined when a member is absent; or why it is none of that kind, in the words of Go's unstructured accessors. */
function valueAt(object: unknown, path: string, kind: Kind): { readonly value?: unknown; readonly problem?: string } {
  const names = path.replace(/^\./, '').split('.');
  let value = object;
  for (const [index, name] of names.entries()) {
    if (value === null || value === undefined) return {};
    if (!isJsonObject(value)) return { problem: accessorError(names.slice(0, index + 1), value, 'map[string]interface{}') };
    if (!Object.hasOwn(value, name)) return {};
    value = value[name];
  }
  return goKindOf(value) === kind ? { value } : { problem: accessorError(names, value, kind) };
}

function accessorError(names: readonly string[], value: unknown, wanted: string): string {
  return `.${names.join('.')} accessor error: ${goValue(value)} is of the type ${goKindOf(value)}, expected ${wanted}`;
}

/** `%T` of a decoded JSON value. */
function goKindOf(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}';
}
