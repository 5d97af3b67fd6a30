import type { ObjectSchema } from '../../../kube/api/schema.ts';
import { toTyped } from '../../../kube/api/typed-object.ts';
import { deepEqual, isJsonObject } from '../../../kube/apimachinery/json.ts';
import { isNumberLiteral } from '../../../kube/apimachinery/number-literal.ts';

/**
 * The patched object as the text that upstream's JSON patch library makes of it, which error messages quote: objects that the patch
 * went into have their members sorted, untouched ones keep Go's order.
 */
export function patchedText(current: Readonly<Record<string, unknown>>, schema: ObjectSchema | undefined, patch: (original: unknown) => unknown): string {
  const original = schema === undefined ? current : toTyped(schema, current, { nulls: true });
  return textOf(original, patch(original));
}

function textOf(original: unknown, patched: unknown): string {
  if (!isJsonObject(patched) || isNumberLiteral(patched)) return JSON.stringify(patched);
  if (deepEqual(original, patched)) return JSON.stringify(original);
  const before = isJsonObject(original) ? original : {};
  const members = Object.keys(patched)
    .filter((key) => patched[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${textOf(before[key], patched[key])}`);
  return `{${members.join(',')}}`;
}
