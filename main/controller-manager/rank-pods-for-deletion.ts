import type { Pod } from '../../kube/api/generated/core/v1.ts';
import { parseTime } from '../../kube/apimachinery/time.ts';
import { isPodReady, podCondition } from './pod-conditions.ts';

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';
const PHASE_ORDER: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * Pods in the order in which a ReplicaSet gives them up (upstream: ActivePodsWithRanks): not assigned, pending, not ready, cheap by
 * annotation, crowded nodes first, then the younger and the more often restarted. Ages compare by order of magnitude.
 */
export function rankPodsForDeletion(
  pods: readonly Pod[],
  options: { readonly nowMs: number; readonly podsOnNode: ReadonlyMap<string, number> },
): readonly Pod[] {
  const rank = (pod: Pod): number => options.podsOnNode.get(pod.spec.nodeName ?? '') ?? 0;
  const comparisons: ((a: Pod, b: Pod) => number)[] = [
    (a, b) => Number(Boolean(a.spec.nodeName)) - Number(Boolean(b.spec.nodeName)),
    (a, b) => phase(a) - phase(b),
    (a, b) => Number(isPodReady(a)) - Number(isPodReady(b)),
    (a, b) => deletionCost(a) - deletionCost(b),
    (a, b) => rank(b) - rank(a),
    (a, b) => (isPodReady(a) && isPodReady(b) ? compareAge(readySince(a), readySince(b), options.nowMs) : 0),
    (a, b) => restarts(b) - restarts(a),
    (a, b) => compareAge(parseTime(a.metadata.creationTimestamp), parseTime(b.metadata.creationTimestamp), options.nowMs),
  ];
  return pods.toSorted((a, b) => {
    for (const compare of comparisons) {
      const order = compare(a, b);
      if (order !== 0) return order;
    }
    return (a.metadata.uid ?? '') < (b.metadata.uid ?? '') ? -1 : 1;
  });
}

function phase(pod: Pod): number {
  return PHASE_ORDER[pod.status?.phase ?? 'Pending'] ?? 0;
}

function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.[DELETION_COST];
  return text !== undefined && /^(0|-?[1-9]\d*)$/.test(text) ? Number(text) : 0;
}

function readySince(pod: Pod): number | undefined {
  return parseTime(podCondition(pod, 'Ready')?.lastTransitionTime);
}

function restarts(pod: Pod): number {
  let count = 0;
  for (const status of pod.status?.containerStatuses ?? []) count = Math.max(count, status.restartCount);
  return count;
}

/** Younger first; ages within one power of two are equal (upstream: LogarithmicScaleDown). */
function compareAge(a: number | undefined, b: number | undefined, nowMs: number): number {
  const rank = (sinceMs: number | undefined): number =>
    sinceMs === undefined || nowMs <= sinceMs ? -1 : Math.floor(Math.log2((nowMs - sinceMs) * 1e6));
  return rank(a) - rank(b);
}
