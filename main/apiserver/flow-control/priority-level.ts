import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { FlowSchema, PriorityLevelConfiguration } from '../../../kube/api/generated/flowcontrol/v1.ts';
import type { User } from '../authentication/user.ts';
import type { RequestInfo } from '../filters/request-info.ts';
import type { Flow } from './fair-queue.ts';
import { FlowCounts } from './flow-counts.ts';
import { LevelGauges } from './level-gauges.ts';
import { QueueSet, type QueueSetConfiguration } from './queue-set.ts';
import { NO_DEMAND, type DemandStatistics } from './seat-demand.ts';
import { dealHand } from './shuffle-sharding.ts';
import { TurnGate } from './turn-gate.ts';

/** One request may take this much of its level's seats. */
const MAX_SEATS_FRACTION = 0.15;
/** Flows whose hand of queues is remembered; dealing one takes some microseconds. */
const MAX_KNOWN_FLOWS = 4096;
const NO_HAND: readonly number[] = [0];

/** Seats of a level: what it has by its shares, the least when it lends, the most when it borrows, and what it has now. */
export interface SeatLimits {
  readonly nominal: number;
  readonly lower: number;
  readonly upper: number;
}

export interface PriorityLevelOptions {
  readonly clock: Clock;
  /** The level has no request any more. */
  readonly idle: () => void;
  readonly nextTurn: (callback: () => void) => void;
}

/** A priority level at work: its configuration, its queues, and the flows that are known in it. */
export class PriorityLevel {
  readonly name: string;
  readonly queueSet: QueueSet;
  readonly gauges: LevelGauges;
  readonly gate: TurnGate;
  #object: PriorityLevelConfiguration;
  #configuration: QueueSetConfiguration;
  limits: SeatLimits = { nominal: 0, lower: 0, upper: 0 };
  currentLimit = 0;
  demand: DemandStatistics = NO_DEMAND;
  /** The object is gone; the level goes when its last request has. */
  quiescing = false;
  readonly counts = new Map<string, FlowCounts>();
  /** By schema and distinguisher. */
  readonly #flows = new Map<string, Map<string, Flow>>();
  #knownFlows = 0;

  constructor(object: PriorityLevelConfiguration, { clock, idle, nextTurn }: PriorityLevelOptions) {
    this.name = object.metadata.name;
    this.#object = object;
    this.#configuration = configurationOf(object);
    this.gauges = new LevelGauges(clock.monotonicMs());
    this.queueSet = new QueueSet({ clock, gauges: this.gauges, idle });
    this.gate = new TurnGate(nextTurn);
  }

  get object(): PriorityLevelConfiguration {
    return this.#object;
  }
  get isExempt(): boolean {
    return this.#configuration.type === 'exempt';
  }
  get uid(): string {
    return this.#object.metadata.uid ?? '';
  }
  get shares(): number {
    return this.#object.spec.limited?.nominalConcurrencyShares ?? this.#object.spec.exempt?.nominalConcurrencyShares ?? 0;
  }
  get queueCapacity(): number {
    const { type } = this.#configuration;
    return type === 'queue' ? this.#configuration.queues * this.#configuration.queueLengthLimit : 1;
  }
  /** The widest that a request may be. */
  get maxSeats(): number {
    const { nominal } = this.limits;
    if (this.#configuration.type !== 'queue') return Infinity;
    return Math.max(1, Math.min(Math.ceil(nominal * MAX_SEATS_FRACTION), Math.floor(nominal / this.#configuration.handSize)));
  }

  replace(object: PriorityLevelConfiguration): void {
    this.#object = object;
    this.#configuration = configurationOf(object);
    this.#forgetFlows();
  }

  /** Takes the new limit; waiting requests run as far as it lets them. */
  setLimit(seats: number, nowMs: number, fallbackDenominator: number): void {
    this.currentLimit = seats;
    const denominator = seats > 0 ? seats : fallbackDenominator;
    this.gauges.setDenominators({ seats: denominator, queueCapacity: this.queueCapacity, nominalSeats: denominator }, nowMs);
    this.queueSet.configure(this.#configuration, seats);
  }

  flowOf(schema: FlowSchema, user: User, info: RequestInfo): Flow {
    const { name } = schema.metadata;
    const configuration = this.#configuration;
    const shards = configuration.type === 'queue' && configuration.queues > 1;
    const distinguisher = shards ? distinguisherOf(schema, user, info) : '';
    const known = this.#flows.get(name)?.get(distinguisher);
    if (known) return known;
    const hand = configuration.type === 'queue' && shards ? dealHand({ schema: name, distinguisher }, { deckSize: configuration.queues, handSize: configuration.handSize }) : NO_HAND;
    const flow: Flow = { schema: name, distinguisher, counts: this.countsOf(name), hand };
    this.#remember(flow);
    return flow;
  }

  #remember(flow: Flow): void {
    if (++this.#knownFlows > MAX_KNOWN_FLOWS) this.#forgetFlows();
    const ofSchema = this.#flows.get(flow.schema) ?? new Map<string, Flow>();
    this.#flows.set(flow.schema, ofSchema.set(flow.distinguisher, flow));
  }

  #forgetFlows(): void {
    this.#flows.clear();
    this.#knownFlows = 0;
  }

  countsOf(schema: string): FlowCounts {
    let counts = this.counts.get(schema);
    if (!counts) this.counts.set(schema, (counts = new FlowCounts()));
    return counts;
  }
}

function configurationOf({ spec }: PriorityLevelConfiguration): QueueSetConfiguration {
  if (spec.type === 'Exempt') return { type: 'exempt' };
  const queuing = spec.limited?.limitResponse?.queuing;
  return queuing ? { type: 'queue', ...queuing } : { type: 'reject' };
}

function distinguisherOf({ spec }: FlowSchema, user: User, info: RequestInfo): string {
  switch (spec.distinguisherMethod?.type) {
    case 'ByUser': return user.name;
    case 'ByNamespace': return info.namespace;
    default: return '';
  }
}
