import type * as batch from '../../../../kube/api/generated/batch/v1.ts';
import { OMITTED_VALUE } from '../../../../kube/apimachinery/field-error.ts';
import { parseTime } from '../../../../kube/apimachinery/time.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import { STATUS_PATH } from '../validation/field-path.ts';
import { semanticEqual } from '../validation/semantic-equal.ts';
import { checkNonNegative, isEmpty } from '../validation/values.ts';
import { overlap, parseIndexes } from './index-intervals.ts';
import { isConditionFalse, isConditionTrue, isFinished } from './job-conditions.ts';

type Job = batch.Job;
type Check = (next: Job, previous: Job, errors: FieldErrors) => void;
const CONDITIONS = STATUS_PATH.child('conditions');

/** Rules of a status apply when what they are about changed, so that old statuses stay writable (KEP-4368). */
export function checkJobStatus(next: Job, previous: Job, errors: FieldErrors): void {
  for (const check of CHECKS) check(next, previous, errors);
}

function has(job: Job, type: string): boolean {
  return isConditionTrue(job.status?.conditions, type);
}
function changed(next: Job, previous: Job, ...types: readonly string[]): boolean {
  return types.some((type) => has(next, type) !== has(previous, type));
}
function fieldChanged(next: Job, previous: Job, field: keyof batch.JobStatus): boolean {
  return !semanticEqual(next.status?.[field], previous.status?.[field]);
}
function refuse(errors: FieldErrors, detail: string): void {
  errors.invalid(CONDITIONS, OMITTED_VALUE, detail);
}

const CHECKS: readonly Check[] = [checkCounts, checkCompleteConditions, checkTimes, checkTerminalConditions, checkFinished, checkIndexes, checkCriteria, checkTransitions];

function checkCounts({ status = {} }: Job, _previous: Job, errors: FieldErrors): void {
  for (const field of ['active', 'succeeded', 'failed', 'ready', 'terminating'] as const) checkNonNegative(status[field], STATUS_PATH.child(field), errors);
  const seen = new Set<string>();
  for (const field of ['succeeded', 'failed'] as const) {
    for (const [index, uid] of (status.uncountedTerminatedPods?.[field] ?? []).entries()) {
      const path = STATUS_PATH.child('uncountedTerminatedPods').child(field).index(index);
      if (uid === '') errors.invalid(path, uid, 'must not be empty');
      else if (seen.has(uid)) errors.duplicate(path, uid);
      seen.add(uid);
    }
  }
}

function checkCompleteConditions(next: Job, previous: Job, errors: FieldErrors): void {
  if (!has(next, 'Complete')) return;
  if (changed(next, previous, 'Complete', 'Failed') && has(next, 'Failed')) refuse(errors, 'cannot set Complete=True and Failed=true conditions');
  if (changed(next, previous, 'Complete', 'FailureTarget') && has(next, 'FailureTarget')) {
    refuse(errors, 'cannot set Complete=True and FailureTarget=true conditions');
  }
}

function checkTimes(next: Job, previous: Job, errors: FieldErrors): void {
  const { startTime, completionTime } = next.status ?? {};
  const path = STATUS_PATH.child('completionTime');
  if (changed(next, previous, 'Complete') || fieldChanged(next, previous, 'completionTime')) {
    if (completionTime !== undefined && !has(next, 'Complete')) {
      errors.invalid(path, completionTime, 'cannot set completionTime when there is no Complete=True condition');
    }
    if (completionTime === undefined && has(next, 'Complete')) errors.required(path, 'completionTime is required for Complete jobs');
  }
  if (!fieldChanged(next, previous, 'startTime') && !fieldChanged(next, previous, 'completionTime')) return;
  const start = parseTime(startTime);
  const end = parseTime(completionTime);
  if (start !== undefined && end !== undefined && end < start) errors.invalid(path, completionTime, 'must be equal to or after `startTime`');
}

function checkTerminalConditions(next: Job, previous: Job, errors: FieldErrors): void {
  const failedChanged = changed(next, previous, 'Failed') || fieldChanged(next, previous, 'failedIndexes');
  if (failedChanged && has(next, 'Failed') && !has(next, 'FailureTarget')) {
    refuse(errors, 'cannot set Failed=True condition without the FailureTarget=true condition');
  }
  if (changed(next, previous, 'Complete', 'SuccessCriteriaMet') && has(next, 'Complete') && !has(next, 'SuccessCriteriaMet')) {
    refuse(errors, 'cannot set Complete=True condition without the SuccessCriteriaMet=true condition');
  }
}

function checkFinished(next: Job, previous: Job, errors: FieldErrors): void {
  const finished = isFinished(next);
  const nowFinished = finished !== isFinished(previous);
  const { active = 0, startTime, uncountedTerminatedPods } = next.status ?? {};
  if (!finished) return;
  if ((nowFinished || fieldChanged(next, previous, 'active')) && active > 0) {
    errors.invalid(STATUS_PATH.child('active'), active, 'active>0 is invalid for finished job');
  }
  const emptySuspended = next.spec.suspend === true && next.spec.completions === 0;
  if ((nowFinished || fieldChanged(next, previous, 'startTime')) && !emptySuspended && startTime === undefined) {
    errors.required(STATUS_PATH.child('startTime'), 'startTime is required for finished job');
  }
  if (!nowFinished && !fieldChanged(next, previous, 'uncountedTerminatedPods')) return;
  const { succeeded, failed } = uncountedTerminatedPods ?? {};
  if (isEmpty(succeeded) && isEmpty(failed)) return;
  const value = { Succeeded: succeeded ?? null, Failed: failed ?? null };
  errors.invalid(STATUS_PATH.child('uncountedTerminatedPods'), value, 'must be empty for finished job');
}

