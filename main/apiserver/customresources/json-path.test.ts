import { expect, test } from 'vitest';
import { findByJsonPath, parseJsonPath, withValueAt } from './json-path.ts';

const object = { spec: { a: 1, list: [{ n: 'x', v: 1 }, { n: 'y', v: 2 }] }, metadata: { annotations: { 'a.b/c': 'v' } } };

test.each([
  ['.spec.a', [1]],
  ['spec.a', [1]],
  ['.spec.nope', []],
  ['.spec.list[1].n', ['y']],
  ['.spec.list[*].v', [1, 2]],
  ['.spec.list[?(@.n=="y")].v', [2]],
  ['.spec.list[?(@.v>1)].n', ['y']],
  [String.raw`.metadata.annotations.a\.b/c`, ['v']],
  [".metadata.annotations['a.b/c']", ['v']],
])('%s', (path, values) => {
  expect(findByJsonPath(object, parseJsonPath(path) ?? [])).toEqual(values);
});

test('what is no path is told apart', () => {
  expect(parseJsonPath('.spec[')).toBeUndefined();
});

test('a value is put at the end of a path that need not exist', () => {
  expect(withValueAt({ a: 1 }, parseJsonPath('.spec.replicas') ?? [], 3)).toEqual({ a: 1, spec: { replicas: 3 } });
});
