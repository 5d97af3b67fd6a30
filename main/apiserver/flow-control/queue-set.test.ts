import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { VirtualClock } from '../../../kube/apimachinery/virtual-clock.ts';
import { allocateSeats } from './allocate-seats.ts';
import { FlowCounts } from './flow-counts.ts';
import type { FairRequest, Flow } from './fair-queue.ts';
import { LevelGauges } from './level-gauges.ts';
import { QueueSet, type QueueSetConfiguration } from './queue-set.ts';
import { DemandIntegrator, nextDemand, NO_DEMAND } from './seat-demand.ts';
import { dealHand } from './shuffle-sharding.ts';
import type { WorkEstimate } from './work-estimate.ts';

const ASKED = { user: { name: 'x', groups: [] }, info: {} as never };
const NEVER = new AbortController().signal;
const flowIn = (...hand: number[]): Flow => ({ schema: 's', distinguisher: String(hand), counts: new FlowCounts(), hand });
const wide = (initialSeats: number): WorkEstimate => ({ initialSeats, finalSeats: 0, additionalLatencyMs: 0 });

function queueSet(limit: number, configuration: QueueSetConfiguration = { type: 'queue', queues: 4, handSize: 1, queueLengthLimit: 50 }): { readonly set: QueueSet; readonly clock: VirtualClock } {
  const clock = new VirtualClock();
  const set = new QueueSet({ clock, gauges: new LevelGauges(0), idle: () => {} });
  set.configure(configuration, limit);
  return { set, clock };
}

