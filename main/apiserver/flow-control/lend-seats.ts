import { allocateSeats } from './allocate-seats.ts';
import type { SeatLimits } from './priority-level.ts';
import type { DemandStatistics } from './seat-demand.ts';

export interface LendingLevel {
  readonly exempt: boolean;
  readonly limits: SeatLimits;
  readonly demand: DemandStatistics;
  readonly currentLimit: number;
}

export interface Lending {
  /** In the order of the levels. */
  readonly limits: readonly number[];
  readonly targets: readonly number[];
  readonly fairFraction: number;
}

/**
 * The seats of each level for the next period (upstream: updateBorrowingLocked). Exempt levels take what they used; the others share what
 * is left by their demand, within what they may lend and borrow. A level that has used its own seats lately has them.
 */
export function lendSeats(levels: readonly LendingLevel[]): Lending {
  const least = levels.map(({ exempt, limits, demand }) =>
    exempt ? Math.max(limits.lower, demand.highWatermark) : Math.max(limits.lower, Math.min(limits.nominal, demand.highWatermark)),
  );
  const targets = levels.map(({ demand }, index) => Math.max(least[index] as number, demand.smoothed));
  const sumOf = (pick: (index: number) => number): number => levels.reduce((sum, _level, index) => sum + pick(index), 0);
  const nominalSum = sumOf((index) => levels[index]?.limits.nominal ?? 0);
  const remaining = nominalSum - sumOf((index) => (levels[index]?.exempt ? (least[index] as number) : 0));
  const lowerSum = sumOf((index) => (levels[index]?.exempt ? 0 : (levels[index]?.limits.lower ?? 0)));
  const leastSum = sumOf((index) => (levels[index]?.exempt ? 0 : (least[index] as number)));
  const limited = levels.map((level, index) => ({ level, index })).filter(({ level }) => !level.exempt);
  let shares: readonly number[];
  let fairFraction = 0;
  if (remaining <= lowerSum) shares = limited.map(({ level }) => level.limits.lower);
  else if (remaining <= leastSum) {
    const fraction = (remaining - lowerSum) / (leastSum - lowerSum);
    shares = limited.map(({ level: { limits: { lower } }, index }) => lower + ((least[index] as number) - lower) * fraction);
  } else {
    const claims = limited.map(({ level, index }) => ({ lower: least[index] as number, upper: level.limits.upper, target: targets[index] as number }));
    const allocation = allocateSeats(nominalSum, claims);
    shares = allocation?.seats ?? limited.map(({ level }) => level.currentLimit);
    fairFraction = allocation?.fairFraction ?? 0;
  }
  const byIndex = new Map(limited.map(({ index }, position) => [index, Math.round(shares[position] as number)]));
  return { limits: levels.map((_level, index) => byIndex.get(index) ?? (least[index] as number)), targets, fairFraction };
}
