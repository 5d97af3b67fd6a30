import { expect, test } from 'vitest';
import { LabelSets } from './label-sets.ts';

test('equal sets are one object, others are not', () => {
  const sets = new LabelSets();
  const web = sets.shared({ app: 'web', tier: 'front' });
  expect(sets.shared({ app: 'web', tier: 'front' })).toBe(web);
  expect(sets.shared({ app: 'web' })).toEqual({ app: 'web' });
  expect(sets.shared(undefined)).toBeUndefined();
  for (let i = 0; i < 10_000; i++) expect(sets.shared({ n: String(i) })).toEqual({ n: String(i) });
});
