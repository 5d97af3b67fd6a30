import type { Deployment, ReplicaSet } from '../../../kube/api/generated/apps/v1.ts';
import { maxRevision, newReplicaSetAnnotations, revisionOf } from './deployment-annotations.ts';
import { isScalingEvent, planScale, type ScaleStep, scaleStep } from './plan-scale.ts';
import { buildReplicaSet, byCreation, replicasOf, splitReplicaSets, sumAvailable, sumReplicas } from './replica-sets-of.ts';
import { allowedSurge, allowedUnavailable, isRollingUpdate } from './rolling-limits.ts';

export interface RolloutPlan {
  readonly current: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
  /** The ReplicaSet of a template that has none yet. */
  readonly create?: ReplicaSet;
  /** Brings the new ReplicaSet's annotations and minReadySeconds in line. */
  readonly refresh?: { readonly annotations: Record<string, string>; readonly minReadySeconds: number };
  readonly scale: readonly ScaleStep[];
  /** The Deployment's revision annotation, when the new ReplicaSet's differs. */
  readonly revision?: string;
  /** False while paused or resizing: conditions about progress then stay as they are. */
  readonly trackProgress: boolean;
}

/**
 * The next step of a Deployment (upstream: pkg/controller/deployment rolling.go, recreate.go, sync.go). One step at a time: what it changes
 * comes back through the informers and leads to the next plan.
 */
export function planRollout(observed: {
  readonly deployment: Deployment;
  readonly replicaSets: readonly ReplicaSet[];
  /** For Recreate: does any pod of an old ReplicaSet still run? */
  readonly oldPodsRunning: boolean;
}): RolloutPlan {
  const { deployment, replicaSets } = observed;
  const { current, old } = splitReplicaSets(deployment, replicaSets);
  const split = { current, old };
  const revision = maxRevision(old) + 1n;
  const sync = current === undefined ? {} : syncRevision(deployment, { current, revision });
  if (deployment.spec.paused === true || isScalingEvent(deployment, replicaSets)) {
    return { ...split, ...sync, scale: planScale(deployment, split), trackProgress: false };
  }
  if (sync.refresh !== undefined) return { ...split, ...sync, scale: [], trackProgress: true };
  const base = { ...split, ...sync, trackProgress: true };
  if (!isRollingUpdate(deployment)) return { ...base, ...planRecreate({ ...observed, ...split, revision }) };
  if (current === undefined) {
    const replicas = newReplicas(deployment, { current: undefined, all: old });
    return { ...base, scale: [], create: buildReplicaSet(deployment, { revision, replicas }), revision: String(revision) };
  }
  return { ...base, scale: planRollingUpdate(deployment, { current, old }) };
}

function syncRevision(
  deployment: Deployment,
  { current, revision }: { readonly current: ReplicaSet; readonly revision: bigint },
): Pick<RolloutPlan, 'refresh' | 'revision'> {
  const annotations = newReplicaSetAnnotations(deployment, { existing: current, revision });
  const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
  const before = current.metadata.annotations ?? {};
  const changed =
    Object.entries(annotations).some(([key, value]) => before[key] !== value) || (current.spec.minReadySeconds ?? 0) !== minReadySeconds;
  const target = revision > revisionOf(current) ? revision : revisionOf(current);
  return {
    ...(changed && { refresh: { annotations, minReadySeconds } }),
    ...(revisionOf(deployment) !== target && { revision: String(target) }),
  };
}

function planRecreate(observed: {
  readonly deployment: Deployment;
  readonly current: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
  readonly oldPodsRunning: boolean;
  readonly revision: bigint;
}): Pick<RolloutPlan, 'scale' | 'create' | 'revision'> {
  const { deployment, current, old, revision } = observed;
  const down = old.filter((replicaSet) => replicasOf(replicaSet) > 0);
  if (down.length > 0) return { scale: down.map((replicaSet) => scaleStep(deployment, replicaSet, 0)) };
  if (observed.oldPodsRunning) return { scale: [] };
  const desired = deployment.spec.replicas ?? 1;
  if (current === undefined) {
    return { scale: [], create: buildReplicaSet(deployment, { revision, replicas: desired }), revision: String(revision) };
  }
  return { scale: replicasOf(current) === desired ? [] : [scaleStep(deployment, current, desired)] };
}

