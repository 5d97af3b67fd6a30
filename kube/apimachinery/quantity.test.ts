import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { addQuantities, canonicalQuantity, compareQuantities, formatQuantity, parseQuantity, quantityMilliValue, quantityValue, subtractQuantities } from './quantity.ts';

describe('quantity', () => {
  const canonical: readonly (readonly [string, string])[] = [
    ['0', '0'],
    ['0.5', '500m'],
    ['1500m', '1500m'],
    ['1000m', '1'],
    ['1024Mi', '1Gi'],
    ['1.5Gi', '1536Mi'],
    ['0.1Gi', '107374182400m'],
    ['100Mi', '100Mi'],
    ['512Ki', '512Ki'],
    ['1Ki', '1Ki'],
    ['512', '512'],
    ['1e3', '1e3'],
    ['1E3', '1E3'],
    ['12000', '12k'],
    ['0.1n', '1n'],
    ['-1.5', '-1500m'],
    ['10Ei', '9223372036854775807'],
    ['4.2Ki', '4300800m'],
    ['1.G', '1.G'],
  ];
  it.each(canonical)('%s is written as %s', (input, output) => {
    expect(canonicalQuantity(input)).toBe(output);
  });

  it.each([
    ['', /quantities must match the regular expression/],
    ['abc', /quantities must match the regular expression/],
    ['1.2.3', /quantities must match the regular expression/],
    ['1Zi', /quantities must match the regular expression/],
    ['1mm', /unable to parse quantity's suffix/],
    ['5-3', /unable to parse quantity's suffix/],
  ])('rejects %j', (input, message) => {
    expect(() => parseQuantity(input)).toThrow(message);
  });

  it('adds and subtracts exactly', () => {
    expect(formatQuantity(addQuantities(parseQuantity('100m'), parseQuantity('0.9')))).toBe('1');
    expect(formatQuantity(subtractQuantities(parseQuantity('1Gi'), parseQuantity('512Mi')))).toBe('512Mi');
    expect(compareQuantities(parseQuantity('1Gi'), parseQuantity('1G'))).toBe(1);
  });

  it('rounds values away from zero', () => {
    expect(quantityValue(parseQuantity('100m'))).toBe(1);
    expect(quantityValue(parseQuantity('-1100m'))).toBe(-2);
    expect(quantityMilliValue(parseQuantity('0.25'))).toBe(250);
  });

  it('keeps the amount through its canonical text', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), fc.constantFrom('DecimalSI', 'BinarySI', 'DecimalExponent'), (nano, format) => {
        const text = formatQuantity({ nano, format });
        expect(parseQuantity(text).nano).toBe(nano);
      }),
    );
  });
});
