export const MAX_NODE_SCORE = 100;

/** Scales values so that the largest is 100 (upstream: DefaultNormalizeScore); reversed, the largest becomes 0. */
export function normalizeByMax(values: number[], options: { readonly reverse: boolean }): void {
  let max = 0;
  for (const value of values) max = Math.max(max, value);
  for (let i = 0; i < values.length; i++) {
    const scaled = max === 0 ? 0 : Math.floor((MAX_NODE_SCORE * (values[i] ?? 0)) / max);
    values[i] = options.reverse ? MAX_NODE_SCORE - scaled : scaled;
  }
}
