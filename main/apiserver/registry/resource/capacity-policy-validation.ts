import type * as resource from '../../../../kube/api/generated/resource/v1.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import type { FieldPath } from '../validation/field-path.ts';
import { compareQuantities, integerValue, nanoValue, quantityText } from '../validation/quantities.ts';
import { isEmpty } from '../validation/values.ts';
import { checkSet } from './device-request-validation.ts';

const MAX_OPTIONS = 10;

/** How much of a capacity one request may take (KEP-5075). */
export function checkRequestPolicy(capacity: string, policy: resource.CapacityRequestPolicy, path: FieldPath, errors: FieldErrors): void {
  const { default: standard, validValues, validRange } = policy;
  if (!isEmpty(validValues) && validRange !== undefined) {
    errors.forbidden(path, 'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time');
    return;
  }
  const kind = isEmpty(validValues) ? 'validRange' : 'validValues';
  if (isEmpty(validValues) && validRange === undefined) return;
  if (standard === undefined) errors.required(path.child('default'), `required when ${kind} is defined`);
  else if (validRange !== undefined) checkRange({ capacity, standard, range: validRange }, path.child(kind), errors);
  else checkValues({ capacity, standard, values: validValues ?? [] }, path.child(kind), errors);
}

function checkValues(
  { capacity, standard, values }: { readonly capacity: string; readonly standard: string; readonly values: readonly string[] },
  path: FieldPath, errors: FieldErrors,
): void {
  for (let index = 1; index < values.length; index++) {
    if (compareQuantities(values[index - 1], values[index]) > 0) errors.invalid(path.index(index), values[index], 'values must be sorted in ascending order');
  }
  checkSet(values, {
    path, errors, maximum: MAX_OPTIONS, key: (value) => String(integerValue(value)),
    check(value, at) {
      if (compareQuantities(value, capacity) > 0) errors.invalid(at, value, `option is larger than capacity value: ${capacity}`);
    },
  });
  const known = values.length <= MAX_OPTIONS && values.some((value) => compareQuantities(value, standard) === 0);
  if (!known) errors.invalid(path, standard, 'default value is not valid according to the requestPolicy');
}

function checkRange(
  { capacity, standard, range }: { readonly capacity: string; readonly standard: string; readonly range: resource.CapacityRequestPolicyRange },
  path: FieldPath, errors: FieldErrors,
): void {
  const { min, max, step } = range;
  if (min === undefined) {
    errors.required(path.child('min'), 'required when validRange is defined');
    return;
  }
  if (compareQuantities(min, capacity) > 0) errors.invalid(path.child('min'), min, `min is larger than capacity value: ${capacity}`);
  if (compareQuantities(standard, min) < 0) errors.invalid(path.child('min'), standard, `default is less than min: ${min}`);
  if (max !== undefined) {
    if (compareQuantities(min, max) > 0) errors.invalid(path.child('max'), min, `min is larger than max: ${max}`);
    if (compareQuantities(max, capacity) > 0) errors.invalid(path.child('max'), max, `max is larger than capacity value: ${capacity}`);
    if (compareQuantities(standard, max) > 0) errors.invalid(path.child('max'), standard, `default is more than max: ${max}`);
  }
  if (step === undefined) return;
  const stepPath = path.child('step');
  const next = nanoValue(min) + nanoValue(step);
  if (next > nanoValue(capacity)) errors.invalid(stepPath, step, `one step ${quantityText(next, min)} is larger than capacity value: ${capacity}`);
  for (const value of max === undefined ? [standard] : [standard, max]) {
    const width = integerValue(step);
    if (width === 0n || (integerValue(value) - integerValue(min)) % width === 0n) continue;
    errors.invalid(stepPath, value, `value is not a multiple of a given step (${step}) from (${min})`);
  }
}
