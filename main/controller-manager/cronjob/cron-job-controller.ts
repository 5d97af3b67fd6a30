import { isAlreadyExists, isNotFound } from '../../../kube/apimachinery/status.ts';
import { formatTime } from '../../../kube/apimachinery/time.ts';
import { type CronJob, cronjobs, type CronJobStatus, type Job, jobs } from '../../../kube/api/generated/batch/v1.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import { CONTROLLER_INDEX, controllerIndex, controllerOf } from '../controller-ref.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import { keyOf, targetOf } from '../object-key.ts';
import { patchStatus } from '../patch-status.ts';
import { isNamespaceTerminating, messageOf } from '../pod-control.ts';
import { activeJobs, lastSuccess, newCronJobJob, nextSchedule, surplusHistory } from './plan-cron-job.ts';

/** Creates Jobs on a schedule (upstream: pkg/controller/cronjob). */
export class CronJobController implements Controller {
  readonly name = 'cronjob-controller';
  readonly workers = 5;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #cronJobs: Informer<CronJob>;
  readonly #jobs: Informer<Job>;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#cronJobs = context.informers.informer(cronjobs);
    this.#jobs = context.informers.informer(jobs, { indexers: { [CONTROLLER_INDEX]: controllerIndex } });
    this.watches = [
      { informer: this.#cronJobs, keysFor: (cronJob: CronJob) => [keyOf(cronJob)] },
      {
        informer: this.#jobs,
        keysFor: (job: Job) => {
          const owner = controllerOf(job);
          return owner?.kind === 'CronJob' ? [`${job.metadata.namespace}/${owner.name}`] : [];
        },
      },
    ] as readonly ControllerWatch[];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<{ requeueAfterMs: number } | void> {
    const cronJob = this.#cronJobs.lister.get(key);
    if (cronJob === undefined) return;
    const owned = this.#jobs.lister.byIndex(CONTROLLER_INDEX, cronJob.metadata.uid ?? '');
    for (const job of surplusHistory(cronJob, owned)) await this.#deleteJob(cronJob, job, signal);
    this.#reportFinished(cronJob, owned);
    const status: CronJobStatus = { ...cronJob.status, active: activeJobs(owned).map(referenceTo) };
    const successful = lastSuccess(owned, cronJob.status?.lastSuccessfulTime);
    if (successful !== undefined) status.lastSuccessfulTime = successful;
    const next = cronJob.metadata.deletionTimestamp !== undefined || cronJob.spec.suspend === true ? undefined : await this.#schedule(cronJob, { owned, status, signal });
    await patchStatus(this.#context.client, { resource: cronjobs, object: cronJob, status, signal });
    return next === undefined ? undefined : { requeueAfterMs: Math.max(1, next - this.#context.clock.now()) };
  }

  /** Starts what is due and resolves with the time of the next run; fills in `status`. */
  async #schedule(cronJob: CronJob, { owned, status, signal }: { readonly owned: readonly Job[]; readonly status: CronJobStatus; readonly signal: AbortSignal }): Promise<number | undefined> {
    const nowMs = this.#context.clock.now();
    let schedule: ReturnType<typeof nextSchedule>;
    try {
      schedule = nextSchedule(cronJob, nowMs);
    } catch (error) {
      this.#event(cronJob, { type: 'Warning', reason: 'UnparseableSchedule', message: `unparseable schedule: ${cronJob.spec.schedule} : ${messageOf(error)}` });
      return undefined;
    }
    const { dueMs, nextMs, missed } = schedule;
    if (missed > 100) {
      const message = 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew';
      this.#event(cronJob, { type: 'Warning', reason: 'TooManyMissedTimes', message });
    }
    if (dueMs === undefined) return nextMs;
    const active = activeJobs(owned);
    if (cronJob.spec.concurrencyPolicy === 'Forbid' && active.length > 0) {
      this.#event(cronJob, { reason: 'JobAlreadyActive', message: 'Not starting job because prior execution is running and concurrency policy is Forbid' });
      return nextMs;
    }
    if (cronJob.spec.concurrencyPolicy === 'Replace') for (const job of active) await this.#deleteJob(cronJob, job, signal);
    const job = newCronJobJob(cronJob, dueMs);
    try {
      const created = await this.#context.client.create(jobs, job, { signal });
      this.#event(cronJob, { reason: 'SuccessfulCreate', message: `Created job ${created.metadata.name}` });
      const kept = cronJob.spec.concurrencyPolicy === 'Replace' ? [] : (status.active ?? []);
      status.active = [...kept, referenceTo(created)];
    } catch (error) {
      if (isNamespaceTerminating(error)) return undefined;
      if (!isAlreadyExists(error)) {
        this.#event(cronJob, { type: 'Warning', reason: 'FailedCreate', message: `Error creating job: ${messageOf(error)}` });
        throw error;
      }
    }
    status.lastScheduleTime = formatTime(dueMs);
    return nextMs;
  }

  #reportFinished(cronJob: CronJob, owned: readonly Job[]): void {
    const known = new Set((cronJob.status?.active ?? []).map(({ uid }) => uid));
    for (const job of owned) {
      const end = job.status?.conditions?.find(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True');
      if (end === undefined || !known.has(job.metadata.uid)) continue;
      this.#event(cronJob, { reason: 'SawCompletedJob', message: `Saw completed job: ${job.metadata.name}, condition: ${end.type}` });
    }
  }

  async #deleteJob(cronJob: CronJob, job: Job, signal: AbortSignal): Promise<void> {
    try {
      await this.#context.client.delete(jobs, targetOf(job), { propagationPolicy: 'Background', preconditions: { uid: job.metadata.uid }, signal });
      this.#event(cronJob, { reason: 'SuccessfulDelete', message: `Deleted job ${job.metadata.name}` });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  #event(cronJob: CronJob, event: { readonly type?: 'Normal' | 'Warning'; readonly reason: string; readonly message: string }): void {
    this.#context.recorder.event({ object: cronJob, type: event.type ?? 'Normal', reason: event.reason, message: event.message });
  }
}

function referenceTo({ metadata }: Job): NonNullable<CronJobStatus['active']>[number] {
  const { name, namespace, uid, resourceVersion } = metadata;
  return { apiVersion: 'batch/v1', kind: 'Job', name, namespace, uid, resourceVersion };
}
