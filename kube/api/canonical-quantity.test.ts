import { expect, test } from 'vitest';
import { canonicalQuantity } from '../apimachinery/quantity.ts';

test('quantities that are taken as canonical without a look are', () => {
  const suffixes = ['', 'm', 'k', 'M', 'G', 'T', 'Ki', 'Mi', 'Gi', 'Ti'];
  const texts = suffixes.flatMap((suffix) => Array.from({ length: 999 }, (_, i) => `${i + 1}${suffix}`));
  expect(texts.filter((text) => canonicalQuantity(text) !== text)).toEqual([]);
});