function checkIndexes(next: Job, previous: Job, errors: FieldErrors): void {
  const { completedIndexes = '', failedIndexes } = next.status ?? {};
  const { completions, completionMode, backoffLimitPerIndex } = next.spec;
  const completedChanged = fieldChanged(next, previous, 'completedIndexes');
  const failedChanged = fieldChanged(next, previous, 'failedIndexes');
  const completedPath = STATUS_PATH.child('completedIndexes');
  const failedPath = STATUS_PATH.child('failedIndexes');
  if (completedChanged && completions !== undefined) {
    const { error } = parseIndexes(completedIndexes, completions);
    if (error !== undefined) errors.invalid(completedPath, completedIndexes, `error parsing completedIndexes: ${error}`);
  }
  if (failedChanged && completions !== undefined && backoffLimitPerIndex !== undefined && failedIndexes !== undefined) {
    const { error } = parseIndexes(failedIndexes, completions);
    if (error !== undefined) errors.invalid(failedPath, failedIndexes, `error parsing failedIndexes: ${error}`);
  }
  if (completedChanged && completedIndexes !== '' && completionMode !== 'Indexed') {
    errors.invalid(completedPath, completedIndexes, 'cannot set non-empty completedIndexes when non-indexed completion mode');
  }
  if (failedChanged && backoffLimitPerIndex === undefined && failedIndexes !== undefined) {
    errors.invalid(failedPath, failedIndexes, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null');
  }
  if ((!failedChanged && !completedChanged) || completions === undefined || !failedIndexes || completedIndexes === '') return;
  const common = overlap(completedIndexes, failedIndexes, completions);
  if (common !== undefined) errors.invalid(failedPath, failedIndexes, `failedIndexes and completedIndexes overlap at index: ${common}`);
}

function checkCriteria(next: Job, previous: Job, errors: FieldErrors): void {
  const { terminating = 0, ready, active = 0 } = next.status ?? {};
  const nowFinished = isFinished(next) !== isFinished(previous);
  if ((nowFinished || fieldChanged(next, previous, 'terminating')) && terminating > 0 && isFinished(next)) {
    errors.invalid(STATUS_PATH.child('terminating'), terminating, 'terminating>0 is invalid for finished job');
  }
  if ((fieldChanged(next, previous, 'ready') || fieldChanged(next, previous, 'active')) && ready !== undefined && ready > active) {
    errors.invalid(STATUS_PATH.child('ready'), ready, 'cannot set more ready pods than active');
  }
  const met = has(next, 'SuccessCriteriaMet');
  if (met && has(next, 'Failed')) refuse(errors, 'cannot set SuccessCriteriaMet=True and Failed=true conditions');
  if (met && has(next, 'FailureTarget')) refuse(errors, 'cannot set SuccessCriteriaMet=True and FailureTarget=true conditions');
  if (next.spec.successPolicy !== undefined && !met && has(next, 'Complete')) {
    refuse(errors, 'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True');
  }
}

function checkTransitions(next: Job, previous: Job, errors: FieldErrors): void {
  const now = next.status ?? {};
  const before = previous.status ?? {};
  for (const type of ['Failed', 'Complete', 'FailureTarget']) {
    if (has(previous, type) && !has(next, type)) refuse(errors, `cannot disable the terminal ${type}=True condition`);
  }
  if ((now.failed ?? 0) < (before.failed ?? 0)) errors.invalid(STATUS_PATH.child('failed'), now.failed ?? 0, 'cannot decrease the failed counter');
  const elastic = next.spec.completionMode === 'Indexed' && next.spec.completions === next.spec.parallelism;
  if (!elastic && (now.succeeded ?? 0) < (before.succeeded ?? 0)) {
    errors.invalid(STATUS_PATH.child('succeeded'), now.succeeded ?? 0, 'cannot decrease the succeeded counter');
  }
  if (now.completionTime !== undefined && before.completionTime !== undefined && now.completionTime !== before.completionTime) {
    errors.invalid(STATUS_PATH.child('completionTime'), now.completionTime, 'field is immutable');
  }
  const resuming = isConditionTrue(before.conditions, 'Suspended') && isConditionFalse(now.conditions, 'Suspended');
  if (fieldChanged(next, previous, 'startTime') && !resuming && before.startTime !== undefined && next.spec.suspend !== true) {
    errors.required(STATUS_PATH.child('startTime'), 'startTime cannot be removed for unsuspended job');
  }
  if (has(previous, 'SuccessCriteriaMet') && !has(next, 'SuccessCriteriaMet')) refuse(errors, 'cannot disable the SuccessCriteriaMet=True condition');
  if (has(previous, 'Complete') && !has(previous, 'SuccessCriteriaMet') && has(next, 'SuccessCriteriaMet')) {
    refuse(errors, 'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions');
  }
}
