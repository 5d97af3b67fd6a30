import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { digitsOf, writeDigits } from './digits.ts';

test('a revision is written as String writes it', () => {
  const powers = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent).flatMap((power) => [power - 1, power]);
  const check = (value: number): void => {
    const target = Buffer.alloc(20, '.');
    expect(target.toString('latin1', 0, writeDigits(target, { offset: 0, value }))).toBe(String(value));
    expect(digitsOf(value)).toBe(String(value).length);
  };
  for (const value of powers) check(value);
  fc.assert(fc.property(fc.maxSafeNat(), check));
});
