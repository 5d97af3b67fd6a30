import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byteOrder, prefixRange, rangeContains } from './key-range.ts';
import { SortedKeys } from './sorted-keys.ts';

const keysIn = (sorted: SortedKeys<{ readonly key: string }>, start: string, end: string): string[] => {
  const keys: string[] = [];
  sorted.forEach(start, end, ({ key }) => keys.push(key));
  return keys;
};

describe('SortedKeys', () => {
  it('keeps thousands of keys in order over many chunks, inserted in any order', () => {
    const sorted = new SortedKeys<{ readonly key: string }>();
    const all = Array.from({ length: 5000 }, (_, i) => `/k/${String((i * 2741) % 5000).padStart(5, '0')}`);
    for (const key of all) sorted.set({ key });
    expect(keysIn(sorted, '', '\uffff')).toEqual(all.toSorted());
    for (const key of all.slice(0, 2500)) expect(sorted.delete(key)).toBe(true);
    expect(sorted.delete('/k/none')).toBe(false);
    expect([sorted.size, keysIn(sorted, '', '\uffff')]).toEqual([2500, all.slice(2500).toSorted()]);
    expect(keysIn(sorted, '/k/01000', '/k/01010')).toEqual(all.slice(2500).filter((key) => key >= '/k/01000' && key < '/k/01010').toSorted());
  });

  it('keeps keys in order whose numbers ascend, which jump between few places', () => {
    const sorted = new SortedKeys<{ readonly key: string }>();
    const all = Array.from({ length: 3000 }, (_, i) => [`/a/pod-${i}`, `/b/pod-${i}`]).flat();
    for (const key of all) sorted.set({ key });
    for (const key of all.slice(1000, 1500)) sorted.delete(key);
    for (const key of all.slice(1000, 1500)) sorted.set({ key });
    expect([sorted.size, keysIn(sorted, '', '\uffff')]).toEqual([6000, all.toSorted()]);
  });

  it('agrees with a sorted array whatever is inserted, replaced and deleted', () => {
    const key = fc.string({ maxLength: 3, unit: 'binary' });
    const step = fc.record({ key, remove: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step), key, key, (steps, start, end) => {
        const sorted = new SortedKeys<{ readonly key: string; readonly n: number }>();
        const model = new Map<string, number>();
        for (const [n, { key, remove }] of steps.entries()) {
          if (remove) expect(sorted.delete(key)).toBe(model.delete(key));
          else {
            sorted.set({ key, n });
            model.set(key, n);
          }
        }
        const expected = [...model].filter(([key]) => rangeContains({ start, end }, key, byteOrder)).toSorted(([a], [b]) => byteOrder(a, b));
        const found: [string, number][] = [];
        sorted.forEach(start, end, ({ key, n }) => found.push([key, n]));
        expect(found).toEqual(expected);
        expect(sorted.size).toBe(model.size);
      }),
    );
  });
});

describe('the order of keys', () => {
  it('is the order of their UTF-8 bytes', () => {
    const text = fc.string({ unit: 'grapheme-composite' });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(byteOrder(a, b))).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))));
      }),
    );
  });

  it('has all keys with a prefix, and no other, in the range of the prefix', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 4 });
    fc.assert(
      fc.property(text, text, (prefix, key) => {
        expect(rangeContains(prefixRange(prefix), key, byteOrder)).toBe(key.startsWith(prefix));
      }),
    );
    for (const prefix of ['/a/', '\ud7ff', 'a\uffff']) expect(rangeContains(prefixRange(prefix), `${prefix}x`, byteOrder)).toBe(true);
  });
});
