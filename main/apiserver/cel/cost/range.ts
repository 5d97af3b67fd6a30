/** From, at least, to, at most: of sizes and of costs. Sums and products stop at the largest unsigned 64-bit number. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** As a double: 2^64. */
export const MAX = 2 ** 64;
export const UNKNOWN: Range = { min: 0, max: MAX };
export const ZERO: Range = { min: 0, max: 0 };

export function fixed(value: number): Range {
  return { min: value, max: value };
}

export function plus(...ranges: readonly Range[]): Range {
  return { min: limited(ranges.reduce((sum, { min }) => sum + min, 0)), max: limited(ranges.reduce((sum, { max }) => sum + max, 0)) };
}

export function times(a: Range, b: Range): Range {
  return { min: limited(a.min * b.min), max: limited(a.max * b.max) };
}

export function scaled({ min, max }: Range, factor: number): Range {
  return { min: limited(Math.ceil(min * factor)), max: limited(Math.ceil(max * factor)) };
}

/** Holds both. */
export function union(a: Range, b: Range): Range {
  return { min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) };
}

function limited(value: number): number {
  return Math.min(value, MAX);
}