function planRollingUpdate(
  deployment: Deployment,
  { current, old }: { readonly current: ReplicaSet; readonly old: readonly ReplicaSet[] },
): readonly ScaleStep[] {
  const size = newReplicas(deployment, { current, all: [...old, current] });
  if (size !== replicasOf(current)) return [scaleStep(deployment, current, size)];
  return planScaleDownOld(deployment, { current, old });
}

/** Upstream: NewRSNewReplicas, and the scale-down half of reconcileNewReplicaSet. */
function newReplicas(
  deployment: Deployment,
  { current, all }: { readonly current: ReplicaSet | undefined; readonly all: readonly ReplicaSet[] },
): number {
  const desired = deployment.spec.replicas ?? 1;
  const size = current === undefined ? 0 : replicasOf(current);
  if (size >= desired) return desired;
  const room = desired + allowedSurge(deployment) - sumReplicas(all);
  return room <= 0 ? size : size + Math.min(room, desired - size);
}

/** Upstream: reconcileOldReplicaSets: pods that are not available go first, then as many as the minimum availability allows. */
function planScaleDownOld(
  deployment: Deployment,
  { current, old }: { readonly current: ReplicaSet; readonly old: readonly ReplicaSet[] },
): readonly ScaleStep[] {
  const all = [...old, current];
  if (sumReplicas(old) === 0) return [];
  const minAvailable = (deployment.spec.replicas ?? 1) - allowedUnavailable(deployment);
  const currentUnavailable = replicasOf(current) - (current.status?.availableReplicas ?? 0);
  const maxScaledDown = sumReplicas(all) - minAvailable - currentUnavailable;
  if (maxScaledDown <= 0) return [];
  const sizes = new Map(old.map((replicaSet) => [replicaSet, replicasOf(replicaSet)]));
  let unhealthyLeft = maxScaledDown;
  let availableLeft = sumAvailable(all) - minAvailable;
  const sorted = old.toSorted(byCreation);
  for (const replicaSet of sorted) {
    const unhealthy = replicasOf(replicaSet) - (replicaSet.status?.availableReplicas ?? 0);
    const down = Math.max(0, Math.min(unhealthyLeft, unhealthy));
    sizes.set(replicaSet, replicasOf(replicaSet) - down);
    unhealthyLeft -= down;
  }
  for (const replicaSet of sorted) {
    const down = Math.max(0, Math.min(availableLeft, sizes.get(replicaSet) ?? 0));
    sizes.set(replicaSet, (sizes.get(replicaSet) ?? 0) - down);
    availableLeft -= down;
  }
  return sorted
    .filter((replicaSet) => sizes.get(replicaSet) !== replicasOf(replicaSet))
    .map((replicaSet) => scaleStep(deployment, replicaSet, sizes.get(replicaSet) ?? 0));
}

/** Old ReplicaSets beyond revisionHistoryLimit, once the rollout is complete (upstream: cleanupDeployment). */
export function planHistoryCleanup(deployment: Deployment, old: readonly ReplicaSet[]): readonly ReplicaSet[] {
  const limit = deployment.spec.revisionHistoryLimit;
  if (limit === undefined) return [];
  const alive = old.filter((replicaSet) => replicaSet.metadata.deletionTimestamp === undefined);
  const surplus = alive.length - limit;
  if (surplus <= 0) return [];
  return alive
    .toSorted((a, b) => (revisionOf(a) < revisionOf(b) ? -1 : 1))
    .slice(0, surplus)
    .filter(
      (replicaSet) =>
        replicasOf(replicaSet) === 0 &&
        (replicaSet.status?.replicas ?? 0) === 0 &&
        (replicaSet.metadata.generation ?? 0) <= (replicaSet.status?.observedGeneration ?? 0),
    );
}
