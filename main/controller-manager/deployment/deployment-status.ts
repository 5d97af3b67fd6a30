import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from '../../../kube/api/generated/apps/v1.ts';
import { formatTime, parseTime } from '../../../kube/apimachinery/time.ts';
import { sumAvailable, sumReplicas } from './replica-sets-of.ts';
import { allowedUnavailable } from './rolling-limits.ts';

/** Kubernetes' spelling of no deadline: the largest 32-bit number. */
const NO_DEADLINE = 2_147_483_647;
type Conditions = readonly DeploymentCondition[];

export interface DeploymentObservation {
  readonly deployment: Deployment;
  readonly current: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
  readonly trackProgress: boolean;
  readonly nowMs: number;
}

/** Upstream: calculateStatus and, with trackProgress, syncRolloutStatus. */
export function computeDeploymentStatus(observation: DeploymentObservation): DeploymentStatus {
  const { deployment, current, old, nowMs } = observation;
  const all = [...old, ...(current === undefined ? [] : [current])];
  const sum = (field: 'replicas' | 'readyReplicas' | 'terminatingReplicas'): number =>
    all.reduce((total, replicaSet) => total + (replicaSet.status?.[field] ?? 0), 0);
  const counts = {
    replicas: sum('replicas'),
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: sum('readyReplicas'),
    availableReplicas: sumAvailable(all),
    unavailableReplicas: Math.max(0, sumReplicas(all) - sumAvailable(all)),
  };
  const before = deployment.status?.conditions ?? [];
  // Upstream notes a pause before anything else, which is the order of the conditions.
  const paused = hasProgressDeadline(deployment) ? withPause(deployment, { conditions: before, nowMs }) : before;
  let conditions = setCondition(paused, availability(deployment, counts.availableReplicas), nowMs);
  if (observation.trackProgress) conditions = withProgress(observation, { counts, conditions });
  const status: DeploymentStatus = {
    observedGeneration: deployment.metadata.generation,
    ...(deployment.status?.collisionCount !== undefined && { collisionCount: deployment.status.collisionCount }),
    terminatingReplicas: sum('terminatingReplicas'),
    conditions: [...conditions],
  };
  for (const [name, count] of Object.entries(counts)) if (count > 0) Object.assign(status, { [name]: count });
  return status;
}

export function hasProgressDeadline(deployment: Deployment): boolean {
  const seconds = deployment.spec.progressDeadlineSeconds;
  return seconds !== undefined && seconds !== NO_DEADLINE;
}

