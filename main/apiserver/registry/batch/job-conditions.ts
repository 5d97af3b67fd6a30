import type * as batch from '../../../../kube/api/generated/batch/v1.ts';

export function isConditionTrue(conditions: readonly batch.JobCondition[] | undefined, type: string): boolean {
  return conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
}
export function isConditionFalse(conditions: readonly batch.JobCondition[] | undefined, type: string): boolean {
  return conditions?.some((condition) => condition.type === type && condition.status === 'False') ?? false;
}
export function isFinished({ status }: batch.Job): boolean {
  return isConditionTrue(status?.conditions, 'Complete') || isConditionTrue(status?.conditions, 'Failed');
}
