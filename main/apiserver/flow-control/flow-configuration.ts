import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { FlowSchema, PriorityLevelConfiguration } from '../../../kube/api/generated/flowcontrol/v1.ts';
import { mandatoryObjects } from './bootstrap-objects.ts';
import { compileFlowSchema, type SchemaMatcher } from './flow-schema-matcher.ts';
import { lendSeats } from './lend-seats.ts';
import { PriorityLevel } from './priority-level.ts';
import { nextDemand } from './seat-demand.ts';

export interface ActiveSchema {
  readonly object: FlowSchema;
  readonly matches: SchemaMatcher;
  readonly level: PriorityLevel;
}

export interface FlowConfigurationOptions {
  readonly clock: Clock;
  /** Seats of the whole server. */
  readonly totalSeats: number;
  /** A level that nobody wants has served its last request: digest again. */
  readonly drained: () => void;
  readonly nextTurn: (callback: () => void) => void;
}

/**
 * What flow schemas and priority levels say, as requests meet it (upstream: util/flowcontrol/apf_controller.go). All objects are digested
 * together whenever one changes; the mandatory ones are imagined where they are missing.
 */
export class FlowConfiguration {
  readonly #options: FlowConfigurationOptions;
  readonly levels = new Map<string, PriorityLevel>();
  schemas: readonly ActiveSchema[] = [];
  fairFraction = 0;
  targets = new Map<string, number>();

  constructor(options: FlowConfigurationOptions) {
    this.#options = options;
    this.digest([], []);
  }

  digest(levels: readonly PriorityLevelConfiguration[], schemas: readonly FlowSchema[]): void {
    const mandatory = mandatoryObjects();
    const wanted = new Map(levels.filter(isSound).map((object) => [object.metadata.name, object]));
    const real = new Set(wanted.keys());
    for (const object of mandatory.levels) if (!wanted.has(object.metadata.name)) wanted.set(object.metadata.name, object);
    for (const [name, object] of wanted) this.#keep(name, object);
    for (const [name, level] of this.levels) {
      if (wanted.has(name)) continue;
      if (level.queueSet.isIdle) this.levels.delete(name);
      else level.quiescing = true;
    }
    this.schemas = this.#activeSchemas(schemas, { real, imagined: mandatory.schemas });
    this.#share();
    this.lend({ afterPeriod: false });
  }

  /** Moves seats to where they are wanted, after each period. */
  lend({ afterPeriod }: { readonly afterPeriod: boolean } = { afterPeriod: true }): void {
    const { clock, totalSeats } = this.#options;
    const nowMs = clock.monotonicMs();
    const levels = [...this.levels.values()];
    for (const level of levels) level.demand = nextDemand(level.demand, level.gauges.demand.reset(nowMs));
    const { limits, targets, fairFraction } = lendSeats(levels.map(({ isExempt, limits, demand, currentLimit }) => ({ exempt: isExempt, limits, demand, currentLimit })));
    this.fairFraction = fairFraction;
    for (const [index, level] of levels.entries()) {
      this.targets.set(level.name, targets[index] as number);
      if (afterPeriod && limits[index] === level.currentLimit) continue;
      level.setLimit(limits[index] as number, nowMs, Math.max(1, Math.round(totalSeats / 10)));
    }
  }

  #keep(name: string, object: PriorityLevelConfiguration): void {
    const level = this.levels.get(name);
    if (!level) {
      const idle = (): void => {
        if (this.levels.get(name)?.quiescing) this.#options.drained();
      };
      this.levels.set(name, new PriorityLevel(object, { clock: this.#options.clock, nextTurn: this.#options.nextTurn, idle }));
      return;
    }
    level.quiescing = false;
    if (level.object !== object) level.replace(object);
  }

  #activeSchemas(objects: readonly FlowSchema[], { real, imagined }: { readonly real: ReadonlySet<string>; readonly imagined: readonly FlowSchema[] }): ActiveSchema[] {
    const usable = objects.filter(({ spec }) => real.has(spec.priorityLevelConfiguration.name)).sort(byPrecedence);
    const has = (name: string): boolean => usable.some(({ metadata }) => metadata.name === name);
    const [exempt, catchAll] = imagined as [FlowSchema, FlowSchema];
    const all = [...(has(exempt.metadata.name) ? [] : [exempt]), ...usable, ...(has(catchAll.metadata.name) ? [] : [catchAll])];
    return all.map((object) => {
      const known = this.schemas.find((schema) => schema.object === object);
      const level = this.levels.get(object.spec.priorityLevelConfiguration.name) as PriorityLevel;
      return known?.level === level ? known : { object, level, matches: compileFlowSchema(object) };
    });
  }

  #share(): void {
    const { totalSeats } = this.#options;
    const levels = [...this.levels.values()];
    const sum = levels.reduce((total, { shares }) => total + shares, 0);
    for (const level of levels) {
      const { limited, exempt } = level.object.spec;
      const nominal = sum === 0 ? 0 : Math.ceil((totalSeats * level.shares) / sum);
      const lendable = Math.round((nominal * (limited?.lendablePercent ?? exempt?.lendablePercent ?? 0)) / 100);
      const percent = limited?.borrowingLimitPercent;
      const borrowable = percent === undefined ? totalSeats : Math.round((nominal * percent) / 100);
      level.limits = { nominal, lower: nominal - lendable, upper: nominal + borrowable };
    }
  }
}

/** The storage refuses others; what slips through is as if it were not there. */
function isSound({ metadata, spec }: PriorityLevelConfiguration): boolean {
  const isExempt = spec.type === 'Exempt';
  if (isExempt !== (metadata.name === 'exempt') || isExempt !== (spec.exempt !== undefined)) return false;
  return isExempt || (spec.limited !== undefined && (spec.limited.limitResponse?.type === 'Queue') === (spec.limited.limitResponse?.queuing !== undefined));
}

function byPrecedence(a: FlowSchema, b: FlowSchema): number {
  return a.spec.matchingPrecedence - b.spec.matchingPrecedence || (a.metadata.name < b.metadata.name ? -1 : 1);
}
