import type { Clock } from '../../../kube/apimachinery/clock.ts';
import { FairQueue, FairRequest, SERVICE_SECONDS, type Asked, type Flow } from './fair-queue.ts';
import type { LevelGauges } from './level-gauges.ts';
import type { WorkEstimate } from './work-estimate.ts';

/** `queues` 0: what cannot run at once is refused. `exempt`: everything runs at once, and is only counted. */
export type QueueSetConfiguration =
  | { readonly type: 'exempt' }
  | { readonly type: 'reject' }
  | { readonly type: 'queue'; readonly queues: number; readonly handSize: number; readonly queueLengthLimit: number };

export interface QueueSetOptions {
  readonly clock: Clock;
  readonly gauges: LevelGauges;
  /** Called when the last request is gone. */
  readonly idle: () => void;
}

/**
 * Fair queuing for the requests of one priority level (KEP-1040; upstream: fairqueuing/queueset). Requests are spread over queues by flow;
 * whenever seats are free, the request runs that would end first in a virtual world where all queues with work share the seats evenly.
 *
 * `R` measures progress there: seat-seconds that each such queue has been given since the start. It grows with real time, by
 * min(seats asked for, limit) / (queues with work). A request begins virtually at its queue's `nextDispatchR`, and ends there after its
 * work. Doubles hold R for longer than any process lives, so there are no epochs as upstream.
 *
 *   limit 1; A has sent three requests, B one, all one seat and 3 ms:   queue A nextDispatchR 0 → ends 0.003, 0.006, 0.009
 *                                                                       queue B nextDispatchR 0 → ends 0.003: runs before A's second
 */
export class QueueSet {
  readonly #clock: Clock;
  readonly #gauges: LevelGauges;
  readonly #idle: () => void;
  #configuration: QueueSetConfiguration = { type: 'reject' };
  #limit = 0;
  readonly queues: FairQueue[] = [];
  /** Those that run without a queue. */
  readonly queueless = new Set<FairRequest>();
  #currentR = 0;
  #syncedMs: number;
  #robin = 0;
  #enqueues = 0;
  #activeQueues = 0;
  waiting = 0;
  executing = 0;
  seatsInUse = 0;
  seatsWaiting = 0;
  rejected = 0;
  cancelled = 0;
  dispatched = 0;

  constructor({ clock, gauges, idle }: QueueSetOptions) {
    this.#clock = clock;
    this.#gauges = gauges;
    this.#idle = idle;
    this.#syncedMs = clock.monotonicMs();
  }

  get isIdle(): boolean {
    return this.waiting === 0 && this.executing === 0;
  }
  get currentR(): number {
    return this.#currentR;
  }

  /** New queues are there at once; surplus ones go when they are empty. */
  configure(configuration: QueueSetConfiguration, limit: number): void {
    this.#sync(this.#clock.monotonicMs());
    this.#configuration = configuration;
    this.#limit = limit;
    const wanted = configuration.type === 'queue' ? configuration.queues : 0;
    while (this.queues.length < wanted) this.queues.push(new FairQueue(this.queues.length));
    this.#dispatchAll();
  }

