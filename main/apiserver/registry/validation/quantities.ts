import { formatQuantity, tryParseQuantity, type QuantityFormat } from '../../../../kube/apimachinery/quantity.ts';
import { MUST_BE_NON_NEGATIVE, MUST_BE_POSITIVE, type FieldErrors } from './field-errors.ts';
import type { FieldPath } from './field-path.ts';

/** Quantities as validation and defaulting need them. The decoder has refused malformed text, so that anything else counts as zero. */
export function nanoValue(quantity: string | number | undefined): bigint {
  return quantity === undefined ? 0n : (tryParseQuantity(quantity)?.nano ?? 0n);
}
export function compareQuantities(a: string | number | undefined, b: string | number | undefined): number {
  if (a === b) return 0;
  const left = nanoValue(a);
  const right = nanoValue(b);
  return left < right ? -1 : left > right ? 1 : 0;
}
export function isZeroQuantity(quantity: string | number | undefined): boolean {
  return quantity === undefined || quantity === '0' || nanoValue(quantity) === 0n;
}
/** Upstream looks at thousandths in an int64, which overflows silently for huge values. */
export function isIntegerQuantity(quantity: string | number): boolean {
  const milli = ceilDivide(nanoValue(quantity), 1_000_000n);
  return BigInt.asIntN(64, milli) % 1000n === 0n;
}
/** Whole units, rounded up, as Quantity.Value. */
export function integerValue(quantity: string | number): bigint {
  return ceilDivide(nanoValue(quantity), 1_000_000_000n);
}
/** What is no int64, or negative: upstream prints what the overflow makes of it. */
export function checkInt64(quantity: string | number, path: FieldPath, errors: FieldErrors): void {
  const value = BigInt.asIntN(64, integerValue(quantity));
  if (value < 0n) errors.invalid(path, value, 'must be a valid resource quantity');
}
function ceilDivide(value: bigint, divisor: bigint): bigint {
  return value > 0n ? (value + divisor - 1n) / divisor : value / divisor;
}
/** Canonical text of a sum, in the format of the quantity that it is compared to. */
export function quantityText(nano: bigint, like: string | number | undefined): string {
  const format: QuantityFormat = (like === undefined ? undefined : tryParseQuantity(like)?.format) ?? 'DecimalSI';
  return formatQuantity({ nano, format });
}

export function checkNonNegativeQuantity(quantity: string | number, path: FieldPath, errors: FieldErrors): void {
  if (nanoValue(quantity) < 0n) errors.invalid(path, String(quantity), MUST_BE_NON_NEGATIVE);
}
export function checkPositiveQuantity(quantity: string | number, path: FieldPath, errors: FieldErrors): void {
  if (nanoValue(quantity) <= 0n) errors.invalid(path, String(quantity), MUST_BE_POSITIVE);
}
