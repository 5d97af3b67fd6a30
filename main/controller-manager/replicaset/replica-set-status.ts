import type { ReplicaSetCondition, ReplicaSetStatus } from '../../../kube/api/generated/apps/v1.ts';
import type { Pod, PodTemplateSpec } from '../../../kube/api/generated/core/v1.ts';
import { formatTime } from '../../../kube/apimachinery/time.ts';
import { isPodAvailable, isPodReady } from '../pod-conditions.ts';

export interface ReplicaSetObservation {
  readonly template: PodTemplateSpec;
  readonly minReadySeconds: number;
  readonly generation: number | undefined;
  readonly desired: number;
  readonly previous: ReplicaSetStatus | undefined;
  readonly activePods: readonly Pod[];
  readonly terminatingPods: number;
  /** What the last attempt to create or delete pods threw. */
  readonly manageError?: unknown;
  readonly nowMs: number;
}

/** Upstream: calculateStatus of pkg/controller/replicaset. */
export function computeReplicaSetStatus(observation: ReplicaSetObservation): ReplicaSetStatus {
  const { activePods, minReadySeconds, nowMs } = observation;
  const labels = Object.entries(observation.template.metadata?.labels ?? {});
  let fullyLabeled = 0;
  let ready = 0;
  let available = 0;
  for (const pod of activePods) {
    if (labels.every(([key, value]) => pod.metadata.labels?.[key] === value)) fullyLabeled++;
    if (!isPodReady(pod)) continue;
    ready++;
    if (isPodAvailable(pod, { minReadySeconds, nowMs })) available++;
  }
  const conditions = replicaFailureConditions(observation);
  return {
    replicas: activePods.length,
    ...(fullyLabeled > 0 && { fullyLabeledReplicas: fullyLabeled }),
    ...(ready > 0 && { readyReplicas: ready }),
    ...(available > 0 && { availableReplicas: available }),
    terminatingReplicas: observation.terminatingPods,
    ...(observation.generation !== undefined && { observedGeneration: observation.generation }),
    ...(conditions.length > 0 && { conditions }),
  };
}

function replicaFailureConditions(observation: ReplicaSetObservation): ReplicaSetCondition[] {
  const previous = observation.previous?.conditions ?? [];
  const others = previous.filter((condition) => condition.type !== 'ReplicaFailure');
  if (observation.manageError === undefined) return others;
  const known = previous.find((condition) => condition.type === 'ReplicaFailure');
  if (known !== undefined) return [...previous];
  const reason = observation.activePods.length < observation.desired ? 'FailedCreate' : 'FailedDelete';
  const message = observation.manageError instanceof Error ? observation.manageError.message : String(observation.manageError);
  return [...others, { type: 'ReplicaFailure', status: 'True', reason, message, lastTransitionTime: formatTime(observation.nowMs) }];
}
