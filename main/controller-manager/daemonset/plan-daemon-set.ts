import type { DaemonSet, DaemonSetStatus } from '../../../kube/api/generated/apps/v1.ts';
import type { Node, Pod } from '../../../kube/api/generated/core/v1.ts';
import { scaledValue } from '../../../kube/apimachinery/int-or-string.ts';
import { isPodAvailable, isPodReady } from '../pod-conditions.ts';
import { CONTROLLER_REVISION_HASH } from '../revisions/controller-revision.ts';
import { daemonFits, targetNode } from './daemon-pods.ts';

export interface DaemonSetObservation {
  readonly daemonSet: DaemonSet;
  readonly nodes: readonly Node[];
  /** All pods that the DaemonSet owns. */
  readonly pods: readonly Pod[];
  /** Hash of the current revision. */
  readonly hash: string;
  readonly nowMs: number;
}

export interface DaemonSetPlan {
  /** Names of nodes that need a pod. */
  readonly createOn: readonly string[];
  readonly delete: readonly Pod[];
  /** Those of `delete` that had failed: replacing one at once may make a hot loop. */
  readonly failed: readonly Pod[];
}

/** Upstream: podsShouldBeOnNode for every node, then rollingUpdate. */
export function planDaemonSet(observation: DaemonSetObservation): DaemonSetPlan {
  const { daemonSet, nodes } = observation;
  const byNode = groupByNode(observation.pods);
  const createOn: string[] = [];
  const remove: Pod[] = [];
  const failed: Pod[] = [];
  for (const node of nodes) {
    const pods = byNode.get(node.metadata.name) ?? [];
    const { shouldRun, shouldContinue } = daemonFits(daemonSet, node);
    if (!shouldContinue) {
      remove.push(...pods.filter(isNotDeleted));
      continue;
    }
    const done = pods.filter((pod) => isNotDeleted(pod) && (pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded'));
    failed.push(...done);
    remove.push(...done);
    const running = pods.filter((pod) => !done.includes(pod));
    if (running.length === 0 && shouldRun && done.length === 0) createOn.push(node.metadata.name);
    remove.push(...surplus(running, observation));
  }
  const known = new Set(nodes.map(({ metadata }) => metadata.name));
  for (const [name, pods] of byNode) if (!known.has(name)) remove.push(...pods.filter(isNotDeleted));
  if (daemonSet.spec.updateStrategy?.type === 'OnDelete') return { createOn, delete: remove, failed };
  const update = planUpdate(observation, byNode);
  return { createOn: [...new Set([...createOn, ...update.createOn])], delete: [...new Set([...remove, ...update.delete])], failed };
}

function isNotDeleted(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp === undefined;
}

function groupByNode(pods: readonly Pod[]): ReadonlyMap<string, readonly Pod[]> {
  return Map.groupBy(pods, (pod) => targetNode(pod) ?? '');
}

function isCurrent(pod: Pod, hash: string): boolean {
  return pod.metadata.labels?.[CONTROLLER_REVISION_HASH] === hash;
}

/** More than one of the same revision on a node: the oldest stays. While surging, an old and a new one may be side by side. */
function surplus(running: readonly Pod[], { daemonSet, hash, nowMs }: DaemonSetObservation): readonly Pod[] {
  const alive = running.filter(isNotDeleted);
  if (alive.length <= 1) return [];
  const minReadySeconds = daemonSet.spec.minReadySeconds ?? 0;
  const sorted = alive.toSorted((a, b) => ((a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? -1 : 1));
  const current = sorted.filter((pod) => isCurrent(pod, hash));
  const old = sorted.filter((pod) => !isCurrent(pod, hash));
  if (limits(daemonSet, 1).surge === 0) return sorted.slice(1);
  const replaced = current.some((pod) => isPodAvailable(pod, { minReadySeconds, nowMs }));
  return [...current.slice(1), ...(replaced ? old : old.slice(1))];
}

function limits(daemonSet: DaemonSet, total: number): { readonly surge: number; readonly unavailable: number } {
  const rolling = daemonSet.spec.updateStrategy?.rollingUpdate;
  const surge = scaledValue(rolling?.maxSurge ?? 0, { total, roundUp: true });
  const unavailable = scaledValue(rolling?.maxUnavailable ?? 1, { total, roundUp: true });
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

function planUpdate(observation: DaemonSetObservation, byNode: ReadonlyMap<string, readonly Pod[]>): { readonly createOn: readonly string[]; readonly delete: readonly Pod[] } {
  const { daemonSet, hash, nowMs } = observation;
  const minReadySeconds = daemonSet.spec.minReadySeconds ?? 0;
  const wanted = observation.nodes.filter((node) => daemonFits(daemonSet, node).shouldRun);
  const { surge, unavailable } = limits(daemonSet, wanted.length);
  let unavailableNow = 0;
  const available: Pod[] = [];
  const broken: Pod[] = [];
  const surgeOn: string[] = [];
  let surging = 0;
  for (const { metadata } of wanted) {
    const pods = byNode.get(metadata.name) ?? [];
    const current = pods.find((pod) => isNotDeleted(pod) && isCurrent(pod, hash));
    const old = pods.find((pod) => isNotDeleted(pod) && !isCurrent(pod, hash));
    const isUp = (pod: Pod | undefined): boolean => pod !== undefined && isPodAvailable(pod, { minReadySeconds, nowMs });
    if (surge > 0) {
      if (current !== undefined && old !== undefined) surging++;
      else if (old !== undefined && isUp(old)) surgeOn.push(metadata.name);
      else if (old !== undefined) broken.push(old);
      continue;
    }
    if (!isUp(current) && !isUp(old)) unavailableNow++;
    if (old === undefined || current !== undefined) continue;
    (isUp(old) ? available : broken).push(old);
  }
  if (surge > 0) return { createOn: surgeOn.slice(0, Math.max(0, surge - surging)), delete: broken };
  return { createOn: [], delete: [...broken, ...available.slice(0, Math.max(0, unavailable - unavailableNow))] };
}

/** Upstream: updateDaemonSetStatus. */
export function computeDaemonSetStatus(observation: DaemonSetObservation & { readonly collisionCount: number }): DaemonSetStatus {
  const { daemonSet, nodes, hash, nowMs } = observation;
  const minReadySeconds = daemonSet.spec.minReadySeconds ?? 0;
  const byNode = groupByNode(observation.pods.filter(isNotDeleted));
  const counts = { desired: 0, current: 0, misscheduled: 0, ready: 0, available: 0, updated: 0 };
  for (const node of nodes) {
    const [pod] = (byNode.get(node.metadata.name) ?? []).toSorted((a, b) => Number(isPodReady(b)) - Number(isPodReady(a)));
    if (!daemonFits(daemonSet, node).shouldRun) {
      if (pod !== undefined) counts.misscheduled++;
      continue;
    }
    counts.desired++;
    if (pod === undefined) continue;
    counts.current++;
    if (isPodReady(pod)) counts.ready++;
    if (isPodAvailable(pod, { minReadySeconds, nowMs })) counts.available++;
    if (isCurrent(pod, hash)) counts.updated++;
  }
  const unavailable = counts.desired - counts.available;
  return {
    currentNumberScheduled: counts.current,
    numberMisscheduled: counts.misscheduled,
    desiredNumberScheduled: counts.desired,
    numberReady: counts.ready,
    observedGeneration: daemonSet.metadata.generation,
    ...(counts.updated > 0 && { updatedNumberScheduled: counts.updated }),
    ...(counts.available > 0 && { numberAvailable: counts.available }),
    ...(unavailable > 0 && { numberUnavailable: unavailable }),
    ...(observation.collisionCount > 0 && { collisionCount: observation.collisionCount }),
    ...(daemonSet.status?.conditions && { conditions: daemonSet.status.conditions }),
  };
}
