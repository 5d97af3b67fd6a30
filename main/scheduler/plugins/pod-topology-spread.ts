import { type LabelRequirements, requirementsOf } from '../../../kube/apimachinery/label-selector.ts';
import type { Pod, TopologySpreadConstraint } from '../../../kube/api/generated/core/v1.ts';
import type { CycleState } from '../framework/cycle-state.ts';
import type { NodeInfo } from '../framework/node-info.ts';
import { MAX_NODE_SCORE } from '../framework/normalize.ts';
import type { PodChange, SchedulerPlugin } from '../framework/plugin.ts';
import { SKIP, type Status, unresolvable, unschedulable } from '../framework/status.ts';
import { requiredNodeAffinity } from './node-affinity.ts';
import { isTolerated } from './tolerations.ts';
import { MatchingPodCounter, TopologyCounts } from './topology-counts.ts';

const NAME = 'PodTopologySpread';
const SCORING = 'PodTopologySpread/scoring';
const MISSING_LABEL = unresolvable("node(s) didn't match pod topology spread constraints (missing required label)");
const SKEWED = unschedulable("node(s) didn't match pod topology spread constraints");
const HOSTNAME = 'kubernetes.io/hostname';

export interface PodTopologySpreadOptions {
  readonly nodes: () => readonly NodeInfo[];
  /** What selects the pod's siblings (its Services and its controller): the default constraints spread those. */
  readonly defaultSelectors: (pod: Pod) => readonly LabelRequirements[];
}

interface Constraint {
  readonly key: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  readonly counter: MatchingPodCounter;
  readonly self: boolean;
  /** May this node's pods and domain be counted? */
  readonly includes: (node: NodeInfo) => boolean;
}

class HardState {
  readonly constraints: readonly Constraint[];
  readonly counts: readonly TopologyCounts[];

  constructor(constraints: readonly Constraint[], counts: readonly TopologyCounts[]) {
    this.constraints = constraints;
    this.counts = counts;
  }

  clone(): HardState {
    return new HardState(this.constraints, this.counts.map((counts) => counts.clone()));
  }
}

interface SoftState {
  readonly constraints: readonly Constraint[];
  readonly counts: readonly TopologyCounts[];
  readonly weights: readonly number[];
  readonly ignored: ReadonlySet<string>;
}

export function podTopologySpread(options: PodTopologySpreadOptions): SchedulerPlugin {
  return {
    name: NAME,
    weight: 2,
    preFilter(state, { pod }) {
      const constraints = constraintsOf(pod, 'DoNotSchedule');
      if (constraints.length === 0) return { status: SKIP };
      const counts = constraints.map(() => new TopologyCounts());
      for (const node of options.nodes()) {
        if (constraints.some(({ key }) => node.node.metadata.labels?.[key] === undefined)) continue;
        constraints.forEach((constraint, i) => {
          if (constraint.includes(node)) counts[i]?.addFor(node, constraint.key, constraint.counter.count(node));
        });
      }
      state.write(NAME, new HardState(constraints, counts));
      return undefined;
    },
    addPod: (state, change) => applyChange(state, change, 1),
    removePod: (state, change) => applyChange(state, change, -1),
    filter: (state, _info, node) => filterSpread(state.read<HardState>(NAME), node),
    preScore(state, { pod }, nodes) {
      const own = constraintsOf(pod, 'ScheduleAnyway');
      const hasOwn = (pod.spec.topologySpreadConstraints ?? []).length > 0;
      const constraints = hasOwn ? own : defaultConstraints(pod, options);
      if (constraints.length === 0) return SKIP;
      state.write(SCORING, softState(constraints, { all: options.nodes(), feasible: nodes, requireAll: hasOwn }));
      return undefined;
    },
    score(state, _info, node) {
      const soft = state.read<SoftState>(SCORING);
      if (soft === undefined || soft.ignored.has(node.name)) return 0;
      let score = 0;
      soft.constraints.forEach(({ key, maxSkew, counter }, i) => {
        const value = node.node.metadata.labels?.[key];
        if (value === undefined) return;
        const count = key === HOSTNAME ? counter.count(node) : (soft.counts[i]?.get(key, value) ?? 0);
        score += count * (soft.weights[i] ?? 1) + (maxSkew - 1);
      });
      return Math.round(score);
    },
    normalizeScore(state, _info, { nodes, values }) {
      const ignored = state.read<SoftState>(SCORING)?.ignored ?? new Set<string>();
      let min = Number.POSITIVE_INFINITY;
      let max = 0;
      nodes.forEach((node, i) => {
        if (ignored.has(node.name)) return;
        min = Math.min(min, values[i] ?? 0);
        max = Math.max(max, values[i] ?? 0);
      });
      nodes.forEach((node, i) => {
        if (ignored.has(node.name)) values[i] = 0;
        else values[i] = max === 0 ? MAX_NODE_SCORE : Math.floor((MAX_NODE_SCORE * (max + min - (values[i] ?? 0))) / max);
      });
    },
  };
}

