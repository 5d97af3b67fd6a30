import { expect, test } from 'vitest';
import { mergeDiff } from './merge-diff.ts';

test.each([
  { name: 'nothing of equal objects', previous: { a: 1 }, next: { a: 1 }, want: undefined },
  { name: 'nothing of an empty object alone', previous: { a: 1 }, next: { a: 1, b: {} }, want: undefined },
  { name: 'an empty object beside a change', previous: {}, next: { a: 1, b: {} }, want: { a: 1, b: {} } },
  { name: 'null for what is gone', previous: { a: 1, b: 2 }, next: { a: 1 }, want: { b: null } },
  { name: 'lists whole', previous: { a: { l: [1, 2] } }, next: { a: { l: [1] } }, want: { a: { l: [1] } } },
])('a merge patch has $name', ({ previous, next, want }) => {
  expect(mergeDiff(previous, next)).toEqual(want);
});