  /** The request, executing or waiting; undefined when it is refused. */
  start(work: WorkEstimate, flow: Flow, asked: Asked): FairRequest | undefined {
    const nowMs = this.#clock.monotonicMs();
    this.#sync(nowMs);
    const configuration = this.#configuration;
    const queue = configuration.type === 'queue' ? this.#pick(flow.hand) : undefined;
    const request = new FairRequest({ work, flow, asked, arrivalMs: nowMs, arrivalR: this.#currentR, queue });
    if (!queue) {
      if (configuration.type !== 'exempt' && !this.#fits(request.maxSeats)) return this.#refuse(flow, 'concurrency-limit');
      this.#execute(request, nowMs);
      return request;
    }
    const limit = configuration.type === 'queue' ? configuration.queueLengthLimit : 0;
    if (this.seatsInUse >= this.#limit && queue.waiting.length >= limit) return this.#refuse(flow, 'queue-full');
    if (!queue.isActive) {
      queue.nextDispatchR = this.#currentR;
      this.#activeQueues++;
    }
    if (this.waiting === 0 && this.seatsInUse < this.#limit && this.#fits(request.maxSeats)) {
      // What the general way below comes to when nobody waits, without looking at every queue.
      this.#robin = queue.index;
      flow.counts.queueLength.observe(1);
      this.#execute(request, nowMs);
      return request;
    }
    this.#enqueue(request, queue);
    queue.bound();
    this.#dispatchAll();
    return request;
  }

  /** Resolves with whether it may run; false when it has waited too long or its client is gone. */
  async decision(request: FairRequest, { limitMs, signal }: { readonly limitMs: number; readonly signal: AbortSignal }): Promise<boolean> {
    if (request.state !== 'waiting') return request.state === 'executing';
    const { promise, resolve } = Promise.withResolvers<boolean>();
    request.decide = resolve;
    const eject = (): void => this.#eject(request);
    using _timer = this.#clock.setTimer(Math.max(0, limitMs), eject);
    signal.addEventListener('abort', eject, { once: true });
    if (signal.aborted) eject();
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', eject);
    }
  }

  /** The request has been answered. Its seats may stay taken for what it caused. */
  finish(request: FairRequest): void {
    if (request.state !== 'executing') return;
    const nowMs = this.#clock.monotonicMs();
    this.#sync(nowMs);
    request.state = 'finished';
    this.executing--;
    const { queue, flow } = request;
    flow.counts.executing--;
    if (queue) {
      queue.executing.delete(request);
      if (!queue.isActive) this.#activeQueues--;
      queue.nextDispatchR -= request.work.initialSeats * (SERVICE_SECONDS - (nowMs - request.startMs) / 1000);
      queue.bound();
    } else this.queueless.delete(request);
    if (request.additionalLatencyMs <= 0) this.#release(request);
    else {
      this.#clock.setTimer(request.additionalLatencyMs, () => {
        this.#sync(this.#clock.monotonicMs());
        this.#release(request);
        this.#dispatchAll();
      });
    }
    this.#dispatchAll();
    if (this.isIdle) this.#idle();
  }

  #refuse(flow: Flow, reason: 'concurrency-limit' | 'queue-full'): undefined {
    this.rejected++;
    flow.counts.rejected[reason]++;
  }

