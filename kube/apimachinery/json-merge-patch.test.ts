import { expect, test } from 'vitest';
import { applyJsonMergePatch } from './json-merge-patch.ts';

test('a patch nested as deep as bodies may be does not exhaust the stack', () => {
  const depth = 9_999;
  const patch: unknown = JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);
  let inner = applyJsonMergePatch({ b: 2 }, patch);
  expect(inner).toHaveProperty('b', 2);
  for (let level = 0; level < depth; level++) inner = (inner as { a: unknown }).a;
  expect(inner).toBe(1);
});

test('nulls remove members at every level, also of members that are new', () => {
  expect(applyJsonMergePatch({ a: { b: 1, c: 2 }, d: 'x' }, { a: { b: null }, d: { e: null, f: 1 } })).toEqual({ a: { c: 2 }, d: { f: 1 } });
});

test('the target stays as it is', () => {
  const target = Object.freeze({ a: Object.freeze({ b: 1 }) });
  expect(applyJsonMergePatch(target, { a: { c: 2 } })).toEqual({ a: { b: 1, c: 2 } });
  expect(target).toEqual({ a: { b: 1 } });
});