export function isComplete(deployment: Deployment, status: DeploymentStatus | undefined): boolean {
  const desired = deployment.spec.replicas ?? 1;
  return (
    (status?.updatedReplicas ?? 0) === desired &&
    (status?.replicas ?? 0) === desired &&
    (status?.availableReplicas ?? 0) === desired &&
    (status?.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

/** When to look again for a rollout that stops moving; undefined when there is nothing to wait for. */
export function progressCheckDelayMs(deployment: Deployment, status: DeploymentStatus, nowMs: number): number | undefined {
  const progressing = status.conditions?.find(({ type }) => type === 'Progressing');
  if (!hasProgressDeadline(deployment) || progressing === undefined || deployment.spec.paused === true) return undefined;
  if (isComplete(deployment, status) || progressing.reason === 'ProgressDeadlineExceeded') return undefined;
  const since = parseTime(progressing.lastUpdateTime) ?? nowMs;
  return Math.max(1000, since + (deployment.spec.progressDeadlineSeconds ?? 0) * 1000 - nowMs + 1000);
}

type NewCondition = Pick<DeploymentCondition, 'type' | 'status' | 'reason' | 'message'>;

/** Upstream: SetDeploymentCondition: no change while status and reason stay. */
function setCondition(conditions: Conditions, next: NewCondition, nowMs: number): Conditions {
  const known = conditions.find(({ type }) => type === next.type);
  if (known !== undefined && known.status === next.status && known.reason === next.reason) return conditions;
  const now = formatTime(nowMs);
  const lastTransitionTime = known?.status === next.status ? known.lastTransitionTime : now;
  return [...conditions.filter(({ type }) => type !== next.type), { ...next, lastUpdateTime: now, lastTransitionTime }];
}

function availability(deployment: Deployment, available: number): NewCondition {
  return available >= (deployment.spec.replicas ?? 1) - allowedUnavailable(deployment)
    ? { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.' }
    : { type: 'Available', status: 'False', reason: 'MinimumReplicasUnavailable', message: 'Deployment does not have minimum availability.' };
}

function withPause(deployment: Deployment, { conditions, nowMs }: { readonly conditions: Conditions; readonly nowMs: number }): Conditions {
  const reason = conditions.find(({ type }) => type === 'Progressing')?.reason;
  if (reason === 'ProgressDeadlineExceeded') return conditions;
  if (deployment.spec.paused === true && reason !== 'DeploymentPaused') {
    return setCondition(conditions, { type: 'Progressing', status: 'Unknown', reason: 'DeploymentPaused', message: 'Deployment is paused' }, nowMs);
  }
  if (deployment.spec.paused !== true && reason === 'DeploymentPaused') {
    return setCondition(conditions, { type: 'Progressing', status: 'Unknown', reason: 'DeploymentResumed', message: 'Deployment is resumed' }, nowMs);
  }
  return conditions;
}

function withProgress(
  observation: DeploymentObservation,
  { counts, conditions }: { readonly counts: DeploymentStatus; readonly conditions: Conditions },
): Conditions {
  const { deployment, current, nowMs } = observation;
  let next = hasProgressDeadline(deployment) ? conditions : conditions.filter(({ type }) => type !== 'Progressing');
  const progressing = next.find(({ type }) => type === 'Progressing');
  const alreadyDone = counts.replicas === counts.updatedReplicas && progressing?.reason === 'NewReplicaSetAvailable';
  if (hasProgressDeadline(deployment) && !alreadyDone) {
    const subject = current === undefined ? `Deployment ${JSON.stringify(deployment.metadata.name)}` : `ReplicaSet ${JSON.stringify(current.metadata.name)}`;
    const now = formatTime(nowMs);
    if (isComplete(deployment, { ...counts, observedGeneration: deployment.metadata.generation })) {
      next = setCondition(next, { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable', message: `${subject} has successfully progressed.` }, nowMs);
    } else if (movedOn(deployment.status, counts)) {
      const lastTransitionTime = progressing?.status === 'True' ? progressing.lastTransitionTime : now;
      const condition = { type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated', message: `${subject} is progressing.` };
      next = [...next.filter(({ type }) => type !== 'Progressing'), { ...condition, lastUpdateTime: now, lastTransitionTime }];
    } else if (hasTimedOut(deployment, progressing, nowMs)) {
      next = setCondition(next, { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: `${subject} has timed out progressing.` }, nowMs);
    } else if (progressing === undefined && current !== undefined) {
      next = setCondition(next, { type: 'Progressing', status: 'True', reason: 'FoundNewReplicaSet', message: `Found new replica set ${JSON.stringify(current.metadata.name)}` }, nowMs);
    }
  }
  return withReplicaFailure(observation, next);
}

function movedOn(before: DeploymentStatus | undefined, now: DeploymentStatus): boolean {
  const count = (status: DeploymentStatus | undefined, field: 'replicas' | 'updatedReplicas' | 'readyReplicas' | 'availableReplicas'): number => status?.[field] ?? 0;
  const oldPods = (status: DeploymentStatus | undefined): number => count(status, 'replicas') - count(status, 'updatedReplicas');
  return (
    count(now, 'updatedReplicas') > count(before, 'updatedReplicas') ||
    oldPods(now) < oldPods(before) ||
    count(now, 'readyReplicas') > count(before, 'readyReplicas') ||
    count(now, 'availableReplicas') > count(before, 'availableReplicas')
  );
}

function hasTimedOut(deployment: Deployment, progressing: DeploymentCondition | undefined, nowMs: number): boolean {
  if (progressing === undefined || progressing.reason === 'NewReplicaSetAvailable') return false;
  if (progressing.reason === 'ProgressDeadlineExceeded') return true;
  const since = parseTime(progressing.lastUpdateTime) ?? nowMs;
  return since + (deployment.spec.progressDeadlineSeconds ?? 0) * 1000 < nowMs;
}

function withReplicaFailure({ current, old, nowMs }: DeploymentObservation, conditions: Conditions): Conditions {
  const failed = [current, ...old].flatMap((replicaSet) => replicaSet?.status?.conditions?.filter(({ type }) => type === 'ReplicaFailure') ?? [])[0];
  if (failed === undefined) return conditions.filter(({ type }) => type !== 'ReplicaFailure');
  const { status, reason, message } = failed;
  return setCondition(conditions, { type: 'ReplicaFailure', status, reason, message }, nowMs);
}

/** The condition that creating a ReplicaSet leaves behind, well or ill. */
export function withCreationCondition(
  status: DeploymentStatus,
  outcome: { readonly replicaSet: string; readonly error?: string; readonly nowMs: number },
): DeploymentStatus {
  const name = JSON.stringify(outcome.replicaSet);
  const next: NewCondition =
    outcome.error === undefined
      ? { type: 'Progressing', status: 'True', reason: 'NewReplicaSetCreated', message: `Created new replica set ${name}` }
      : { type: 'Progressing', status: 'False', reason: 'ReplicaSetCreateError', message: `Failed to create new replica set ${name}: ${outcome.error}` };
  return { ...status, conditions: [...setCondition(status.conditions ?? [], next, outcome.nowMs)] };
}