  /** The queue of the hand with the least work waiting; the start moves, so that hands which overlap are used evenly. */
  #pick(hand: readonly number[]): FairQueue {
    const offset = this.#enqueues++ % hand.length;
    let best: FairQueue | undefined;
    for (let i = 0; i < hand.length; i++) {
      const queue = this.queues[hand[(offset + i) % hand.length] as number] as FairQueue;
      if (queue.waitingWork === 0) return queue;
      if (!best || queue.waitingWork < best.waitingWork) best = queue;
    }
    return best as FairQueue;
  }

  #enqueue(request: FairRequest, queue: FairQueue): void {
    queue.push(request);
    this.waiting++;
    this.seatsWaiting += request.maxSeats;
    request.flow.counts.inQueue++;
    request.flow.counts.seatsInQueue += request.maxSeats;
    request.flow.counts.queueLength.observe(queue.waiting.length);
    this.#gauge();
  }

  #leaveQueue(request: FairRequest): void {
    this.waiting--;
    this.seatsWaiting -= request.maxSeats;
    request.flow.counts.inQueue--;
    request.flow.counts.seatsInQueue -= request.maxSeats;
  }

  #eject(request: FairRequest): void {
    const { queue } = request;
    if (!queue || request.state !== 'waiting') return;
    this.#sync(this.#clock.monotonicMs());
    queue.remove(request);
    queue.bound();
    this.#leaveQueue(request);
    if (!queue.isActive) this.#activeQueues--;
    request.state = 'finished';
    this.rejected++;
    this.cancelled++;
    request.flow.counts.rejected['time-out']++;
    this.#gauge();
    this.#dropSurplus(queue);
    request.decide?.(false);
    if (this.isIdle) this.#idle();
  }

  #dispatchAll(): void {
    while (this.waiting > 0 && this.seatsInUse < this.#limit && this.#dispatchOne());
  }

  #dispatchOne(): boolean {
    const queue = this.#nextQueue();
    const request = queue?.waiting[0];
    if (!queue || !request) return false;
    if (!this.#fits(request.maxSeats)) {
      request.flow.counts.noAccommodation++;
      return false;
    }
    queue.remove(request);
    this.#leaveQueue(request);
    this.#robin = queue.index;
    this.#execute(request, this.#syncedMs);
    queue.bound();
    request.decide?.(true);
    return true;
  }

  /** Whose oldest request would end first; among equals the first after the one served last. */
  #nextQueue(): FairQueue | undefined {
    const { length } = this.queues;
    let best: FairQueue | undefined;
    let bestFinish = Infinity;
    for (let i = 1; i <= length; i++) {
      const queue = this.queues[(this.#robin + i) % length] as FairQueue;
      const oldest = queue.waiting[0];
      if (!oldest) continue;
      const finish = queue.nextDispatchR + oldest.totalWork;
      if (finish < bestFinish) {
        bestFinish = finish;
        best = queue;
      }
    }
    return best;
  }

  #execute(request: FairRequest, nowMs: number): void {
    request.state = 'executing';
    request.startMs = nowMs;
    const { queue, maxSeats, flow } = request;
    this.executing++;
    this.dispatched++;
    this.seatsInUse += maxSeats;
    flow.counts.dispatched++;
    flow.counts.executing++;
    flow.counts.executingSeats += maxSeats;
    if (queue) {
      // More final seats than there are: as much work, narrower and longer.
      const { finalSeats } = request.work;
      if (finalSeats > this.#limit && this.#limit > 0) request.additionalLatencyMs = (request.additionalLatencyMs * finalSeats) / this.#limit;
      queue.executing.add(request);
      queue.seatsInUse += maxSeats;
      queue.nextDispatchR += request.totalWork;
    } else this.queueless.add(request);
    this.#gauge();
  }

  #release(request: FairRequest): void {
    const { queue, maxSeats, flow } = request;
    this.seatsInUse -= maxSeats;
    flow.counts.executingSeats -= maxSeats;
    if (queue) {
      queue.seatsInUse -= maxSeats;
      this.#dropSurplus(queue);
    }
    this.#gauge();
  }

  #dropSurplus(queue: FairQueue): void {
    const wanted = this.#configuration.type === 'queue' ? this.#configuration.queues : 0;
    if (this.queues.length <= wanted || queue.isActive || this.queues[queue.index] !== queue) return;
    this.queues.splice(queue.index, 1);
    for (let i = queue.index; i < this.queues.length; i++) (this.queues[i] as FairQueue).index = i;
    if (this.#robin >= queue.index) this.#robin--;
  }

  #fits(seats: number): boolean {
    // One that is wider than the whole level runs when it is alone.
    if (seats > this.#limit) return this.executing === 0;
    return this.seatsInUse + seats <= this.#limit;
  }

  #sync(nowMs: number): void {
    const elapsedMs = nowMs - this.#syncedMs;
    this.#syncedMs = nowMs;
    if (this.#activeQueues === 0 || elapsedMs <= 0) return;
    this.#currentR += ((Math.min(this.seatsInUse + this.seatsWaiting, this.#limit) / this.#activeQueues) * elapsedMs) / 1000;
  }

  #gauge(): void {
    this.#gauges.update(this, this.#syncedMs);
  }
}
