import type { MetricDescription } from '../../../kube/apimachinery/metrics/metric-family.ts';
import type { Histogram, TimingHistogram } from '../../../kube/apimachinery/metrics/metric-values.ts';
import type { MetricsRegistry, Sample } from '../../../kube/apimachinery/metrics/metrics-registry.ts';
import { DURATION_BOUNDS, QUEUE_LENGTH_BOUNDS, SEATS_BOUNDS, WATCH_COUNT_BOUNDS, type FlowCounts } from './flow-counts.ts';
import type { FlowControl } from './flow-control.ts';
import { IN_FLIGHT_BOUNDS } from './in-flight.ts';
import { DEMAND_BOUNDS, REQUEST_UTILIZATION_BOUNDS, SEAT_UTILIZATION_BOUNDS } from './level-gauges.ts';
import type { PriorityLevel } from './priority-level.ts';

const PREFIX = 'apiserver_flowcontrol_';
const BY_FLOW = ['priority_level', 'flow_schema'];

/** What flow control counts, under upstream's names (util/flowcontrol/metrics). Nothing is done for it before somebody reads. */
export function registerFlowMetrics(registry: MetricsRegistry, flow: FlowControl): void {
  registerFlowCounts(registry, flow);
  registerLevels(registry, flow);
  registerTimings(registry, flow);
  registerInFlight(registry, flow);
}

type Stability = NonNullable<MetricDescription['stability']>;

function registerFlowCounts(registry: MetricsRegistry, flow: FlowControl): void {
  function* each(): Generator<{ readonly labels: readonly [string, string]; readonly counts: FlowCounts }> {
    for (const { name, counts } of flow.configuration.levels.values()) for (const [schema, of] of counts) yield { labels: [name, schema], counts: of };
  }
  const plain = (type: 'counter' | 'gauge', name: string, stability: Stability, help: string, value: (counts: FlowCounts) => number): void =>
    registry.collect(type, { name: `${PREFIX}${name}`, stability, help, labels: BY_FLOW }, function* () {
      for (const { labels, counts } of each()) yield { labels, value: value(counts) };
    });
  const histogram = (name: string, stability: Stability, help: string, bounds: readonly number[], value: (counts: FlowCounts) => Histogram): void =>
    registry.collect('histogram', { name: `${PREFIX}${name}`, stability, help, labels: BY_FLOW, bounds }, function* () {
      for (const { labels, counts } of each()) if (value(counts).count > 0) yield { labels, value: value(counts) };
    });
  plain('counter', 'dispatched_requests_total', 'BETA', 'Requests that were let run.', ({ dispatched }) => dispatched);
  plain('counter', 'request_dispatch_no_accommodation_total', 'ALPHA', 'Times that a request had to wait for more free seats.', ({ noAccommodation }) => noAccommodation);
  plain('gauge', 'current_inqueue_requests', 'BETA', 'Requests that wait in queues.', ({ inQueue }) => inQueue);
  plain('gauge', 'current_inqueue_seats', 'ALPHA', 'Seats that waiting requests want.', ({ seatsInQueue }) => seatsInQueue);
  plain('gauge', 'current_executing_requests', 'BETA', 'Requests that run; watches until they have sent the state.', ({ executing }) => executing);
  plain('gauge', 'current_executing_seats', 'BETA', 'Seats that running requests take.', ({ executingSeats }) => executingSeats);
  histogram('request_queue_length_after_enqueue', 'ALPHA', 'Length of the queue that a request came into.', QUEUE_LENGTH_BOUNDS, ({ queueLength }) => queueLength);
  histogram('work_estimated_seats', 'ALPHA', 'Seats that requests were estimated to take.', SEATS_BOUNDS, ({ estimatedSeats }) => estimatedSeats);
  histogram('watch_count_samples', 'ALPHA', 'Watches that a write concerned.', WATCH_COUNT_BOUNDS, ({ watchCount }) => watchCount);
  registry.collect('counter', { name: `${PREFIX}rejected_requests_total`, stability: 'BETA', help: 'Requests that were refused.', labels: [...BY_FLOW, 'reason'] }, function* () {
    for (const { labels, counts } of each()) {
      for (const [reason, value] of Object.entries(counts.rejected)) if (value > 0) yield { labels: [...labels, reason], value };
    }
  });
  const pair = (name: string, stability: Stability, help: string, label: string, values: (counts: FlowCounts) => Readonly<Record<string, Histogram>>): void =>
    registry.collect('histogram', { name: `${PREFIX}${name}`, stability, help, labels: [...BY_FLOW, label], bounds: DURATION_BOUNDS }, function* () {
      for (const { labels, counts } of each()) {
        for (const [kind, value] of Object.entries(values(counts))) if (value.count > 0) yield { labels: [...labels, kind], value };
      }
    });
  pair('request_wait_duration_seconds', 'BETA', 'Time that requests spent in queues.', 'execute', ({ waited, waitedInVain }) => ({ true: waited, false: waitedInVain }));
  pair('request_execution_seconds', 'ALPHA', 'Time that requests ran; watches until they had sent the state.', 'type', ({ executed, executedWatch }) => ({ regular: executed, watch: executedWatch }));
}

