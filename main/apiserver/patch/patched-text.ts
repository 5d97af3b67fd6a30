import type { ObjectSchema } from '../../../kube/api/schema.ts';
import { toTyped } from '../../../kube/api/typed-object.ts';
import { escapedHtml } from '../../../kube/apimachinery/go-format.ts';
import { deepEqual, isJsonObject } from '../../../kube/apimachinery/json.ts';
import { isNumberLiteral } from '../../../kube/apimachinery/number-literal.ts';

/**
 * The patched object as the text that upstream's JSON patch library makes of it, which error messages quote: objects that the patch
 * went into have their members sorted, untouched ones keep Go's order.
 */
export function patchedText(
  { current, schema }: { readonly current: Readonly<Record<string, unknown>>; readonly schema?: ObjectSchema }, patch: (original: unknown) => unknown, merged?: unknown,
): string {
  const original = schema === undefined ? current : toTyped(schema, current, { nulls: true });
  return escapedHtml(textOf(original, patch(original), merged));
}

/** `merged`: the part of a merge patch that was for this object, which sorts it though it changes nothing. */
function textOf(original: unknown, patched: unknown, merged: unknown): string {
  if (!isJsonObject(patched) || isNumberLiteral(patched)) return JSON.stringify(patched);
  if (!isJsonObject(merged) && deepEqual(original, patched)) return JSON.stringify(original);
  const parts = isJsonObject(merged) ? merged : {};
  const before = isJsonObject(original) ? original : {};
  const members = Object.keys(patched)
    .filter((key) => patched[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${textOf(before[key], patched[key], parts[key])}`);
  return `{${members.join(',')}}`;
}