function constraintsOf(pod: Pod, action: 'DoNotSchedule' | 'ScheduleAnyway'): readonly Constraint[] {
  return (pod.spec.topologySpreadConstraints ?? []).filter(({ whenUnsatisfiable }) => whenUnsatisfiable === action).map((source) => compile(pod, source));
}

function compile(pod: Pod, source: TopologySpreadConstraint): Constraint {
  const labels = pod.metadata.labels ?? {};
  const keys = (source.matchLabelKeys ?? []).flatMap((key) => (labels[key] === undefined ? [] : [{ key, operator: 'In', values: [labels[key]] }]));
  const { matchLabels, matchExpressions = [] } = source.labelSelector ?? {};
  const selector = source.labelSelector === undefined ? undefined : requirementsOf({ matchLabels, matchExpressions: [...matchExpressions, ...keys] });
  const counter = new MatchingPodCounter(pod.metadata.namespace ?? '', selector ?? []);
  const affine = source.nodeAffinityPolicy === 'Ignore' ? undefined : requiredNodeAffinity(pod);
  const honorTaints = source.nodeTaintsPolicy === 'Honor';
  return {
    key: source.topologyKey,
    maxSkew: source.maxSkew,
    minDomains: source.minDomains ?? 1,
    counter,
    self: selector !== undefined && counter.matches(labels),
    includes: ({ node }) =>
      (affine === undefined || affine(node)) &&
      (!honorTaints || (node.spec?.taints ?? []).every((taint) => taint.effect === 'PreferNoSchedule' || isTolerated(taint, pod.spec.tolerations))),
  };
}

/** Upstream's system defaults: spread over hosts and, more loosely, over zones. */
function defaultConstraints(pod: Pod, options: PodTopologySpreadOptions): readonly Constraint[] {
  const selectors = options.defaultSelectors(pod);
  if (selectors.length === 0) return [];
  const counter = new MatchingPodCounter(pod.metadata.namespace ?? '', ...selectors);
  const base = { minDomains: 1, counter, self: true, includes: () => true };
  return [
    { ...base, key: HOSTNAME, maxSkew: 3 },
    { ...base, key: 'topology.kubernetes.io/zone', maxSkew: 5 },
  ];
}

function softState(
  constraints: readonly Constraint[],
  { all, feasible, requireAll }: { readonly all: readonly NodeInfo[]; readonly feasible: readonly NodeInfo[]; readonly requireAll: boolean },
): SoftState {
  const ignored = new Set<string>();
  const complete = ({ node }: NodeInfo): boolean => constraints.every(({ key }) => node.metadata.labels?.[key] !== undefined);
  if (requireAll) for (const node of feasible) if (!complete(node)) ignored.add(node.name);
  const counts = constraints.map(({ key, counter, includes }) => {
    const byDomain = new TopologyCounts();
    if (key === HOSTNAME) return byDomain;
    for (const node of all) {
      if (node.node.metadata.labels?.[key] !== undefined && (!requireAll || complete(node)) && includes(node)) byDomain.addFor(node, key, counter.count(node));
    }
    return byDomain;
  });
  const weights = constraints.map(({ key }, i) => Math.log((key === HOSTNAME ? feasible.length - ignored.size : (counts[i]?.domains(key).size ?? 0)) + 2));
  return { constraints, counts, weights, ignored };
}

function filterSpread(state: HardState | undefined, node: NodeInfo): Status | undefined {
  if (state === undefined) return undefined;
  for (const [i, { key, maxSkew, minDomains, self }] of state.constraints.entries()) {
    const value = node.node.metadata.labels?.[key];
    if (value === undefined) return MISSING_LABEL;
    const domains = state.counts[i]?.domains(key) ?? new Map<string, number>();
    const least = domains.size < minDomains ? 0 : Math.min(...domains.values());
    const skew = (domains.get(value) ?? 0) + (self ? 1 : 0) - (Number.isFinite(least) ? least : 0);
    if (skew > maxSkew) return SKEWED;
  }
  return undefined;
}

function applyChange(state: CycleState, { toSchedule, changed, node }: PodChange, sign: 1 | -1): void {
  const hard = state.read<HardState>(NAME);
  if (hard === undefined || changed.pod.metadata.namespace !== toSchedule.pod.metadata.namespace) return;
  hard.constraints.forEach(({ key, counter, includes }, i) => {
    if (includes(node) && counter.matches(changed.pod.metadata.labels ?? {})) hard.counts[i]?.addFor(node, key, sign);
  });
}

