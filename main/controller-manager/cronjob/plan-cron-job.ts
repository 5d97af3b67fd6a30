import { Cron } from 'croner';
import type { CronJob, Job } from '../../../kube/api/generated/batch/v1.ts';
import { formatTime, parseTime } from '../../../kube/apimachinery/time.ts';
import { newControllerRef } from '../controller-ref.ts';
import { isJobFinished } from '../job/plan-job.ts';

/** More missed runs than this, and upstream warns that the clock or the schedule is off. */
const TOO_MANY_MISSED = 100;

export interface Schedule {
  /** The latest time at or before now that has not been served. */
  readonly dueMs?: number;
  readonly nextMs: number;
  readonly missed: number;
}

/** Throws for a schedule or time zone that cannot be read. */
export function nextSchedule(cronJob: CronJob, nowMs: number): Schedule {
  const { schedule, timeZone, startingDeadlineSeconds } = cronJob.spec;
  const cron = new Cron(schedule, { paused: true, timezone: timeZone ?? 'UTC' });
  let earliestMs = parseTime(cronJob.status?.lastScheduleTime) ?? parseTime(cronJob.metadata.creationTimestamp) ?? nowMs;
  if (startingDeadlineSeconds !== undefined) earliestMs = Math.max(earliestMs, nowMs - startingDeadlineSeconds * 1000);
  let dueMs: number | undefined;
  let missed = 0;
  for (let next = cron.nextRun(new Date(earliestMs)); next !== null; next = cron.nextRun(next)) {
    if (next.getTime() > nowMs) return { dueMs, nextMs: next.getTime(), missed };
    dueMs = next.getTime();
    if (++missed > TOO_MANY_MISSED) break;
  }
  // Too far behind to count one by one: the run before now is the due one.
  const next = cron.nextRun(new Date(nowMs));
  const before = cron.previousRuns?.(1, new Date(nowMs))?.[0];
  return { dueMs: before?.getTime() ?? dueMs, nextMs: next?.getTime() ?? Number.POSITIVE_INFINITY, missed };
}

export function newCronJobJob(cronJob: CronJob, scheduledMs: number): Job {
  const { metadata, spec } = cronJob.spec.jobTemplate;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: `${cronJob.metadata.name}-${Math.floor(scheduledMs / 60_000)}`,
      namespace: cronJob.metadata.namespace,
      labels: { ...metadata?.labels },
      annotations: { ...metadata?.annotations, 'batch.kubernetes.io/cronjob-scheduled-timestamp': formatTime(scheduledMs) },
      ownerReferences: [newControllerRef(cronJob)],
    },
    spec: { ...spec } as Job['spec'],
  };
}

/** Finished Jobs beyond the history limits, oldest first. */
export function surplusHistory(cronJob: CronJob, jobs: readonly Job[]): readonly Job[] {
  const of = (type: 'Complete' | 'Failed'): Job[] =>
    jobs
      .filter(({ status }) => status?.conditions?.some((condition) => condition.type === type && condition.status === 'True'))
      .toSorted((a, b) => ((a.status?.startTime ?? '') < (b.status?.startTime ?? '') ? -1 : 1));
  const beyond = (list: readonly Job[], limit: number): readonly Job[] => list.slice(0, Math.max(0, list.length - limit));
  const { successfulJobsHistoryLimit = 3, failedJobsHistoryLimit = 1 } = cronJob.spec;
  return [...beyond(of('Complete'), successfulJobsHistoryLimit), ...beyond(of('Failed'), failedJobsHistoryLimit)];
}

/** What runs of the jobs made for the schedule; those started by hand (`kubectl create job --from`) belong to the CronJob but do not count. */
export function activeJobs(jobs: readonly Job[]): readonly Job[] {
  return jobs.filter((job) => !isJobFinished(job) && job.metadata.annotations?.['cronjob.kubernetes.io/instantiate'] !== 'manual');
}

export function lastSuccess(jobs: readonly Job[], known: string | undefined): string | undefined {
  const times = jobs.flatMap(({ status }) => status?.completionTime ?? []);
  return [...times, ...(known === undefined ? [] : [known])].toSorted().at(-1);
}
