import type { CycleState } from '../framework/cycle-state.ts';
import type { NodeInfo } from '../framework/node-info.ts';
import { MAX_NODE_SCORE } from '../framework/normalize.ts';
import type { PodChange, SchedulerPlugin } from '../framework/plugin.ts';
import { type AffinityTerm, type PodInfo, termMatches } from '../framework/pod-info.ts';
import { SKIP, type Status, unresolvable, unschedulable } from '../framework/status.ts';
import { TopologyCounts } from './topology-counts.ts';

const NAME = 'InterPodAffinity';
const SCORES = 'InterPodAffinity/scores';
const NO_AFFINITY = unresolvable("node(s) didn't match pod affinity rules");
const ANTI_AFFINITY = unschedulable("node(s) didn't match pod anti-affinity rules");
const EXISTING_ANTI_AFFINITY = unschedulable("node(s) didn't satisfy existing pods anti-affinity rules");
/** How much a running pod's required affinity counts when the new pod is scored (upstream: hardPodAffinityWeight). */
const HARD_AFFINITY_WEIGHT = 1;

export interface InterPodAffinityOptions {
  readonly namespaceLabels: (namespace: string) => Readonly<Record<string, string>>;
  readonly nodes: () => readonly NodeInfo[];
  /** Whether any pod has (required anti-)affinity at all. */
  readonly anyAffinity: () => boolean;
  readonly anyRequiredAntiAffinity: () => boolean;
}

class AffinityState {
  readonly existingAnti: TopologyCounts;
  readonly affinity: TopologyCounts;
  readonly anti: TopologyCounts;

  constructor(counts = { existingAnti: new TopologyCounts(), affinity: new TopologyCounts(), anti: new TopologyCounts() }) {
    this.existingAnti = counts.existingAnti;
    this.affinity = counts.affinity;
    this.anti = counts.anti;
  }

  clone(): AffinityState {
    return new AffinityState({ existingAnti: this.existingAnti.clone(), affinity: this.affinity.clone(), anti: this.anti.clone() });
  }
}

type Target = Parameters<typeof termMatches>[1];

export function interPodAffinity(options: InterPodAffinityOptions): SchedulerPlugin {
  const targetOf = ({ pod }: PodInfo): Target => newTarget(options, { namespace: pod.metadata.namespace ?? '', labels: pod.metadata.labels ?? {} });
  const change = (state: CycleState, { toSchedule, changed, node }: PodChange, sign: 1 | -1): void => {
    const counts = state.read<AffinityState>(NAME);
    if (counts === undefined) return;
    const target = targetOf(toSchedule);
    for (const term of changed.requiredAntiAffinity) if (termMatches(term, target)) counts.existingAnti.addFor(node, term.topologyKey, sign);
    countForIncoming(toSchedule, { counts, node, target: targetOf(changed), count: sign });
  };
  return {
    name: NAME,
    weight: 2,
    preFilter(state, info) {
      const counts = new AffinityState();
      const ownTerms = info.requiredAffinity.length + info.requiredAntiAffinity.length > 0;
      if (options.anyRequiredAntiAffinity()) countExisting(options.nodes(), { counts, target: targetOf(info) });
      if (ownTerms) {
        for (const node of options.nodes()) {
          for (const group of node.groups.values()) countForIncoming(info, { counts, node, target: newTarget(options, group), count: group.count });
        }
      }
      if (!ownTerms && counts.existingAnti.isEmpty) return { status: SKIP };
      state.write(NAME, counts);
      return undefined;
    },
    addPod: (state, podChange) => change(state, podChange, 1),
    removePod: (state, podChange) => change(state, podChange, -1),
    filter: (state, info, node) => filterAffinity(info, { counts: state.read<AffinityState>(NAME), node, self: () => targetOf(info) }),
    preScore(state, info) {
      const own = info.preferredAffinity.length + info.preferredAntiAffinity.length > 0;
      if (!own && !options.anyAffinity()) return SKIP;
      const scores = new TopologyCounts();
      for (const node of options.nodes()) scoreNode(info, { scores, node, own, target: targetOf(info), options });
      if (scores.isEmpty) return SKIP;
      state.write(SCORES, scores);
      return undefined;
    },
    score(state, _info, { node }) {
      const scores = state.read<TopologyCounts>(SCORES);
      let sum = 0;
      for (const key of scores?.keys() ?? []) sum += scores?.get(key, node.metadata.labels?.[key] ?? '') ?? 0;
      return sum;
    },
    normalizeScore(_state, _info, { values }) {
      const max = Math.max(...values);
      const range = max - Math.min(...values);
      const min = max - range;
      for (let i = 0; i < values.length; i++) values[i] = range === 0 ? 0 : Math.floor((MAX_NODE_SCORE * ((values[i] ?? 0) - min)) / range);
    },
  };
}

