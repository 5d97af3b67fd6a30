import type { User } from '../authentication/user.ts';
import type { RequestInfo } from '../filters/request-info.ts';
import type { FlowCounts } from './flow-counts.ts';
import { maxSeatsOf, type WorkEstimate } from './work-estimate.ts';

/** A request takes about this long; what it really took is corrected when it ends. */
export const SERVICE_SECONDS = 0.003;

export interface FairRequestInput {
  readonly work: WorkEstimate;
  readonly flow: Flow;
  readonly asked: Asked;
  readonly arrivalMs: number;
  readonly arrivalR: number;
  readonly queue: FairQueue | undefined;
}

/** Whose request it is: the unit of fairness. */
export interface Flow {
  readonly schema: string;
  readonly distinguisher: string;
  readonly counts: FlowCounts;
  /** The queues that it may use. */
  readonly hand: readonly number[];
}

/** Who asks for what: for those who look at the queues. */
export interface Asked {
  readonly user: User;
  readonly info: RequestInfo;
}

/** One request at a priority level, from its arrival to the end of all that it causes. */
export class FairRequest {
  readonly flow: Flow;
  readonly asked: Asked;
  readonly arrivalMs: number;
  readonly arrivalR: number;
  readonly queue: FairQueue | undefined;
  readonly work: WorkEstimate;
  readonly maxSeats: number;
  /** In seat-seconds. */
  readonly totalWork: number;
  state: 'waiting' | 'executing' | 'finished' = 'waiting';
  startMs = 0;
  /** Set while somebody waits for the decision. */
  decide: ((execute: boolean) => void) | undefined;
  additionalLatencyMs: number;

  constructor({ work, flow, asked, arrivalMs, arrivalR, queue }: FairRequestInput) {
    this.flow = flow;
    this.asked = asked;
    this.work = work;
    this.arrivalMs = arrivalMs;
    this.arrivalR = arrivalR;
    this.queue = queue;
    this.maxSeats = maxSeatsOf(work);
    this.additionalLatencyMs = work.additionalLatencyMs;
    this.totalWork = work.initialSeats * SERVICE_SECONDS + (work.finalSeats * work.additionalLatencyMs) / 1000;
  }
}

/** Requests that arrived at one queue, in order, and those of it that run. */
export class FairQueue {
  index: number;
  readonly waiting: FairRequest[] = [];
  readonly executing = new Set<FairRequest>();
  /** The reading of the progress meter at which its next request begins in the virtual world. */
  nextDispatchR = 0;
  seatsInUse = 0;
  waitingWork = 0;
  waitingSeats = 0;

  constructor(index: number) {
    this.index = index;
  }

  get isActive(): boolean {
    return this.waiting.length > 0 || this.executing.size > 0;
  }

  push(request: FairRequest): void {
    this.waiting.push(request);
    this.waitingWork += request.totalWork;
    this.waitingSeats += request.maxSeats;
  }

  /** False when it no longer waits. */
  remove(request: FairRequest): boolean {
    const at = this.waiting[0] === request ? 0 : this.waiting.indexOf(request);
    if (at < 0) return false;
    if (at === 0) this.waiting.shift();
    else this.waiting.splice(at, 1);
    this.waitingWork = this.waiting.length === 0 ? 0 : this.waitingWork - request.totalWork;
    this.waitingSeats -= request.maxSeats;
    return true;
  }

  /** Nothing begins in the virtual world before it arrived: a queue that uses less than its share does not save it up. */
  bound(): void {
    const oldest = this.waiting[0];
    if (oldest && this.nextDispatchR < oldest.arrivalR) this.nextDispatchR = oldest.arrivalR;
  }
}
