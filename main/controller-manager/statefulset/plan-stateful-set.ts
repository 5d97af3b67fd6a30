import type { StatefulSet, StatefulSetStatus } from '../../../kube/api/generated/apps/v1.ts';
import type { Pod } from '../../../kube/api/generated/core/v1.ts';
import { scaledValue } from '../../../kube/apimachinery/int-or-string.ts';
import { isPodAvailable, isPodReady, isPodTerminal } from '../pod-conditions.ts';
import { ordinalOf, podRevision } from './stateful-pods.ts';

export interface StatefulSetObservation {
  readonly set: StatefulSet;
  readonly pods: readonly Pod[];
  /** Names of the revisions that pods below and above the partition should have. */
  readonly currentRevision: string;
  readonly updateRevision: string;
  readonly nowMs: number;
}

export interface StatefulSetPlan {
  readonly create: readonly { readonly ordinal: number; readonly revision: 'current' | 'update' }[];
  readonly delete: readonly Pod[];
}

/** The next step (upstream: updateStatefulSet). OrderedReady takes one pod at a time and waits for each; Parallel does not wait. */
export function planStatefulSet(observation: StatefulSetObservation): StatefulSetPlan {
  const { set, pods } = observation;
  const { replicas = 1, ordinals } = set.spec;
  const start = ordinals?.start ?? 0;
  const ordered = set.spec.podManagementPolicy !== 'Parallel';
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod), pod]));
  const create: { ordinal: number; revision: 'current' | 'update' }[] = [];
  const remove: Pod[] = [];
  for (let ordinal = start; ordinal < start + replicas; ordinal++) {
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined) create.push({ ordinal, revision: revisionFor(observation, ordinal) });
    else if (isPodTerminal(pod) && isAlive(pod)) remove.push(pod);
    else if (isHealthy(observation, pod)) continue;
    if (ordered) return { create, delete: remove };
  }
  const condemned = pods
    .filter((pod) => !isWithin(ordinalOf(set, pod), { start, replicas }))
    .toSorted((a, b) => (ordinalOf(set, b) ?? 0) - (ordinalOf(set, a) ?? 0));
  for (const pod of condemned) {
    if (isAlive(pod)) remove.push(pod);
    if (ordered) return { create, delete: remove };
  }
  if (create.length + remove.length > 0 || set.spec.updateStrategy?.type === 'OnDelete') return { create, delete: remove };
  return { create, delete: planUpdate(observation, byOrdinal) };
}

function isWithin(ordinal: number | undefined, { start, replicas }: { readonly start: number; readonly replicas: number }): boolean {
  return ordinal !== undefined && ordinal >= start && ordinal < start + replicas;
}

function isAlive({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp === undefined;
}

function isHealthy({ set, nowMs }: StatefulSetObservation, pod: Pod): boolean {
  return isAlive(pod) && pod.status?.phase === 'Running' && isPodAvailable(pod, { minReadySeconds: set.spec.minReadySeconds ?? 0, nowMs });
}

/**
 * A pod that comes back in the middle of a rollout gets the revision that its ordinal had: the current one at or below the highest pod that
 * still has it. Read off the pods, since status.currentReplicas may be behind.
 */
function revisionFor({ set, pods, currentRevision, updateRevision }: StatefulSetObservation, ordinal: number): 'current' | 'update' {
  if (currentRevision === updateRevision || set.spec.updateStrategy?.type === 'OnDelete') return 'update';
  const start = set.spec.ordinals?.start ?? 0;
  const partition = set.spec.updateStrategy?.rollingUpdate?.partition ?? 0;
  if (partition > 0) return ordinal < start + partition ? 'current' : 'update';
  const kept = pods.filter((pod) => isAlive(pod) && podRevision(pod) === currentRevision).map((pod) => ordinalOf(set, pod) ?? -1);
  return ordinal <= Math.max(-1, ...kept) ? 'current' : 'update';
}

/** From the highest ordinal down to the partition, as many at a time as may be unavailable. */
function planUpdate(observation: StatefulSetObservation, byOrdinal: ReadonlyMap<number | undefined, Pod>): readonly Pod[] {
  const { set, updateRevision } = observation;
  const { replicas = 1, ordinals, updateStrategy } = set.spec;
  const start = ordinals?.start ?? 0;
  const partition = updateStrategy?.rollingUpdate?.partition ?? 0;
  const limit = Math.max(1, scaledValue(updateStrategy?.rollingUpdate?.maxUnavailable ?? 1, { total: replicas, roundUp: true }));
  const remove: Pod[] = [];
  let unavailable = 0;
  for (let ordinal = start; ordinal < start + replicas; ordinal++) {
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined || !isHealthy(observation, pod)) unavailable++;
  }
  for (let ordinal = start + replicas - 1; ordinal >= start + partition && unavailable < limit; ordinal--) {
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined || podRevision(pod) === updateRevision || !isAlive(pod)) continue;
    remove.push(pod);
    unavailable++;
  }
  return remove;
}

export function computeStatefulSetStatus(observation: StatefulSetObservation & { readonly collisionCount: number }): StatefulSetStatus {
  const { set, pods, currentRevision, updateRevision, nowMs, collisionCount } = observation;
  const created = pods.filter((pod) => pod.status?.phase !== undefined && pod.status.phase !== '');
  const minReadySeconds = set.spec.minReadySeconds ?? 0;
  const ready = created.filter((pod) => pod.status?.phase === 'Running' && isPodReady(pod));
  const available = ready.filter((pod) => isPodAvailable(pod, { minReadySeconds, nowMs }));
  const alive = created.filter(isAlive);
  const updated = alive.filter((pod) => podRevision(pod) === updateRevision).length;
  const complete = set.spec.updateStrategy?.type !== 'OnDelete' && updated === created.length && ready.length === created.length && created.length === (set.spec.replicas ?? 1);
  const current = complete ? updated : alive.filter((pod) => podRevision(pod) === currentRevision).length;
  return {
    observedGeneration: set.metadata.generation,
    replicas: created.length,
    ...(ready.length > 0 && { readyReplicas: ready.length }),
    availableReplicas: available.length,
    ...(current > 0 && { currentReplicas: current }),
    ...(updated > 0 && { updatedReplicas: updated }),
    currentRevision: complete ? updateRevision : currentRevision,
    updateRevision,
    collisionCount,
    ...(set.status?.conditions && { conditions: set.status.conditions }),
  };
}
