import { type LabelRequirements, matchesLabels } from '../../../kube/apimachinery/label-selector.ts';
import { parseTime } from '../../../kube/apimachinery/time.ts';
import type { CycleState } from '../framework/cycle-state.ts';
import type { Framework } from '../framework/framework.ts';
import type { NodeInfo } from '../framework/node-info.ts';
import type { PodInfo } from '../framework/pod-info.ts';

/** A node that would fit the pod once its victims are gone. */
export interface Candidate {
  readonly nodeName: string;
  readonly victims: readonly PodInfo[];
  readonly budgetViolations: number;
}

export interface DisruptionBudget {
  readonly namespace: string;
  readonly selector: LabelRequirements;
  readonly disruptionsAllowed: number;
}

/**
 * What would have to leave this node (upstream: SelectVictimsOnNode): takes all pods of lower priority away, then lets back in as many as fit,
 * the more important first and those whose budget would be broken before all others. Undefined when even an emptied node does not fit.
 */
export function selectVictims(
  framework: Framework,
  options: { readonly state: CycleState; readonly info: PodInfo; readonly node: NodeInfo; readonly budgets: readonly DisruptionBudget[] },
): Candidate | undefined {
  const { info, budgets } = options;
  const lower = [...options.node.pods.values()].filter(({ priority }) => priority < info.priority);
  if (lower.length === 0) return undefined;
  const node = options.node.clone();
  const state = options.state.clone();
  for (const victim of lower) {
    node.removePod(victim.uid);
    framework.removePod(state, { toSchedule: info, changed: victim, node });
  }
  if (framework.filter(state, info, node) !== undefined) return undefined;
  const { violating, others } = splitByBudget(lower.toSorted(byImportance), budgets);
  const reprieve = (candidate: PodInfo): boolean => {
    node.addPod(candidate);
    framework.addPod(state, { toSchedule: info, changed: candidate, node });
    if (framework.filter(state, info, node) === undefined) return true;
    node.removePod(candidate.uid);
    framework.removePod(state, { toSchedule: info, changed: candidate, node });
    return false;
  };
  const broken = violating.filter((candidate) => !reprieve(candidate));
  const rest = others.filter((candidate) => !reprieve(candidate));
  return { nodeName: node.name, victims: [...broken, ...rest].toSorted(byImportance), budgetViolations: broken.length };
}

/** More important first: higher priority, then longer running. */
function byImportance(a: PodInfo, b: PodInfo): number {
  return b.priority - a.priority || startMs(a) - startMs(b);
}

function startMs({ pod }: PodInfo): number {
  return parseTime(pod.status?.startTime) ?? Number.POSITIVE_INFINITY;
}

function splitByBudget(pods: readonly PodInfo[], budgets: readonly DisruptionBudget[]): { readonly violating: readonly PodInfo[]; readonly others: readonly PodInfo[] } {
  const left = budgets.map(({ disruptionsAllowed }) => disruptionsAllowed);
  const { violating = [], others = [] } = Object.groupBy(pods, ({ pod }) => {
    let breaks = false;
    budgets.forEach(({ namespace, selector }, i) => {
      if (namespace !== pod.metadata.namespace || !matchesLabels(selector, pod.metadata.labels ?? {})) return;
      left[i] = (left[i] ?? 0) - 1;
      if ((left[i] ?? 0) < 0) breaks = true;
    });
    return breaks ? 'violating' : 'others';
  });
  return { violating, others };
}

/** Upstream: pickOneNodeForPreemption. The least harm: budgets, then priorities, then numbers, then the youngest. */
export function pickCandidate(candidates: readonly Candidate[]): Candidate | undefined {
  const measures: ((candidate: Candidate) => number)[] = [
    ({ budgetViolations }) => budgetViolations,
    ({ victims }) => victims[0]?.priority ?? Number.NEGATIVE_INFINITY,
    ({ victims }) => victims.reduce((sum, { priority }) => sum + priority + 2 ** 31, 0),
    ({ victims }) => victims.length,
    ({ victims }) => -Math.min(...victims.filter(({ priority }) => priority === victims[0]?.priority).map(startMs)),
  ];
  let best = candidates;
  for (const measure of measures) {
    const least = Math.min(...best.map(measure));
    const kept = best.filter((candidate) => measure(candidate) === least);
    if (kept.length > 0) best = kept;
    if (best.length === 1) break;
  }
  return best[0];
}
