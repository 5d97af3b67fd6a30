import type { Deployment, ReplicaSet } from '../../../kube/api/generated/apps/v1.ts';
import { DESIRED_REPLICAS, MAX_REPLICAS, replicasAnnotations } from './deployment-annotations.ts';
import { byCreation, replicasOf, sumReplicas } from './replica-sets-of.ts';
import { allowedSurge, isRollingUpdate } from './rolling-limits.ts';

/** One ReplicaSet to be given a size, and the annotations that remember the Deployment's size then. */
export interface ScaleStep {
  readonly replicaSet: ReplicaSet;
  readonly from: number;
  readonly to: number;
  readonly annotations: Readonly<Record<string, string>>;
}

export function scaleStep(deployment: Deployment, replicaSet: ReplicaSet, to: number): ScaleStep {
  return { replicaSet, from: replicasOf(replicaSet), to, annotations: replicasAnnotations(deployment) };
}

/** Did `spec.replicas` change since the ReplicaSets were sized? */
export function isScalingEvent(deployment: Deployment, replicaSets: readonly ReplicaSet[]): boolean {
  return replicaSets.some((replicaSet) => {
    const desired = replicaSet.metadata.annotations?.[DESIRED_REPLICAS];
    return replicasOf(replicaSet) > 0 && desired !== undefined && Number(desired) !== (deployment.spec.replicas ?? 1);
  });
}

/** Upstream: DeploymentController.scale. In the middle of a rollout the change is shared out in proportion to size. */
export function planScale(
  deployment: Deployment,
  { current, old }: { readonly current: ReplicaSet | undefined; readonly old: readonly ReplicaSet[] },
): readonly ScaleStep[] {
  const desired = deployment.spec.replicas ?? 1;
  const only = activeOrLatest(current, old);
  if (only !== undefined) return replicasOf(only) === desired ? [] : [scaleStep(deployment, only, desired)];
  if (isSaturated(deployment, current)) {
    return old.filter((replicaSet) => replicasOf(replicaSet) > 0).map((replicaSet) => scaleStep(deployment, replicaSet, 0));
  }
  if (!isRollingUpdate(deployment)) return [];
  const active = [...old, ...(current === undefined ? [] : [current])].filter((replicaSet) => replicasOf(replicaSet) > 0);
  return planProportionalScale(deployment, active);
}

function planProportionalScale(deployment: Deployment, active: readonly ReplicaSet[]): readonly ScaleStep[] {
  const desired = deployment.spec.replicas ?? 1;
  const toAdd = (desired > 0 ? desired + allowedSurge(deployment) : 0) - sumReplicas(active);
  const sorted = active.toSorted(toAdd >= 0 ? bySizeNewer : bySizeOlder);
  let added = 0;
  const sizes = sorted.map((replicaSet) => {
    const share = toAdd === 0 ? 0 : proportion(deployment, { replicaSet, toAdd, added });
    added += share;
    return replicasOf(replicaSet) + share;
  });
  return sorted.map((replicaSet, i) => {
    const leftover = i === 0 ? toAdd - added : 0;
    return scaleStep(deployment, replicaSet, Math.max(0, (sizes[i] ?? 0) + leftover));
  });
}

function proportion(
  deployment: Deployment,
  { replicaSet, toAdd, added }: { readonly replicaSet: ReplicaSet; readonly toAdd: number; readonly added: number },
): number {
  if (replicasOf(replicaSet) === 0 || toAdd === added) return 0;
  const share = fraction(deployment, replicaSet);
  return toAdd > 0 ? Math.min(share, toAdd - added) : Math.max(share, toAdd - added);
}

function fraction(deployment: Deployment, replicaSet: ReplicaSet): number {
  const desired = deployment.spec.replicas ?? 1;
  const size = replicasOf(replicaSet);
  if (desired === 0) return -size;
  const before = Number(replicaSet.metadata.annotations?.[MAX_REPLICAS] ?? 0) || (deployment.status?.replicas ?? 0);
  if (before === 0) return 0;
  return Math.round((size * (desired + allowedSurge(deployment))) / before) - size;
}

/** The one ReplicaSet to resize when no rollout is under way; undefined when several are active. */
function activeOrLatest(current: ReplicaSet | undefined, old: readonly ReplicaSet[]): ReplicaSet | undefined {
  const all = [...old, ...(current === undefined ? [] : [current])];
  const active = all.filter((replicaSet) => replicasOf(replicaSet) > 0);
  if (active.length > 1) return undefined;
  return active[0] ?? current ?? old.toSorted(byCreation).at(-1);
}

export function isSaturated(deployment: Deployment, current: ReplicaSet | undefined): boolean {
  if (current === undefined) return false;
  const desired = deployment.spec.replicas ?? 1;
  const remembered = Number(current.metadata.annotations?.[DESIRED_REPLICAS]);
  return replicasOf(current) === desired && remembered === desired && (current.status?.availableReplicas ?? 0) === desired;
}

function bySizeNewer(a: ReplicaSet, b: ReplicaSet): number {
  return replicasOf(b) - replicasOf(a) || byCreation(b, a);
}

function bySizeOlder(a: ReplicaSet, b: ReplicaSet): number {
  return replicasOf(b) - replicasOf(a) || byCreation(a, b);
}
