import type { FieldError } from '../../../kube/apimachinery/field-error.ts';
import { deepEqual, isJsonObject } from '../../../kube/apimachinery/json.ts';

/**
 * Errors of an update that are about something it changed: what was stored before a rule came stays writable (KEP-4008).
 * A part that did not change, up to the whole of a list, is not complained about.
 */
export function withoutUnchanged(errors: readonly FieldError[], next: unknown, previous: unknown): readonly FieldError[] {
  const kept = errors.filter((error) => error.field !== '' && !isUnchanged(error, next, previous));
  if (kept.length === 0 && errors.some(({ field }) => field !== '')) return [];
  return errors.filter((error) => error.field === '' || kept.includes(error));
}

function isUnchanged({ field, type }: FieldError, next: unknown, previous: unknown): boolean {
  const steps = field.split(/[.[\]]+/).filter((step) => step !== '');
  // A missing member is its parent's fault.
  if (type === 'FieldValueRequired') steps.pop();
  let [left, right] = [next, previous];
  for (const step of steps) {
    if (!isJsonObject(left) || !isJsonObject(right)) break;
    left = left[step];
    right = right[step];
    if (left === undefined || right === undefined) return false;
  }
  return deepEqual(left, right);
}
