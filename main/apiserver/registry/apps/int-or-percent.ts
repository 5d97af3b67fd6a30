import { isValidPercent } from '../../../../kube/apimachinery/name-validation.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import { MUST_BE_NON_NEGATIVE } from '../validation/field-errors.ts';
import type { FieldPath } from '../validation/field-path.ts';

export function checkPositiveIntOrPercent(value: number | string | undefined, path: FieldPath, errors: FieldErrors): void {
  if (typeof value === 'string') errors.invalidEach(path, value, isValidPercent(value));
  else if (value !== undefined && value < 0) errors.invalid(path, value, MUST_BE_NON_NEGATIVE);
}

/** The number in front of a percent sign, or the number itself; other texts count as Go's Atoi has them. */
export function intOrPercentValue(value: number | string | undefined): number {
  if (typeof value !== 'string') return value ?? 0;
  const text = value.endsWith('%') && isValidPercent(value).length === 0 ? value.slice(0, -1) : value;
  return /^[+-]?\d+$/.test(text) ? Number(text) : 0;
}

export function checkAtMost100Percent(value: number | string | undefined, path: FieldPath, errors: FieldErrors): void {
  if (typeof value !== 'string' || isValidPercent(value).length > 0 || Number(value.slice(0, -1)) <= 100) return;
  errors.invalid(path, value, 'must not be greater than 100%');
}
