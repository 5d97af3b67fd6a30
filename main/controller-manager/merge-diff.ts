import { semanticEqual } from './semantic-equal.ts';

type Fields = Record<string, unknown>;

/** The JSON merge patch (RFC 7386) that turns `previous` into `next`; undefined when they are equal. Lists are replaced whole. */
export function mergeDiff(previous: object | undefined, next: object | undefined): Fields | undefined {
  const before = (previous ?? {}) as Fields;
  const after = (next ?? {}) as Fields;
  const patch: Fields = {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const left = before[key];
    const right = after[key];
    if (semanticEqual(left, right)) continue;
    if (isMap(left) && isMap(right)) patch[key] = mergeDiff(left, right);
    else patch[key] = right ?? null;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

function isMap(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