function registerLevels(registry: MetricsRegistry, flow: FlowControl): void {
  const gauge = (name: string, stability: Stability, help: string, value: (level: PriorityLevel) => number): void =>
    registry.collect('gauge', { name: `${PREFIX}${name}`, stability, help, labels: ['priority_level'] }, function* () {
      for (const level of flow.configuration.levels.values()) yield { labels: [level.name], value: value(level) };
    });
  gauge('nominal_limit_seats', 'BETA', 'Seats of a level by its shares.', ({ limits }) => limits.nominal);
  gauge('lower_limit_seats', 'ALPHA', 'Least seats of a level when it lends.', ({ limits }) => limits.lower);
  gauge('upper_limit_seats', 'ALPHA', 'Most seats of a level when it borrows.', ({ limits }) => limits.upper);
  gauge('current_limit_seats', 'ALPHA', 'Seats of a level now.', ({ currentLimit }) => currentLimit);
  gauge('current_r', 'ALPHA', 'Progress meter of a level.', ({ queueSet }) => queueSet.currentR);
  gauge('demand_seats_high_watermark', 'ALPHA', 'Most seats that a level could use in the last period.', ({ demand }) => demand.highWatermark);
  gauge('demand_seats_average', 'ALPHA', 'Seats that a level could use on average in the last period.', ({ demand }) => demand.average);
  gauge('demand_seats_stdev', 'ALPHA', 'Standard deviation of the seats that a level could use.', ({ demand }) => demand.deviation);
  gauge('demand_seats_smoothed', 'ALPHA', 'Seats that a level could use, smoothed.', ({ demand }) => demand.smoothed);
  gauge('target_seats', 'ALPHA', 'Seats that a level should have.', ({ name }) => flow.configuration.targets.get(name) ?? 0);
  registry.collect('gauge', { name: `${PREFIX}seat_fair_frac`, stability: 'ALPHA', help: 'Fraction of its target that each level gets.' }, () => [{ value: flow.configuration.fairFraction }]);
}

function registerTimings(registry: MetricsRegistry, flow: FlowControl): void {
  const timing = (name: string, help: string, options: { readonly labels: readonly string[]; readonly bounds: readonly number[] }, samples: (level: PriorityLevel) => readonly (readonly [readonly string[], TimingHistogram])[]): void =>
    registry.collect('histogram', { name: `${PREFIX}${name}`, stability: 'ALPHA', help, ...options }, function* (): Generator<Sample> {
      for (const level of flow.configuration.levels.values()) {
        level.gauges.settle(flow.clock.monotonicMs());
        for (const [labels, { histogram }] of samples(level)) yield { labels, value: histogram };
      }
    });
  timing('priority_level_seat_utilization', 'Taken seats of a level as a fraction, over time.', { labels: ['phase', 'priority_level'], bounds: SEAT_UTILIZATION_BOUNDS }, ({ name, gauges }) => [[['executing', name], gauges.seatUtilization]]);
  timing('priority_level_request_utilization', 'Requests of a level as a fraction of the limit, over time.', { labels: ['phase', 'priority_level'], bounds: REQUEST_UTILIZATION_BOUNDS }, ({ name, gauges }) => [
    [['waiting', name], gauges.requestsWaiting], [['executing', name], gauges.requestsExecuting],
  ]);
  timing('demand_seats', 'Seats that a level could use as a fraction of its own, over time.', { labels: ['priority_level'], bounds: DEMAND_BOUNDS }, ({ name, gauges }) => [[[name], gauges.demandSeats]]);
}

function registerInFlight(registry: MetricsRegistry, { inFlight, clock }: FlowControl): void {
  const watermark = (name: string, stability: Stability, help: string, of: (typeof inFlight)['executing']): void =>
    registry.collect('gauge', { name, stability, help, labels: ['request_kind'] }, () => {
      const nowMs = clock.monotonicMs();
      return [{ labels: ['mutating'], value: of.mutating.read(nowMs) }, { labels: ['readOnly'], value: of.readOnly.read(nowMs) }];
    });
  registry.collect('histogram', { name: `${PREFIX}read_vs_write_current_requests`, stability: 'ALPHA', help: 'Requests that run or wait as a fraction of the limit, over time.', labels: ['phase', 'request_kind'], bounds: IN_FLIGHT_BOUNDS }, function* () {
    for (const phase of ['executing', 'waiting'] as const) {
      for (const kind of ['mutating', 'readOnly'] as const) {
        const { overTime } = inFlight[phase][kind];
        overTime.settle(clock.monotonicMs());
        yield { labels: [phase, kind], value: overTime.histogram };
      }
    }
  });
  watermark('apiserver_current_inflight_requests', 'STABLE', 'Most requests that ran at once in the last second.', inFlight.executing);
  watermark('apiserver_current_inqueue_requests', 'ALPHA', 'Most requests that waited at once in the last second.', inFlight.waiting);
}
