import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { FlowSchema, PriorityLevelConfiguration } from '../../../kube/api/generated/flowcontrol/v1.ts';
import type { RequestContext } from '../endpoints/request.ts';
import type { RequestInfo } from '../filters/request-info.ts';
import type { FairRequest } from './fair-queue.ts';
import { FlowConfiguration, type ActiveSchema } from './flow-configuration.ts';
import { InFlight, requestKind } from './in-flight.ts';
import { RetryAfter } from './retry-after.ts';
import { estimateWork, maxSeatsOf, ONE_SEAT, type ObjectStatistics } from './work-estimate.ts';
import { WatchTracker } from './watch-tracker.ts';

export interface FlowControlOptions {
  readonly clock: Clock;
  /** What is served at once outside of exempt levels. */
  readonly totalSeats: number;
  readonly statistics: (info: RequestInfo) => ObjectStatistics | undefined;
  /** A level that nobody wants is free of requests. */
  readonly drained?: () => void;
  /** Calls back in the next turn of the event loop: setImmediate. */
  readonly nextTurn: (callback: () => void) => void;
}

/** A request that has been classified: it runs, or is refused. */
export interface FlowTicket {
  readonly flowSchemaUid: string;
  readonly priorityLevelUid: string;
  /** Seconds after which the client may try again; absent when the request may run. */
  readonly retryAfter: number | undefined;
  /** How long it waited. */
  readonly queuedMs: number;
  /** The request is over; of a watch: it has sent the state and from now on only waits. More than once does no harm. */
  finish(): void;
  /** Of a watch: it is over. */
  forget(): void;
}

/** Seats move between levels as often as this. */
const LENDING_PERIOD_MS = 10_000;
const NOTHING = (): void => {};

/**
 * API priority and fairness (KEP-1040): which level a request belongs to, whether it runs now, later or not at all. The levels' limits
 * follow their objects, and the demand.
 */
export class FlowControl implements Disposable {
  readonly #options: FlowControlOptions;
  readonly configuration: FlowConfiguration;
  readonly watches = new WatchTracker();
  readonly inFlight: InFlight;
  readonly #retryAfter = new RetryAfter();
  #timer: Disposable;

  constructor(options: FlowControlOptions) {
    this.#options = options;
    const { clock, totalSeats, nextTurn, drained = NOTHING } = options;
    this.inFlight = new InFlight({ limit: totalSeats, nowMs: clock.monotonicMs() });
    this.configuration = new FlowConfiguration({ clock, totalSeats, drained, nextTurn });
    this.#timer = this.#lendLater();
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  configure(levels: readonly PriorityLevelConfiguration[], schemas: readonly FlowSchema[]): void {
    this.configuration.digest(levels, schemas);
    let capacity = 0;
    for (const { queueCapacity } of this.configuration.levels.values()) capacity += queueCapacity;
    this.inFlight.setWaitingCapacity(capacity, this.clock.monotonicMs());
  }

  /** Synchronous unless the request has to wait, which it does at most for `waitLimitMs`. */
  begin(context: RequestContext, waitLimitMs: number): FlowTicket | Promise<FlowTicket> {
    const { info, user } = context;
    const schema = this.#classify(context);
    const { level } = schema;
    const flow = level.flowOf(schema.object, user, info);
    const asked = { user, info };
    let work = ONE_SEAT;
    if (info.isResourceRequest && info.verb !== 'get') {
      const { counts } = flow;
      const watchers = (): number => {
        const count = this.watches.interested(info);
        counts.watchCount.observe(count);
        return count;
      };
      work = estimateWork({ info, query: context.request.query, maxSeats: level.maxSeats, statistics: this.#options.statistics, watchers });
    }
    flow.counts.estimatedSeats.observe(maxSeatsOf(work));
    const request = level.queueSet.start(work, flow, asked);
    if (request?.state === 'waiting') return this.#wait({ context, schema, request, waitLimitMs });
    if (!request) return this.#refuse(schema, 0);
    if (level.isExempt) return this.#admit({ context, schema, request }, 0);
    flow.counts.waited.observe(0);
    const turn = level.gate.enter(request.maxSeats);
    const ticket = this.#admit({ context, schema, request }, 0);
    return turn ? turn.then(() => ticket) : ticket;
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }

  #classify({ user, info }: RequestContext): ActiveSchema {
    const { schemas } = this.configuration;
    for (const schema of schemas) if (schema.matches(user, info)) return schema;
    // Nobody is outside of both groups that the catch-all schema names, unless an impersonator makes it so.
    return schemas.find(({ object }) => object.metadata.name === 'catch-all') ?? (schemas.at(-1) as ActiveSchema);
  }

  async #wait({ context, schema, request, waitLimitMs }: Begun & { readonly waitLimitMs: number }): Promise<FlowTicket> {
    const { clock } = this.#options;
    const beganMs = clock.monotonicMs();
    const kind = this.inFlight.waiting[requestKind(context.info.verb)];
    kind.add(1, beganMs);
    const executes = await schema.level.queueSet.decision(request, { limitMs: waitLimitMs, signal: context.request.signal });
    const nowMs = clock.monotonicMs();
    kind.add(-1, nowMs);
    const { counts } = request.flow;
    (executes ? counts.waited : counts.waitedInVain).observe((nowMs - beganMs) / 1000);
    if (!executes) return this.#refuse(schema, nowMs - beganMs);
    const ticket = this.#admit({ context, schema, request }, nowMs - beganMs);
    await schema.level.gate.enter(request.maxSeats);
    return ticket;
  }

  #admit({ context: { info, request: { query } }, schema, request }: Begun, queuedMs: number): FlowTicket {
    const { level, object } = schema;
    const { clock } = this.#options;
    const isWatch = info.verb === 'watch';
    const kind = this.inFlight.executing[requestKind(info.verb)];
    kind.add(1, request.startMs);
    let finished = false;
    return {
      flowSchemaUid: object.metadata.uid ?? '', priorityLevelUid: level.uid, retryAfter: undefined, queuedMs,
      forget: isWatch ? this.watches.register(info, query) : NOTHING,
      finish: () => {
        if (finished) return;
        finished = true;
        const nowMs = clock.monotonicMs();
        const { executed, executedWatch } = request.flow.counts;
        (isWatch ? executedWatch : executed).observe((nowMs - request.startMs) / 1000);
        kind.add(-1, nowMs);
        level.queueSet.finish(request);
      },
    };
  }

  #refuse({ object, level }: ActiveSchema, queuedMs: number): FlowTicket {
    const retryAfter = this.#retryAfter.refused(level.name, this.#options.clock.monotonicMs());
    if (queuedMs === 0) level.countsOf(object.metadata.name).waitedInVain.observe(0);
    return { flowSchemaUid: object.metadata.uid ?? '', priorityLevelUid: level.uid, retryAfter, queuedMs, finish: NOTHING, forget: NOTHING };
  }

  #lendLater(): Disposable {
    return this.#options.clock.setTimer(LENDING_PERIOD_MS, () => {
      this.configuration.lend();
      this.#timer = this.#lendLater();
    });
  }
}

interface Begun {
  readonly context: RequestContext;
  readonly schema: ActiveSchema;
  readonly request: FairRequest;
}
