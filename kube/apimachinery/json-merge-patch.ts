import { deepEqual, isJsonObject, setMember } from './json.ts';
import { isNumberLiteral } from './number-literal.ts';

/** RFC 7386. Returns a new value that shares unchanged parts with the target. Iterative, so that deep nesting cannot exhaust the stack. */
export function applyJsonMergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch) || isNumberLiteral(patch)) return patch;
  const result = shallowCopy(target);
  const pending: Merge[] = [{ result, patch }];
  for (let merge = pending.pop(); merge; merge = pending.pop()) {
    for (const key of Object.keys(merge.patch)) {
      const value = merge.patch[key];
      if (value === null) delete merge.result[key];
      else if (isJsonObject(value) && !isNumberLiteral(value)) {
        const member = shallowCopy(Object.hasOwn(merge.result, key) ? merge.result[key] : undefined);
        setMember(merge.result, key, member);
        pending.push({ result: member, patch: value });
      } else if (value !== undefined) setMember(merge.result, key, value);
    }
  }
  return result;
}

interface Merge {
  /** A copy, to be changed. */
  readonly result: Record<string, unknown>;
  readonly patch: Readonly<Record<string, unknown>>;
}

function shallowCopy(value: unknown): Record<string, unknown> {
  return isJsonObject(value) ? { ...value } : {};
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
