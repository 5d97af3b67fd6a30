import { deepEqual, isJsonObject, setMember } from './json.ts';

/** RFC 7386. Returns a new value that shares unchanged parts with the target. */
export function applyJsonMergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch;
  const result: Record<string, unknown> = {};
  if (isJsonObject(target)) for (const key of Object.keys(target)) setMember(result, key, target[key]);
  for (const key of Object.keys(patch)) {
    const value = patch[key];
    if (value === null) delete result[key];
    else if (value !== undefined) setMember(result, key, applyJsonMergePatch(Object.hasOwn(result, key) ? result[key] : undefined, value));
  }
  return result;
}

/** The patch that turns `from` into `to`; `{}` when they are equal. Members of `to` that are null cannot be expressed. */
export function createJsonMergePatch(from: unknown, to: unknown): unknown {
  if (!isJsonObject(from) || !isJsonObject(to)) return to;
  const patch: Record<string, unknown> = {};
  for (const key of Object.keys(from)) if (to[key] === undefined || !Object.hasOwn(to, key)) setMember(patch, key, null);
  for (const key of Object.keys(to)) {
    if (to[key] === undefined) continue;
    const previous = Object.hasOwn(from, key) ? from[key] : undefined;
    if (!deepEqual(previous, to[key])) setMember(patch, key, isJsonObject(previous) && isJsonObject(to[key]) ? createJsonMergePatch(previous, to[key]) : to[key]);
  }
  return patch;
}
