import type * as apiextensions from '../../../../kube/api/generated/apiextensions/v1.ts';
import { resolveFieldPath } from '../../customresources/field-path-of-rule.ts';
import type { JsonSchema } from '../../customresources/json-schema.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import type { FieldPath } from '../validation/field-path.ts';
import { semanticEqual } from '../validation/semantic-equal.ts';

type Field = apiextensions.SelectableField;

/** Upstream: apiextensions-apiserver, MaxSelectableFields. */
const MAX_FIELDS = 8;
const TYPES = ['string', 'boolean', 'integer'];

/** Fields that lists and watches may select by. `without`: what is wrong when there is no schema. `before`: those of the stored definition, which may be too many already. */
export function checkSelectableFields(fields: readonly Field[], schema: apiextensions.JSONSchemaProps | undefined, { path, errors, without, before }: { readonly path: FieldPath; readonly errors: FieldErrors; readonly without: string; readonly before: readonly Field[] }): void {
  if (fields.length === 0) return;
  if (schema === undefined) {
    errors.invalid(path, '', without);
    return;
  }
  const seen = new Set<string>();
  for (const [index, { jsonPath }] of fields.entries()) {
    const at = path.index(index).child('jsonPath');
    if (!jsonPath) {
      errors.required(at);
      continue;
    }
    const found = resolveFieldPath(jsonPath, schema as JsonSchema, { allowsBrackets: false });
    if (found.problem !== undefined) {
      errors.invalid(at, jsonPath, `is an invalid path: ${found.problem}`);
      continue;
    }
    if (found.root === 'metadata') errors.invalid(at, jsonPath, 'must not point to fields in metadata');
    if (!TYPES.includes(found.schema.type ?? '')) {
      errors.invalid(at, jsonPath, 'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.');
    }
    if (seen.has(found.field)) errors.duplicate(at, jsonPath);
    seen.add(found.field);
  }
  const isTolerated = before.length > MAX_FIELDS && semanticEqual(fields, before);
  if (seen.size > MAX_FIELDS && !isTolerated) errors.tooMany(path, seen.size, MAX_FIELDS);
}
