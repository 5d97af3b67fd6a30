import type { Job, JobCondition, JobStatus } from '../../../kube/api/generated/batch/v1.ts';
import type { Pod } from '../../../kube/api/generated/core/v1.ts';
import { formatTime, parseTime } from '../../../kube/apimachinery/time.ts';
import { parseIndexes } from './index-set.ts';
import { completionIndex, finishedMs, indexFailureCount, isIndexed } from './job-pods.ts';
import { type JobTally, tallyJob, tallyStatus } from './job-tally.ts';

/** Upstream: DefaultJobPodFailureBackOff and MaxJobPodFailureBackOff. */
const POD_BACKOFF_MS = 10_000;
const MAX_POD_BACKOFF_MS = 600_000;

export interface JobPlan {
  /** Written first: it lists the finished pods that `release` lets go. */
  readonly status: JobStatus;
  readonly create: readonly { readonly index?: number; readonly failures?: number }[];
  readonly delete: readonly Pod[];
  /** Whether what is deleted counts as failed: the pods of a Job that ends do, those that a Job no longer wants do not. */
  readonly countsDeleted: boolean;
  readonly release: readonly Pod[];
  readonly events: readonly { readonly type: 'Normal' | 'Warning'; readonly reason: string; readonly message: string }[];
  readonly requeueAfterMs?: number;
}

interface Verdict {
  readonly kind: 'complete' | 'failed';
  readonly reason: string;
  readonly message: string;
}

export function isJobFinished({ status }: Job): boolean {
  return status?.conditions?.some(({ type, status: value }) => (type === 'Complete' || type === 'Failed') && value === 'True') ?? false;
}

