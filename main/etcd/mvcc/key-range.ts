import type { KeyRange } from '../store.ts';

/** Orders two keys; negative when `a` comes first. */
export type KeyOrder = (a: string, b: string) => number;

const firstSurrogate = 0xd800;
const afterSurrogates = 0xe000;

/** True for a string whose UTF-16 order can differ from the order of its UTF-8 bytes. */
export function hasSurrogate(key: string): boolean {
  return /[\ud800-\udfff]/.test(key);
}

/** The order of UTF-8 bytes for keys without surrogates: the engine compares such strings fastest. */
export const unitOrder: KeyOrder = (a, b) => (a === b ? 0 : a < b ? -1 : 1);

/**
 * The order of UTF-8 bytes for any string. Code points beyond U+FFFF are two surrogates in UTF-16 (0xD800–0xDFFF), which sort before
 * U+E000–U+FFFF there and after them in UTF-8.
 */
export const byteOrder: KeyOrder = (a, b) => {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
};

function rank(unit: number): number {
  if (unit < firstSurrogate) return unit;
  return unit < afterSurrogates ? unit + 0x2000 : unit - 0x800;
}

/**
 * The order in which any key can be compared with the bounds of this range. The two orders differ only where a surrogate meets a unit
 * from U+D800 on, so bounds without such units have the quick one.
 */
export function orderOf({ start, end = '' }: KeyRange): KeyOrder {
  return /[\ud800-\uffff]/.test(start) || /[\ud800-\uffff]/.test(end) ? byteOrder : unitOrder;
}

/** All keys that start with prefix. The empty prefix gives all keys. */
export function prefixRange(prefix: string): KeyRange {
  for (let i = prefix.length - 1; i >= 0; i--) {
    const unit = prefix.charCodeAt(i);
    if (unit === 0xffff) continue;
    const next = unit + 1 === firstSurrogate ? afterSurrogates : unit + 1;
    return { start: prefix, end: prefix.slice(0, i) + String.fromCharCode(next) };
  }
  return { start: prefix, end: lastKey };
}

/** Greater than any key in use: one unit that UTF-8 orders last. */
const lastKey = '\u{10ffff}';

export function rangeContains(range: KeyRange, key: string, order: KeyOrder): boolean {
  if (range.end === undefined) return key === range.start;
  return order(key, range.start) >= 0 && order(key, range.end) < 0;
}
