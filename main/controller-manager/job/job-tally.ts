import type { Job } from '../../../kube/api/generated/batch/v1.ts';
import type { Pod } from '../../../kube/api/generated/core/v1.ts';
import { isPodActive, isPodReady, isPodTerminating } from '../pod-conditions.ts';
import { formatIndexes, parseIndexes } from './index-set.ts';
import { completionIndex, indexFailureCount, isIndexed, isTracked } from './job-pods.ts';
import { matchPodFailurePolicy } from './pod-failure-policy.ts';

/**
 * What the pods of a Job add up to. A finished pod passes three stages, so that each is counted once even if we crash in between:
 * its UID is written to status.uncountedTerminatedPods; its finalizer goes; the counter grows and the UID is dropped.
 */
export interface JobTally {
  readonly active: readonly Pod[];
  readonly ready: number;
  readonly terminating: number;
  /** Counted for good. */
  readonly counted: { readonly succeeded: number; readonly failed: number };
  readonly uncounted: { readonly succeeded: readonly string[]; readonly failed: readonly string[] };
  /** Counted and uncounted together: what decisions go by. */
  readonly succeeded: number;
  readonly failed: number;
  readonly completedIndexes: ReadonlySet<number>;
  readonly failedIndexes: ReadonlySet<number>;
  /** Pods whose finalizer may go, once the status that lists them is written. */
  readonly release: readonly Pod[];
  readonly failJobMessage?: string;
}

export function tallyJob(job: Job, pods: readonly Pod[]): JobTally {
  const tracked = new Map(pods.filter(isTracked).map((pod) => [pod.metadata.uid ?? '', pod]));
  const before = job.status?.uncountedTerminatedPods;
  const settle = (uids: readonly string[] | undefined): { waiting: string[]; done: number } => {
    const waiting = (uids ?? []).filter((uid) => tracked.has(uid));
    return { waiting, done: (uids ?? []).length - waiting.length };
  };
  const knownSucceeded = settle(before?.succeeded);
  const knownFailed = settle(before?.failed);
  const known = new Set([...(before?.succeeded ?? []), ...(before?.failed ?? [])]);
  const completed = parseIndexes(job.status?.completedIndexes);
  const failedIndexes = parseIndexes(job.status?.failedIndexes);
  const newlySucceeded: string[] = [];
  const newlyFailed: string[] = [];
  const release: Pod[] = [];
  let failJobMessage: string | undefined;
  for (const [uid, pod] of tracked) {
    const finished = finishedPhase(pod);
    if (finished === undefined) continue;
    release.push(pod);
    const index = completionIndex(pod);
    if (isIndexed(job) && (index === undefined || index >= (job.spec.completions ?? 0))) continue;
    if (known.has(uid)) continue;
    if (finished === 'Succeeded') {
      if (index !== undefined && isIndexed(job)) completed.add(index);
      newlySucceeded.push(uid);
      continue;
    }
    const match = matchPodFailurePolicy(job, pod);
    if (match?.action === 'FailJob') failJobMessage ??= match.message;
    if (match?.action === 'Ignore') continue;
    if (index !== undefined && failsIndex(job, { pod, action: match?.action })) failedIndexes.add(index);
    newlyFailed.push(uid);
  }
  const uncounted = { succeeded: [...knownSucceeded.waiting, ...newlySucceeded], failed: [...knownFailed.waiting, ...newlyFailed] };
  const countedFailed = (job.status?.failed ?? 0) + knownFailed.done;
  const countedSucceeded = isIndexed(job) ? completed.size : (job.status?.succeeded ?? 0) + knownSucceeded.done;
  const active = pods.filter(isPodActive);
  return {
    active,
    ready: active.filter(isPodReady).length,
    terminating: pods.filter(isPodTerminating).length,
    counted: { succeeded: countedSucceeded, failed: countedFailed },
    uncounted,
    succeeded: isIndexed(job) ? completed.size : countedSucceeded + uncounted.succeeded.length,
    failed: countedFailed + uncounted.failed.length,
    completedIndexes: completed,
    failedIndexes,
    release,
    failJobMessage,
  };
}

/** A pod that is being deleted has failed, too, unless replacements wait for its real end. */
function finishedPhase(pod: Pod): 'Succeeded' | 'Failed' | undefined {
  const phase = pod.status?.phase;
  return phase === 'Succeeded' || phase === 'Failed' ? phase : pod.metadata.deletionTimestamp !== undefined && !pod.spec.nodeName ? 'Failed' : undefined;
}

function failsIndex(job: Job, { pod, action }: { readonly pod: Pod; readonly action: string | undefined }): boolean {
  const limit = job.spec.backoffLimitPerIndex;
  if (limit === undefined) return false;
  return action === 'FailIndex' || indexFailureCount(pod) >= limit;
}

/** The counters of the status; zero ones are left out, as upstream's omitempty does. */
export function tallyStatus(job: Job, tally: JobTally): NonNullable<Job['status']> {
  const { uncounted } = tally;
  const lists = { ...(uncounted.succeeded.length > 0 && { succeeded: [...uncounted.succeeded] }), ...(uncounted.failed.length > 0 && { failed: [...uncounted.failed] }) };
  return {
    ...(job.status?.startTime && { startTime: job.status.startTime }),
    ...(job.status?.conditions && { conditions: job.status.conditions }),
    ...(job.status?.completionTime && { completionTime: job.status.completionTime }),
    ...(tally.active.length > 0 && { active: tally.active.length }),
    ...(tally.counted.succeeded > 0 && { succeeded: tally.counted.succeeded }),
    ...(tally.counted.failed > 0 && { failed: tally.counted.failed }),
    terminating: tally.terminating,
    ready: tally.ready,
    uncountedTerminatedPods: lists,
    ...(tally.completedIndexes.size > 0 && { completedIndexes: formatIndexes(tally.completedIndexes) }),
    ...(job.spec.backoffLimitPerIndex !== undefined && { failedIndexes: formatIndexes(tally.failedIndexes) }),
  };
}