function newTarget(options: InterPodAffinityOptions, { namespace, labels }: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> }): Target {
  return {
    namespace,
    labels,
    get namespaceLabels() {
      return options.namespaceLabels(namespace);
    },
  };
}

function countExisting(nodes: readonly NodeInfo[], { counts, target }: { readonly counts: AffinityState; readonly target: Target }): void {
  for (const node of nodes) {
    for (const existing of node.podsWithRequiredAntiAffinity.values()) {
      for (const term of existing.requiredAntiAffinity) if (termMatches(term, target)) counts.existingAnti.addFor(node, term.topologyKey, 1);
    }
  }
}

function countForIncoming(info: PodInfo, other: { readonly counts: AffinityState; readonly node: NodeInfo; readonly target: Target; readonly count: number }): void {
  const { counts, node, target, count } = other;
  const { requiredAffinity, requiredAntiAffinity } = info;
  if (requiredAffinity.length > 0 && requiredAffinity.every((term) => termMatches(term, target))) {
    for (const { topologyKey } of requiredAffinity) counts.affinity.addFor(node, topologyKey, count);
  }
  for (const term of requiredAntiAffinity) if (termMatches(term, target)) counts.anti.addFor(node, term.topologyKey, count);
}

function filterAffinity(
  info: PodInfo,
  { counts, node, self }: { readonly counts: AffinityState | undefined; readonly node: NodeInfo; readonly self: () => Target },
): Status | undefined {
  if (counts === undefined) return undefined;
  const labels = node.node.metadata.labels ?? {};
  if (!affinitySatisfied(info.requiredAffinity, { counts, labels, self })) return NO_AFFINITY;
  for (const { topologyKey } of info.requiredAntiAffinity) {
    const value = labels[topologyKey];
    if (value !== undefined && counts.anti.get(topologyKey, value) > 0) return ANTI_AFFINITY;
  }
  for (const key of counts.existingAnti.keys()) {
    const value = labels[key];
    if (value !== undefined && counts.existingAnti.get(key, value) > 0) return EXISTING_ANTI_AFFINITY;
  }
  return undefined;
}

/** The first pod of a group that wants to be together finds nobody: it may go anywhere if it matches its own terms. */
function affinitySatisfied(
  terms: readonly AffinityTerm[],
  { counts, labels, self }: { readonly counts: AffinityState; readonly labels: Readonly<Record<string, string>>; readonly self: () => Target },
): boolean {
  let found = true;
  for (const { topologyKey } of terms) {
    const value = labels[topologyKey];
    if (value === undefined) return false;
    if (counts.affinity.get(topologyKey, value) <= 0) found = false;
  }
  return found || (counts.affinity.isEmpty && terms.every((term) => termMatches(term, self())));
}

function scoreNode(
  info: PodInfo,
  context: { readonly scores: TopologyCounts; readonly node: NodeInfo; readonly own: boolean; readonly target: Target; readonly options: InterPodAffinityOptions },
): void {
  const { scores, node, own, target, options } = context;
  for (const existing of node.podsWithAffinity.values()) {
    for (const term of existing.requiredAffinity) if (termMatches(term, target)) scores.addFor(node, term.topologyKey, HARD_AFFINITY_WEIGHT);
    for (const term of existing.preferredAffinity) if (termMatches(term, target)) scores.addFor(node, term.topologyKey, term.weight);
    for (const term of existing.preferredAntiAffinity) if (termMatches(term, target)) scores.addFor(node, term.topologyKey, -term.weight);
  }
  if (!own) return;
  for (const group of node.groups.values()) {
    const other = newTarget(options, group);
    for (const term of info.preferredAffinity) if (termMatches(term, other)) scores.addFor(node, term.topologyKey, term.weight * group.count);
    for (const term of info.preferredAntiAffinity) if (termMatches(term, other)) scores.addFor(node, term.topologyKey, -term.weight * group.count);
  }
}
