import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { byteLength } from './name-validation.ts';

test('byteLength counts what UTF-8 takes, halves of a code point that stand alone included', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.array(fc.constantFrom('a', 'é', '€', '\u{1f6f6}', '\ud800', '\udc00')).map((units) => units.join(''))), (text) => {
      expect(byteLength(text)).toBe(Buffer.byteLength(text));
    }),
  );
});
