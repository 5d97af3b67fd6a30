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
  const patched = patch(original);
  return escapedHtml(merged === undefined ? editedText(original, patched) : textOf(original, patched, merged));
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

/** After a JSON patch: operations go into lists too, and leave what they bring as it was sent. */
function editedText(original: unknown, patched: unknown): string {
  if (original === undefined || isNumberLiteral(patched) || typeof patched !== 'object' || patched === null) return JSON.stringify(patched);
  if (deepEqual(original, patched)) return JSON.stringify(original);
  if (Array.isArray(patched)) return `[${patched.map((item, index) => editedText(originalItem(original, patched, index), item)).join(',')}]`;
  const [before, after] = [isJsonObject(original) ? original : {}, patched as Readonly<Record<string, unknown>>];
  const members = Object.keys(after).filter((key) => after[key] !== undefined).sort();
  return `{${members.map((key) => `${JSON.stringify(key)}:${editedText(before[key], after[key])}`).join(',')}}`;
}

/** What an item was before: the same one, wherever it was; else, where none came or went, the one in its place. */
function originalItem(original: unknown, patched: readonly unknown[], index: number): unknown {
  if (!Array.isArray(original)) return undefined;
  const same: unknown = original.find((item) => deepEqual(item, patched[index]));
  return same ?? (original.length === patched.length ? original[index] : undefined);
}
