import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { goJson } from './go-format.ts';
import { jsonInKeyOrder } from './go-key-order.ts';

const keys = fc.oneof(fc.nat({ max: 3000 }).map(String), fc.constantFrom('01', '1a', 'a', 'B', '4294967294', '4294967295', '{"1":', 'ﬀ', '😀'), fc.string({ maxLength: 4 }));
const leaf = fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom('{"1":2}', '{', '<&>'), fc.integer(), fc.boolean(), fc.constant(null));
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, fc.array(tie('value'), { maxLength: 4 }), fc.dictionary(keys, tie('value'), { maxKeys: 5, noNullPrototype: true })),
}));

/** The keys of each object of a text without objects in objects. */
const keysOf = (json: string): string[] => [...json.matchAll(/"((?:[^"\\]|\\.)*)":/g)].map(([, key = '']) => JSON.parse(`"${key}"`) as string);
const byBytes = (names: readonly string[]): string[] => names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

describe('keys in Go\'s order', () => {
  test('a map with numbers for keys has them sorted as text', () => {
    expect(goJson({ kind: 'ConfigMap', data: { 2: 'b', 10: 'a', '02': 'c', a: 'd' } })).toBe('{"kind":"ConfigMap","data":{"02":"c","10":"a","2":"b","a":"d"}}');
  });

  test('in any map with an index among its keys, all keys are sorted by bytes', () => {
    fc.assert(fc.property(fc.dictionary(keys, fc.constant(1), { noNullPrototype: true }), fc.nat({ max: 9 }), fc.constantFrom(undefined, 2), (map, index, indent) => {
      expect(keysOf(goJson([{ ...map, [index]: 1 }], indent))).toEqual(byBytes(Object.keys({ ...map, [index]: 1 })));
    }));
  });

  test('the value stays the same', () => {
    fc.assert(fc.property(value, fc.constantFrom(undefined, 1, 2), (any, indent) => {
      expect(JSON.parse(goJson(any, indent))).toEqual(any);
    }));
  });

  test('what has no such key is written as JSON.stringify writes it', () => {
    const plain = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof({ depthSize: 'small' }, leaf, fc.constant(undefined), fc.array(tie('value'), { maxLength: 4 }), fc.dictionary(fc.constantFrom('a', 'b', '01', '1a', '{"1'), tie('value'), { noNullPrototype: true })),
    })).value;
    fc.assert(fc.property(plain, fc.constantFrom(0, 2), (any, indent) => {
      expect(jsonInKeyOrder(any, indent)).toBe(JSON.stringify(any, undefined, indent) ?? 'null');
    }));
  });
});
