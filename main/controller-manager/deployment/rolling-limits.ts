import type { Deployment } from '../../../kube/api/generated/apps/v1.ts';
import { scaledValue } from '../../../kube/apimachinery/int-or-string.ts';

/** Upstream: ResolveFenceposts. Both limits zero would never move, so one pod may then be unavailable. */
export function resolveFenceposts(deployment: Deployment): { readonly surge: number; readonly unavailable: number } {
  const desired = deployment.spec.replicas ?? 1;
  const limits = deployment.spec.strategy?.rollingUpdate;
  const surge = scaledValue(limits?.maxSurge ?? '25%', { total: desired, roundUp: true });
  const unavailable = scaledValue(limits?.maxUnavailable ?? '25%', { total: desired, roundUp: false });
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
}

export function isRollingUpdate(deployment: Deployment): boolean {
  return deployment.spec.strategy?.type !== 'Recreate';
}

export function allowedSurge(deployment: Deployment): number {
  return isRollingUpdate(deployment) ? resolveFenceposts(deployment).surge : 0;
}

export function allowedUnavailable(deployment: Deployment): number {
  const desired = deployment.spec.replicas ?? 1;
  if (!isRollingUpdate(deployment) || desired === 0) return 0;
  return Math.min(resolveFenceposts(deployment).unavailable, desired);
}
