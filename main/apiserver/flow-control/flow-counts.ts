import { Histogram } from '../../../kube/apimachinery/metrics/metric-values.ts';

export const DURATION_BOUNDS = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];
export const QUEUE_LENGTH_BOUNDS = [0, 10, 25, 50, 100, 250, 500, 1000];
export const SEATS_BOUNDS = [1, 2, 4, 8, 16, 32, 64, 100];
export const WATCH_COUNT_BOUNDS = [0, 1, 10, 100, 1000, 10_000];

/** `time-out`: it waited for too long, or its client went away meanwhile. */
export type RejectReason = 'queue-full' | 'concurrency-limit' | 'time-out';

/** What one flow schema at one priority level counts. Plain numbers: they change several times in every request. */
export class FlowCounts {
  inQueue = 0;
  seatsInQueue = 0;
  executing = 0;
  executingSeats = 0;
  dispatched = 0;
  /** A dispatch that had to wait for more seats at once than were free. */
  noAccommodation = 0;
  readonly rejected: Record<RejectReason, number> = { 'queue-full': 0, 'concurrency-limit': 0, 'time-out': 0 };
  readonly queueLength = new Histogram(QUEUE_LENGTH_BOUNDS);
  readonly estimatedSeats = new Histogram(SEATS_BOUNDS);
  readonly watchCount = new Histogram(WATCH_COUNT_BOUNDS);
  readonly waited = new Histogram(DURATION_BOUNDS);
  readonly waitedInVain = new Histogram(DURATION_BOUNDS);
  readonly executed = new Histogram(DURATION_BOUNDS);
  readonly executedWatch = new Histogram(DURATION_BOUNDS);
}
