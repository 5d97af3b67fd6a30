import { semanticEqual } from './semantic-equal.ts';

type Fields = Record<string, unknown>;

/**
 * The JSON merge patch (RFC 7386) that turns `previous` into `next`; undefined when they are equal. Lists are replaced whole.
 * An empty object is no difference by itself, but goes along with one: upstream writes structs that are there and empty.
 */
export function mergeDiff(previous: object | undefined, next: object | undefined): Fields | undefined {
  const before = (previous ?? {}) as Fields;
  const after = (next ?? {}) as Fields;
  const patch: Fields = {};
  const empty: Fields = {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const left = before[key];
    const right = after[key];
    if (semanticEqual(left, right)) {
      if (left === undefined && isMap(right)) empty[key] = right;
      continue;
    }
    if (isMap(left) && isMap(right)) patch[key] = mergeDiff(left, right);
    else patch[key] = right ?? null;
  }
  return Object.keys(patch).length === 0 ? undefined : { ...patch, ...empty };
}

function isMap(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
