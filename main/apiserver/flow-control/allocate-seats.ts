/** One that wants a share of a sum. 0 ≤ lower ≤ target, lower ≤ upper. */
export interface SeatClaim {
  readonly lower: number;
  readonly upper: number;
  readonly target: number;
}

export interface SeatAllocation {
  readonly seats: readonly number[];
  /** The fraction of its target that each one gets that no bound holds. */
  readonly fairFraction: number;
}

/** A target below it counts as this, so that nothing is divided by zero. */
const MIN_TARGET = 0.001;
const EPSILON = 1e-7;

/**
 * Divides `sum` so that each claim gets the same fraction of its target, but never less than its lower bound nor more than its upper one
 * (upstream: util/flowcontrol/conc_alloc.go). Undefined when no division keeps the bounds.
 *
 *   sum 10, claims (0..10 wants 2), (0..10 wants 8)  →  2, 8       sum 10, (4..10 wants 4), (0..10 wants 16)  →  4, 6
 */
export function allocateSeats(sum: number, claims: readonly SeatClaim[]): SeatAllocation | undefined {
  const targets = claims.map(({ target }) => Math.max(target, MIN_TARGET));
  const given = (fraction: number): number[] => claims.map(({ lower, upper }, index) => Math.max(lower, Math.min(upper, fraction * (targets[index] as number))));
  const total = (fraction: number): number => given(fraction).reduce((a, b) => a + b, 0);
  const lowest = claims.reduce((a, { lower }) => a + lower, 0);
  const highest = claims.reduce((a, { upper }) => a + upper, 0);
  if (sum < 0 || lowest - sum > EPSILON || sum - highest > EPSILON) return undefined;
  // What is given grows with the fraction, in straight lines between the fractions at which some claim meets a bound.
  const corners = claims.flatMap(({ lower, upper }, index) => [lower / (targets[index] as number), upper / (targets[index] as number)]).sort((a, b) => a - b);
  let from = 0;
  for (const to of corners) {
    if (total(to) < sum) {
      from = to;
      continue;
    }
    const start = total(from);
    const slope = to > from ? (total(to) - start) / (to - from) : 0;
    const fairFraction = slope > 0 ? from + (sum - start) / slope : to;
    return { seats: given(fairFraction), fairFraction };
  }
  return { seats: given(corners.at(-1) ?? 0), fairFraction: corners.at(-1) ?? 0 };
}