describe('fair queuing', () => {
  test('gives two busy flows the same number of seats over time, however many requests each sends', async () => {
    const { set, clock } = queueSet(1);
    const served = { many: 0, few: 0 };
    const client = (name: 'many' | 'few', flow: Flow): void => {
      const request = set.start(wide(1), flow, ASKED) as FairRequest;
      const serve = async (): Promise<void> => {
        if (!(await set.decision(request, { limitMs: 1e9, signal: NEVER }))) return;
        await clock.sleep(10);
        served[name]++;
        set.finish(request);
        client(name, flow);
      };
      serve().catch(() => {});
    };
    const [many, few] = [flowIn(0), flowIn(1)];
    for (let i = 0; i < 20; i++) client('many', many);
    for (let i = 0; i < 2; i++) client('few', few);
    await clock.advance(4000);
    expect(served.many + served.few).toBeGreaterThan(350);
    expect(Math.abs(served.many - served.few)).toBeLessThanOrEqual(3);
  });

  test('charges a flow for requests that take longer than thought', async () => {
    const { set, clock } = queueSet(1);
    const order: string[] = [];
    const start = (name: string, flow: Flow, takesMs: number): void => {
      const request = set.start(wide(1), flow, ASKED) as FairRequest;
      const serve = async (): Promise<void> => {
        await set.decision(request, { limitMs: 1e9, signal: NEVER });
        order.push(name);
        await clock.sleep(takesMs);
        set.finish(request);
      };
      serve().catch(() => {});
    };
    const [slow, quick] = [flowIn(0), flowIn(1)];
    for (let i = 0; i < 3; i++) start('slow', slow, 1000);
    for (let i = 0; i < 3; i++) start('quick', quick, 1);
    await clock.advance(10_000);
    expect(order).toEqual(['slow', 'quick', 'quick', 'quick', 'slow', 'slow']);
  });

  test('waits until a wide request fits, and runs one that is wider than the level alone', async () => {
    const { set } = queueSet(4);
    const first = set.start(wide(3), flowIn(0), ASKED) as FairRequest;
    const second = set.start(wide(9), flowIn(1), ASKED) as FairRequest;
    const third = set.start(wide(1), flowIn(2), ASKED) as FairRequest;
    expect([first.state, second.state, third.state]).toEqual(['executing', 'waiting', 'executing']);
    set.finish(first);
    set.finish(third);
    expect(second.state).toBe('executing');
  });

  test('refuses without queues what does not fit', () => {
    const { set } = queueSet(1, { type: 'reject' });
    const first = set.start(wide(1), flowIn(0), ASKED);
    expect([first?.state, set.start(wide(1), flowIn(0), ASKED)]).toEqual(['executing', undefined]);
    expect(set.rejected).toBe(1);
  });

  test('keeps its counts whatever happens', async () => {
    const step = fc.record({ act: fc.constantFrom('start', 'finish', 'advance', 'resize'), queue: fc.nat(3), seats: fc.integer({ min: 1, max: 5 }), ms: fc.nat(40) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
        const { set, clock } = queueSet(3);
        const running: FairRequest[] = [];
        const all: FairRequest[] = [];
        for (const { act, queue, seats, ms } of steps) {
          if (act === 'start') {
            const request = set.start({ initialSeats: seats, finalSeats: ms % 3, additionalLatencyMs: (ms % 3) * 5 }, flowIn(queue), ASKED);
            if (request) {
              all.push(request);
              set.decision(request, { limitMs: 100, signal: NEVER }).then((runs) => runs && running.push(request)).catch(() => {});
            }
          } else if (act === 'finish') {
            const [request] = running.splice(queue, 1);
            if (request) set.finish(request);
          } else if (act === 'resize') set.configure({ type: 'queue', queues: 4, handSize: 1, queueLengthLimit: 1 + queue }, seats);
          await clock.advance(act === 'advance' ? ms : 0);
          const executing = all.filter(({ state }) => state === 'executing').length;
          expect([set.executing, set.waiting]).toEqual([executing, all.filter(({ state }) => state === 'waiting').length]);
        }
        for (;;) {
          await clock.advance(200);
          const request = running.shift();
          if (!request) break;
          set.finish(request);
        }
        await clock.advance(1000);
        expect([set.executing, set.waiting, set.seatsInUse, set.seatsWaiting]).toEqual([0, 0, 0, 0]);
        expect(set.queues.every(({ waitingWork, seatsInUse, waitingSeats }) => waitingWork === 0 && seatsInUse === 0 && waitingSeats === 0)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

test('a hand has different queues, the same for the same flow', () => {
  const deal = (distinguisher: string): readonly number[] => dealHand({ schema: 'global-default', distinguisher }, { deckSize: 128, handSize: 6 });
  for (let i = 0; i < 200; i++) {
    const hand = deal(`user-${i}`);
    expect(new Set(hand).size).toBe(6);
    expect(hand.every((queue) => queue >= 0 && queue < 128)).toBe(true);
    expect(deal(`user-${i}`)).toEqual(hand);
  }
});

describe('seats are divided', () => {
  test.each([
    { what: 'by target where no bound holds', sum: 10, claims: [[0, 10, 2], [0, 10, 8]], want: [2, 8] },
    { what: 'with the least that one must have', sum: 10, claims: [[4, 10, 4], [0, 10, 16]], want: [4, 6] },
    { what: 'with the most that one may have', sum: 10, claims: [[0, 3, 8], [0, 10, 2]], want: [3, 7] },
    { what: 'evenly scaled when all want more', sum: 10, claims: [[0, 100, 20], [0, 100, 20]], want: [5, 5] },
    { what: 'at the lower bounds when these take all', sum: 5, claims: [[2, 9, 4], [3, 9, 4]], want: [2, 3] },
  ])('$what', ({ sum, claims, want }) => {
    const seats = allocateSeats(sum, claims.map(([lower = 0, upper = 0, target = 0]) => ({ lower, upper, target })))?.seats ?? [];
    expect(seats.map((value) => Number(value.toFixed(6)))).toEqual(want);
  });

  test('not at all when the bounds forbid it', () => {
    expect(allocateSeats(1, [{ lower: 2, upper: 3, target: 2 }])).toBeUndefined();
    expect(allocateSeats(9, [{ lower: 2, upper: 3, target: 2 }])).toBeUndefined();
  });

  test('so that they sum up and keep every bound', () => {
    const claim = fc.tuple(fc.nat(50), fc.nat(100), fc.nat(100)).map(([lower, more, wants]) => ({ lower, upper: lower + more, target: lower + wants }));
    fc.assert(fc.property(fc.array(claim, { minLength: 1, maxLength: 9 }), fc.double({ min: 0, max: 1, noNaN: true }), (claims, at) => {
      const low = claims.reduce((sum, { lower }) => sum + lower, 0);
      const high = claims.reduce((sum, { upper }) => sum + upper, 0);
      const sum = low + (high - low) * at;
      const { seats = [], fairFraction = 0 } = allocateSeats(sum, claims) ?? {};
      expect(seats.reduce((a, b) => a + b, 0)).toBeCloseTo(sum, 4);
      for (const [index, { lower, upper, target }] of claims.entries()) {
        const given = seats[index] ?? -1;
        expect(given).toBeGreaterThanOrEqual(lower - 1e-6);
        expect(given).toBeLessThanOrEqual(upper + 1e-6);
        if (given > lower + 1e-6 && given < upper - 1e-6) expect(given).toBeCloseTo(fairFraction * Math.max(target, 0.001), 4);
      }
    }));
  });
});

test('the demand of a level rises at once and falls slowly', () => {
  const demand = new DemandIntegrator(0);
  demand.set(10, 0);
  demand.set(0, 5000);
  const busy = nextDemand(NO_DEMAND, demand.reset(10_000));
  expect(busy).toEqual({ average: 5, deviation: 5, highWatermark: 10, smoothed: 10 });
  const quiet = nextDemand(busy, demand.reset(20_000));
  expect(quiet).toMatchObject({ average: 0, deviation: 0, highWatermark: 0 });
  expect(quiet.smoothed).toBeCloseTo(9.77, 6);
});