/** The next step of a Job (upstream: pkg/controller/job syncJob). */
export function planJob(observed: { readonly job: Job; readonly pods: readonly Pod[]; readonly nowMs: number }): JobPlan {
  const { job, pods, nowMs } = observed;
  const tally = tallyJob(job, pods);
  const base = { create: [], delete: [], countsDeleted: false, release: tally.release, events: [] };
  if (isJobFinished(job)) return { ...base, status: tallyStatus(job, tally) };
  const verdict = earlierVerdict(job) ?? judge(job, { tally, pods, nowMs });
  if (verdict !== undefined) return planEnd(job, { tally, verdict, nowMs });
  if (job.spec.suspend === true) return planSuspended(job, { tally, nowMs });
  const resumed = job.status?.conditions?.some(({ type, status }) => type === 'Suspended' && status === 'True') ?? false;
  const status: JobStatus = { ...tallyStatus(job, tally), startTime: resumed ? formatTime(nowMs) : (job.status?.startTime ?? formatTime(nowMs)) };
  if (resumed) status.conditions = setCondition(status.conditions, { type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed' }, nowMs);
  const events = resumed ? [{ type: 'Normal' as const, reason: 'Resumed', message: 'Job resumed' }] : [];
  const deadlineMs = deadlineOf(job, status);
  const requeue = deadlineMs === undefined ? undefined : Math.max(1, deadlineMs - nowMs);
  const plan = planPods(job, { tally, pods, nowMs });
  const waits = [requeue, plan.requeueAfterMs].filter((wait) => wait !== undefined);
  return { ...base, ...plan, status, events, ...(waits.length > 0 && { requeueAfterMs: Math.min(...waits) }) };
}

/** A verdict that was written down, while its pods still had to go. */
function earlierVerdict({ status }: Job): Verdict | undefined {
  const condition = status?.conditions?.find(({ type, status: value }) => (type === 'SuccessCriteriaMet' || type === 'FailureTarget') && value === 'True');
  if (condition === undefined) return undefined;
  return { kind: condition.type === 'FailureTarget' ? 'failed' : 'complete', reason: condition.reason ?? '', message: condition.message ?? '' };
}

function judge(job: Job, { tally, pods, nowMs }: { readonly tally: JobTally; readonly pods: readonly Pod[]; readonly nowMs: number }): Verdict | undefined {
  const failed = (reason: string, message: string): Verdict => ({ kind: 'failed', reason, message });
  const { spec, status } = job;
  if (tally.failJobMessage !== undefined) return failed('PodFailurePolicy', tally.failJobMessage);
  const limit = spec.backoffLimit ?? 6;
  if (tally.failed > limit || restartedTooOften(job, pods, limit)) return failed('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  const deadline = deadlineOf(job, status ?? {});
  if (deadline !== undefined && nowMs >= deadline && spec.suspend !== true) return failed('DeadlineExceeded', 'Job was active longer than specified deadline');
  if (spec.maxFailedIndexes !== undefined && tally.failedIndexes.size > spec.maxFailedIndexes) {
    return failed('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes');
  }
  if (isIndexed(job) && tally.failedIndexes.size > 0 && tally.failedIndexes.size + tally.completedIndexes.size >= (spec.completions ?? 0)) {
    return failed('FailedIndexes', 'Job has failed indexes');
  }
  const rule = matchedSuccessRule(job, tally);
  if (rule !== undefined) return { kind: 'complete', reason: 'SuccessPolicy', message: `Matched rules at index ${rule}` };
  const enough = spec.completions === undefined ? tally.succeeded > 0 && tally.active.length === 0 : tally.succeeded >= spec.completions && tally.active.length === 0;
  return enough ? { kind: 'complete', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' } : undefined;
}

/** With restartPolicy OnFailure the kubelet retries in place: its restarts count. */
function restartedTooOften({ spec }: Job, pods: readonly Pod[], limit: number): boolean {
  if (spec.template.spec?.restartPolicy !== 'OnFailure') return false;
  let restarts = 0;
  for (const { status } of pods) {
    if (status?.phase !== 'Running' && status?.phase !== 'Pending') continue;
    for (const { restartCount } of [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])]) restarts += restartCount;
  }
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

function deadlineOf({ spec }: Job, { startTime }: JobStatus): number | undefined {
  const sinceMs = parseTime(startTime);
  return spec.activeDeadlineSeconds === undefined || sinceMs === undefined ? undefined : sinceMs + spec.activeDeadlineSeconds * 1000;
}

function matchedSuccessRule({ spec }: Job, { completedIndexes }: JobTally): number | undefined {
  const index = (spec.successPolicy?.rules ?? []).findIndex(({ succeededIndexes, succeededCount }) => {
    const considered = succeededIndexes === undefined ? completedIndexes : completedIndexes.intersection(parseIndexes(succeededIndexes));
    return considered.size >= (succeededCount ?? parseIndexes(succeededIndexes).size);
  });
  return index < 0 ? undefined : index;
}

/** Two steps: the verdict is written and the remaining pods go; when all are counted and gone, the Job is finished. */
function planEnd(job: Job, { tally, verdict, nowMs }: { readonly tally: JobTally; readonly verdict: Verdict; readonly nowMs: number }): JobPlan {
  const { kind, reason, message } = verdict;
  const status = tallyStatus(job, tally);
  const first = kind === 'failed' ? 'FailureTarget' : 'SuccessCriteriaMet';
  status.conditions = setCondition(status.conditions, { type: first, status: 'True', reason, message }, nowMs);
  status.startTime ??= formatTime(nowMs);
  const uncounted = tally.uncounted.succeeded.length + tally.uncounted.failed.length;
  const over = uncounted === 0 && tally.active.length === 0 && tally.terminating === 0;
  const base = { status, create: [], delete: tally.active, countsDeleted: true, release: tally.release };
  if (!over) return { ...base, events: [] };
  const last = kind === 'failed' ? 'Failed' : 'Complete';
  status.conditions = setCondition(status.conditions, { type: last, status: 'True', reason, message }, nowMs);
  if (kind === 'complete') status.completionTime = formatTime(nowMs);
  const event = kind === 'failed' ? { type: 'Warning' as const, reason, message } : { type: 'Normal' as const, reason: 'Completed', message: 'Job completed' };
  return { ...base, events: [event] };
}

function planSuspended(job: Job, { tally, nowMs }: { readonly tally: JobTally; readonly nowMs: number }): JobPlan {
  const status = tallyStatus(job, tally);
  const already = job.status?.conditions?.some(({ type, status: value }) => type === 'Suspended' && value === 'True') ?? false;
  status.conditions = setCondition(status.conditions, { type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended' }, nowMs);
  delete status.startTime;
  const events = already ? [] : [{ type: 'Normal' as const, reason: 'Suspended', message: 'Job suspended' }];
  return { status, create: [], delete: tally.active, countsDeleted: false, release: tally.release, events };
}

/** Upstream: manageJob. */
function planPods(
  job: Job,
  { tally, pods, nowMs }: { readonly tally: JobTally; readonly pods: readonly Pod[]; readonly nowMs: number },
): Pick<JobPlan, 'create' | 'delete' | 'requeueAfterMs'> {
  const { completions, parallelism = 1, podReplacementPolicy } = job.spec;
  const occupied = tally.active.length + (podReplacementPolicy === 'Failed' ? tally.terminating : 0);
  const open = completions === undefined ? parallelism : completions - tally.succeeded - (isIndexed(job) ? tally.failedIndexes.size : 0);
  const wanted = completions === undefined && tally.succeeded > 0 ? tally.active.length : Math.max(0, Math.min(open, parallelism));
  if (tally.active.length > wanted) return { create: [], delete: tally.active.slice(wanted) };
  const missing = wanted - occupied;
  if (missing <= 0) return { create: [], delete: [] };
  const waitMs = retryDelayMs(pods, nowMs);
  if (waitMs > 0) return { create: [], delete: [], requeueAfterMs: waitMs };
  if (!isIndexed(job)) return { create: Array.from({ length: missing }, () => ({})), delete: [] };
  return { create: openIndexes(job, { tally, pods, count: missing }), delete: [] };
}

function openIndexes(
  job: Job,
  { tally, pods, count }: { readonly tally: JobTally; readonly pods: readonly Pod[]; readonly count: number },
): readonly { readonly index: number; readonly failures: number }[] {
  const busy = new Set(tally.active.map(completionIndex));
  const chosen: { index: number; failures: number }[] = [];
  for (let index = 0; index < (job.spec.completions ?? 0) && chosen.length < count; index++) {
    if (busy.has(index) || tally.completedIndexes.has(index) || tally.failedIndexes.has(index)) continue;
    const failed = pods.filter((pod) => completionIndex(pod) === index && pod.status?.phase === 'Failed');
    chosen.push({ index, failures: Math.max(0, ...failed.map((pod) => indexFailureCount(pod) + 1)) });
  }
  return chosen;
}

/** 10 s after the first failure in a row, then 20 s, 40 s, … */
function retryDelayMs(pods: readonly Pod[], nowMs: number): number {
  const ended = pods.filter(({ status }) => status?.phase === 'Failed' || status?.phase === 'Succeeded').toSorted((a, b) => (finishedMs(b) ?? 0) - (finishedMs(a) ?? 0));
  const firstSuccess = ended.findIndex(({ status }) => status?.phase === 'Succeeded');
  const failures = firstSuccess < 0 ? ended.length : firstSuccess;
  const [last] = ended;
  if (failures === 0 || last === undefined) return 0;
  const backoff = Math.min(MAX_POD_BACKOFF_MS, POD_BACKOFF_MS * 2 ** Math.min(failures - 1, 10));
  return Math.max(0, (finishedMs(last) ?? nowMs) + backoff - nowMs);
}

function setCondition(conditions: readonly JobCondition[] | undefined, next: Pick<JobCondition, 'type' | 'status' | 'reason' | 'message'>, nowMs: number): JobCondition[] {
  const known = conditions?.find(({ type }) => type === next.type);
  if (known?.status === next.status) return [...(conditions ?? [])];
  const now = formatTime(nowMs);
  return [...(conditions ?? []).filter(({ type }) => type !== next.type), { ...next, lastProbeTime: now, lastTransitionTime: now }];
}
