import type { RequestInfo } from '../filters/request-info.ts';

/** How wide a request is, and for how long after its end it still costs (its watchers' events). */
export interface WorkEstimate {
  readonly initialSeats: number;
  readonly finalSeats: number;
  readonly additionalLatencyMs: number;
}

/** What is known of a resource's objects without reading them. */
export interface ObjectStatistics {
  readonly count: number;
  readonly sizeBytes: number;
}

export interface EstimateInput {
  readonly info: RequestInfo;
  readonly query: URLSearchParams;
  /** The most that one request may take of its priority level. */
  readonly maxSeats: number;
  /** Absent: nobody has read the resource yet, or it is served elsewhere. */
  readonly statistics: (info: RequestInfo) => ObjectStatistics | undefined;
  readonly watchers: (info: RequestInfo) => number;
}

/** Bytes that a list holds in memory, a seat. */
const BYTES_PER_SEAT = 100_000;
/** A list from the watch cache is streamed: it never holds more at once. */
const MAX_STREAMED_BYTES = 1_000_000;
const MAX_LIST_SEATS = 100;
const MAX_MUTATING_SEATS = 10;
const WATCHES_PER_SEAT = 10;
/** How long the events of one write keep a seat busy. */
const EVENT_MS = 5;

export const ONE_SEAT: WorkEstimate = { initialSeats: 1, finalSeats: 0, additionalLatencyMs: 0 };

/** As wide as upstream's estimators make it (apiserver/pkg/util/flowcontrol/request). */
export function estimateWork(input: EstimateInput): WorkEstimate {
  switch (input.info.verb) {
    case 'list': return listWork(input);
    case 'watch': return beginsWithState(input.query) ? listWork(input) : ONE_SEAT;
    case 'create': case 'update': case 'patch': case 'delete': return mutatingWork(input);
    default: return ONE_SEAT;
  }
}

function beginsWithState(query: URLSearchParams): boolean {
  const version = query.get('resourceVersion') ?? '';
  const initial = query.get('sendInitialEvents');
  return version === '' || version === '0' || initial === 'true' || initial === '1';
}

function listWork({ info, query, maxSeats, statistics }: EstimateInput): WorkEstimate {
  const known = statistics(info);
  if (known === undefined || known.count === 0) return ONE_SEAT;
  const { count, sizeBytes } = known;
  const asked = Number(query.get('limit') ?? 0);
  const limited = asked > 0 && asked < count ? asked : count;
  const fromCache = info.verb === 'watch' || (query.get('resourceVersionMatch') !== 'Exact' && !query.get('continue'));
  const selects = query.has('fieldSelector') || query.has('labelSelector');
  const held = info.name !== '' ? 1 : fromCache || !selects ? limited : Math.max(limited, Math.floor(count / 2));
  const bytes = held * Math.ceil(sizeBytes / count);
  const seats = Math.ceil((fromCache ? Math.min(bytes, MAX_STREAMED_BYTES) : bytes) / BYTES_PER_SEAT);
  return { ...ONE_SEAT, initialSeats: Math.max(1, Math.min(seats, maxSeats, MAX_LIST_SEATS)) };
}

function mutatingWork({ info, maxSeats, watchers }: EstimateInput): WorkEstimate {
  // A token is nobody's event.
  if (info.resource === 'serviceaccounts' && info.subresource === 'token') return ONE_SEAT;
  const watching = watchers(info);
  if (watching < WATCHES_PER_SEAT) return ONE_SEAT;
  const wanted = Math.ceil(watching / WATCHES_PER_SEAT);
  const finalSeats = Math.min(wanted, Math.min(maxSeats, MAX_MUTATING_SEATS));
  return { initialSeats: 1, finalSeats, additionalLatencyMs: (wanted * EVENT_MS) / finalSeats };
}

export function maxSeatsOf({ initialSeats, finalSeats }: WorkEstimate): number {
  return initialSeats > finalSeats ? initialSeats : finalSeats;
}
