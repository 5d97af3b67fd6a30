import { isNotFound } from '../../../kube/apimachinery/status.ts';
import { parseTime } from '../../../kube/apimachinery/time.ts';
import { type Job, jobs } from '../../../kube/api/generated/batch/v1.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import { keyOf, targetOf } from '../object-key.ts';

/** Deletes finished Jobs ttlSecondsAfterFinished later. */
export class TtlAfterFinishedController implements Controller {
  readonly name = 'ttl-after-finished-controller';
  readonly workers = 2;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #jobs: Informer<Job>;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#jobs = context.informers.informer(jobs);
    this.watches = [{ informer: this.#jobs, keysFor: (job: Job) => (job.spec.ttlSecondsAfterFinished === undefined ? [] : [keyOf(job)]) }] as readonly ControllerWatch[];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<{ requeueAfterMs: number } | void> {
    const job = this.#jobs.lister.get(key);
    const ttl = job?.spec.ttlSecondsAfterFinished;
    if (job === undefined || ttl === undefined || job.metadata.deletionTimestamp !== undefined) return;
    const end = job.status?.conditions?.find(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True');
    const finished = parseTime(end?.lastTransitionTime);
    if (finished === undefined) return;
    const leftMs = finished + ttl * 1000 - this.#context.clock.now();
    if (leftMs > 0) return { requeueAfterMs: leftMs };
    try {
      await this.#context.client.delete(jobs, targetOf(job), { propagationPolicy: 'Foreground', preconditions: { uid: job.metadata.uid }, signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
