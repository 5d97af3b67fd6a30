import { isNotFound } from '../../../kube/apimachinery/status.ts';
import { type Job, jobs } from '../../../kube/api/generated/batch/v1.ts';
import { type Pod, pods } from '../../../kube/api/generated/core/v1.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import { claim } from '../claim.ts';
import { CONTROLLER_INDEX, controllerIndex, controllerOf, orphanIndexValue } from '../controller-ref.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import { Expectations } from '../expectations.ts';
import { changePods } from '../change-pods.ts';
import { keyOf, targetOf } from '../object-key.ts';
import { ownerKeys } from '../owner-keys.ts';
import { patchStatus } from '../patch-status.ts';
import { PodControl } from '../pod-control.ts';
import { selectorMatcher } from '../selector-matcher.ts';
import { isTracked, JOB_TRACKING, newJobPod } from './job-pods.ts';
import { type JobPlan, planJob } from './plan-job.ts';

/** Upstream: MaxPodCreateDeletePerSync. */
const MAX_PODS_PER_SYNC = 500;

/** Runs pods to completion. Decides with planJob, then carries the plan out. */
export class JobController implements Controller {
  readonly name = 'job-controller';
  readonly workers = 5;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #jobs: Informer<Job>;
  readonly #pods: Informer<Pod>;
  readonly #expectations: Expectations;
  readonly #podControl: PodControl;
  readonly #subscription: Disposable;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#expectations = new Expectations(context.clock);
    this.#podControl = new PodControl(context);
    this.#jobs = context.informers.informer(jobs);
    this.#pods = context.informers.informer(pods, { indexers: { [CONTROLLER_INDEX]: controllerIndex } });
    this.watches = [
      { informer: this.#jobs, keysFor: (job: Job) => [keyOf(job)] },
      {
        informer: this.#pods,
        keysFor: (pod: Pod, previous?: Pod) => ownerKeys(pod, { previous, kind: 'Job', owners: this.#jobs.lister, selectorOf: ({ spec }) => spec.selector }),
      },
    ] as readonly ControllerWatch[];
    this.#subscription = this.#pods.onEvent(({ type, object }) => {
      const [key] = this.#keyForPod(object);
      if (key === undefined) return;
      if (type === 'add') this.#expectations.creationObserved(key);
      if (type === 'delete' || object.metadata.deletionTimestamp !== undefined) this.#expectations.deletionObserved(key, object.metadata.uid ?? '');
    });
  }

  async reconcile(key: string, signal: AbortSignal): Promise<{ requeueAfterMs?: number } | void> {
    const job = this.#jobs.lister.get(key);
    if (job === undefined) {
      this.#expectations.delete(key);
      return this.#releaseOrphans(key, signal);
    }
    // The API server gives every Job a selector; without one no pod would ever be found again.
    if (job.spec.selector === undefined) return;
    if (job.spec.managedBy !== undefined && job.spec.managedBy !== 'kubernetes.io/job-controller') return;
    const owned = await this.#claimPods(job, signal);
    if (job.metadata.deletionTimestamp !== undefined) {
      await this.#release(owned.filter(isTracked), signal);
      return;
    }
    const mayManage = this.#expectations.isSatisfied(key);
    const plan = planJob({ job, pods: owned, nowMs: this.#context.clock.now() });
    await patchStatus(this.#context.client, { resource: jobs, object: job, status: plan.status, optimistic: true, signal });
    for (const event of plan.events) this.#context.recorder.event({ object: job, ...event });
    await this.#release(plan.release, signal);
    if (mayManage) await this.#manage(job, plan, signal);
    return plan.requeueAfterMs === undefined ? undefined : { requeueAfterMs: plan.requeueAfterMs };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#subscription[Symbol.dispose]();
  }

  async #manage(job: Job, plan: JobPlan, signal: AbortSignal): Promise<void> {
    const remove = plan.delete.slice(0, MAX_PODS_PER_SYNC);
    // Without its finalizer a pod that goes is counted by nobody.
    if (!plan.countsDeleted) await this.#release(remove.filter(isTracked), signal);
    const failed = await changePods({
      owner: job,
      create: plan.create.slice(0, MAX_PODS_PER_SYNC).map((pod) => newJobPod(job, pod)),
      remove,
      podControl: this.#podControl, expectations: this.#expectations, signal,
    });
    if (failed !== undefined) throw failed;
  }

  async #release(finished: readonly Pod[], signal: AbortSignal): Promise<void> {
    await Promise.all(
      finished.map(async (pod) => {
        const finalizers = (pod.metadata.finalizers ?? []).filter((finalizer) => finalizer !== JOB_TRACKING);
        const { uid, resourceVersion } = pod.metadata;
        const patch = { metadata: { uid, resourceVersion, finalizers: finalizers.length > 0 ? finalizers : null } };
        try {
          await this.#context.client.patch(pods, targetOf(pod), { type: 'merge', patch }, { signal });
        } catch (error) {
          if (!isNotFound(error)) throw error;
        }
      }),
    );
  }

  /** The Job is gone: nobody will count these pods any more. */
  async #releaseOrphans(key: string, signal: AbortSignal): Promise<void> {
    const namespace = key.slice(0, key.indexOf('/'));
    const left = this.#pods.lister.list({ namespace }).filter((pod) => isTracked(pod) && this.#keyForPod(pod)[0] === key);
    await this.#release(left, signal);
  }

  async #claimPods(job: Job, signal: AbortSignal): Promise<readonly Pod[]> {
    const { lister } = this.#pods;
    return claim(this.#context.client, {
      resource: pods,
      ownerResource: jobs as never,
      owner: job,
      candidates: [...lister.byIndex(CONTROLLER_INDEX, job.metadata.uid ?? ''), ...lister.byIndex(CONTROLLER_INDEX, orphanIndexValue(job.metadata.namespace))],
      matches: selectorMatcher(job.spec.selector),
      finalizer: JOB_TRACKING,
      signal,
    });
  }

  #keyForPod(pod: Pod): readonly string[] {
    const owner = controllerOf(pod);
    return owner?.kind === 'Job' ? [`${pod.metadata.namespace}/${owner.name}`] : [];
  }
}
