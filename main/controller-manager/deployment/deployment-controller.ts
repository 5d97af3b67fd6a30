import { isAlreadyExists } from '../../../kube/apimachinery/status.ts';
import { type Deployment, deployments, type DeploymentStatus, type ReplicaSet, replicasets } from '../../../kube/api/generated/apps/v1.ts';
import { type Pod, pods } from '../../../kube/api/generated/core/v1.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import { claim } from '../claim.ts';
import { CONTROLLER_INDEX, controllerIndex, controllerOf, isControlledBy, orphanIndexValue } from '../controller-ref.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import { keyOf, targetOf } from '../object-key.ts';
import { ownerKeys } from '../owner-keys.ts';
import { patchStatus } from '../patch-status.ts';
import { isPodTerminal } from '../pod-conditions.ts';
import { isNamespaceTerminating, messageOf } from '../pod-control.ts';
import { selectorMatcher } from '../selector-matcher.ts';
import { REVISION } from './deployment-annotations.ts';
import { computeDeploymentStatus, isComplete, progressCheckDelayMs, withCreationCondition } from './deployment-status.ts';
import { planHistoryCleanup, planRollout, type RolloutPlan } from './plan-rollout.ts';
import type { ScaleStep } from './plan-scale.ts';
import { sameTemplate } from './replica-sets-of.ts';

const COALESCE_MS = 15;

/** Upstream: pkg/controller/deployment. Decides with planRollout, then carries the plan out. */
export class DeploymentController implements Controller {
  readonly name = 'deployment-controller';
  readonly workers = 5;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #deployments: Informer<Deployment>;
  readonly #replicaSets: Informer<ReplicaSet>;
  readonly #pods: Informer<Pod>;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#deployments = context.informers.informer(deployments);
    this.#replicaSets = context.informers.informer(replicasets, { indexers: { [CONTROLLER_INDEX]: controllerIndex } });
    this.#pods = context.informers.informer(pods, { indexers: { [CONTROLLER_INDEX]: controllerIndex } });
    this.watches = [
      { informer: this.#deployments, keysFor: (deployment: Deployment) => [keyOf(deployment)] },
      { informer: this.#replicaSets, delayMs: COALESCE_MS, keysFor: (set: ReplicaSet, previous?: ReplicaSet) => ownerKeys(set, { previous, kind: 'Deployment', owners: this.#deployments.lister, selectorOf: ({ spec }) => spec.selector }) },
      { informer: this.#pods, keysFor: (pod: Pod) => this.#keysForPod(pod) },
    ] as readonly ControllerWatch[];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<{ requeueAfterMs?: number } | void> {
    const deployment = this.#deployments.lister.get(key);
    if (deployment === undefined) return;
    const { matchLabels = {}, matchExpressions = [] } = deployment.spec.selector;
    if (Object.keys(matchLabels).length === 0 && matchExpressions.length === 0) {
      this.#context.recorder.event({ object: deployment, type: 'Warning',
        reason: 'SelectingAll',
        message: 'This deployment is selecting all pods. A non-empty selector is required.',
      });
      return;
    }
    const replicaSets = await this.#claimReplicaSets(deployment, signal);
    const plan = planRollout({ deployment, replicaSets, oldPodsRunning: this.#oldPodsRunning(deployment, replicaSets) });
    if (deployment.metadata.deletionTimestamp !== undefined) {
      await this.#writeStatus(deployment, this.#status(deployment, plan, false), signal);
      return;
    }
    const status = await this.#carryOut(deployment, plan, signal);
    await this.#writeStatus(deployment, status, signal);
    const requeueAfterMs = progressCheckDelayMs(deployment, status, this.#context.clock.now());
    return requeueAfterMs === undefined ? undefined : { requeueAfterMs };
  }

  async #carryOut(deployment: Deployment, plan: RolloutPlan, signal: AbortSignal): Promise<DeploymentStatus> {
    if (plan.refresh !== undefined && plan.current !== undefined) {
      const { annotations, minReadySeconds } = plan.refresh;
      await this.#patchReplicaSet(plan.current, { metadata: { annotations }, spec: { minReadySeconds } }, signal);
    }
    for (const step of plan.scale) await this.#scale(deployment, step, signal);
    const created = plan.create === undefined ? undefined : await this.#create(deployment, { plan, replicaSet: plan.create, signal });
    if (plan.revision !== undefined && created?.error === undefined) await this.#setRevision(deployment, plan.revision, signal);
    const status = this.#status(deployment, plan, plan.trackProgress);
    const settled = plan.trackProgress && plan.create === undefined && plan.scale.length === 0 && isComplete(deployment, deployment.status);
    if (settled || deployment.spec.paused === true) {
      for (const old of planHistoryCleanup(deployment, plan.old)) {
        await this.#context.client.delete(replicasets, targetOf(old), { preconditions: { uid: old.metadata.uid }, propagationPolicy: 'Background', signal });
      }
    }
    return created === undefined ? status : withCreationCondition(status, { ...created, nowMs: this.#context.clock.now() });
  }

  #status(deployment: Deployment, plan: RolloutPlan, trackProgress: boolean): DeploymentStatus {
    return computeDeploymentStatus({ deployment, current: plan.current, old: plan.old, trackProgress, nowMs: this.#context.clock.now() });
  }

  async #writeStatus(deployment: Deployment, status: DeploymentStatus, signal: AbortSignal): Promise<void> {
    await patchStatus(this.#context.client, { resource: deployments, object: deployment, status, signal });
  }

  async #setRevision(deployment: Deployment, revision: string, signal: AbortSignal): Promise<void> {
    const patch = { metadata: { uid: deployment.metadata.uid, annotations: { [REVISION]: revision } } };
    // With the status, as upstream: a change of annotations alone would count as a new generation.
    await this.#context.client.patch(deployments, targetOf(deployment), { type: 'merge', patch }, { subresource: 'status', signal });
  }

  async #scale(deployment: Deployment, step: ScaleStep, signal: AbortSignal): Promise<void> {
    const patch = { metadata: { annotations: step.annotations }, spec: { replicas: step.to } };
    await this.#patchReplicaSet(step.replicaSet, patch, signal);
    if (step.to === step.from) return;
    const direction = step.to > step.from ? 'up' : 'down';
    this.#context.recorder.event({ object: deployment, type: 'Normal',
      reason: 'ScalingReplicaSet',
      message: `Scaled ${direction} replica set ${step.replicaSet.metadata.name} from ${step.from} to ${step.to}`,
    });
  }

  /** With the resourceVersion: a size decided on a stale view must not be written. */
  async #patchReplicaSet(replicaSet: ReplicaSet, change: { readonly metadata?: object; readonly spec?: object }, signal: AbortSignal): Promise<void> {
    const { uid, resourceVersion } = replicaSet.metadata;
    const patch = { ...change, metadata: { ...change.metadata, uid, resourceVersion } };
    await this.#context.client.patch(replicasets, targetOf(replicaSet), { type: 'merge', patch }, { signal });
  }

  async #create(
    deployment: Deployment,
    { plan, replicaSet, signal }: { readonly plan: RolloutPlan; readonly replicaSet: ReplicaSet; readonly signal: AbortSignal },
  ): Promise<{ readonly replicaSet: string; readonly error?: string } | undefined> {
    const { name } = replicaSet.metadata;
    try {
      await this.#context.client.create(replicasets, replicaSet, { signal });
    } catch (error) {
      if (isAlreadyExists(error)) return this.#resolveCollision(deployment, replicaSet, signal);
      if (isNamespaceTerminating(error)) return undefined;
      const message = messageOf(error);
      const text = `Failed to create new replica set ${JSON.stringify(name)}: ${message}`;
      this.#context.recorder.event({ object: deployment, type: 'Warning', reason: 'ReplicaSetCreateError', message: text });
      const status = this.#status(deployment, plan, true);
      await this.#writeStatus(deployment, withCreationCondition(status, { replicaSet: name, error: message, nowMs: this.#context.clock.now() }), signal);
      throw error;
    }
    const replicas = replicaSet.spec.replicas ?? 0;
    if (replicas > 0) {
      const message = `Scaled up replica set ${name} from 0 to ${replicas}`;
      this.#context.recorder.event({ object: deployment, type: 'Normal', reason: 'ScalingReplicaSet', message });
    }
    return { replicaSet: name };
  }

  /** Ours already (the cache was behind), or another template with the same hash: then the next try is salted. */
  async #resolveCollision(deployment: Deployment, wanted: ReplicaSet, signal: AbortSignal): Promise<{ readonly replicaSet: string } | undefined> {
    const found = await this.#context.client.get(replicasets, targetOf(wanted), { signal });
    if (isControlledBy(found, deployment) && sameTemplate(found.spec.template, wanted.spec.template)) return { replicaSet: found.metadata.name };
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
    await this.#writeStatus(deployment, { ...deployment.status, collisionCount }, signal);
    throw new Error(`Cannot create replica set "${wanted.metadata.name}": the name is taken by another one`);
  }

  async #claimReplicaSets(deployment: Deployment, signal: AbortSignal): Promise<readonly ReplicaSet[]> {
    const { lister } = this.#replicaSets;
    return claim(this.#context.client, {
      resource: replicasets,
      ownerResource: deployments as never,
      owner: deployment,
      candidates: [
        ...lister.byIndex(CONTROLLER_INDEX, deployment.metadata.uid ?? ''),
        ...lister.byIndex(CONTROLLER_INDEX, orphanIndexValue(deployment.metadata.namespace)),
      ],
      matches: selectorMatcher(deployment.spec.selector),
      signal,
    });
  }

  #oldPodsRunning(deployment: Deployment, replicaSets: readonly ReplicaSet[]): boolean {
    if (deployment.spec.strategy?.type !== 'Recreate') return false;
    const old = replicaSets.filter((replicaSet) => !sameTemplate(replicaSet.spec.template, deployment.spec.template));
    return old.some(
      (replicaSet) =>
        (replicaSet.status?.replicas ?? 0) > 0 ||
        this.#pods.lister.byIndex(CONTROLLER_INDEX, replicaSet.metadata.uid ?? '').some((pod) => !isPodTerminal(pod)),
    );
  }

  /** Only Recreate waits for pods. */
  #keysForPod(pod: Pod): readonly string[] {
    const owner = controllerOf(pod);
    if (owner?.kind !== 'ReplicaSet') return [];
    const replicaSet = this.#replicaSets.lister.get(`${pod.metadata.namespace}/${owner.name}`);
    const parent = replicaSet === undefined ? undefined : controllerOf(replicaSet);
    if (parent?.kind !== 'Deployment') return [];
    const key = `${pod.metadata.namespace}/${parent.name}`;
    return this.#deployments.lister.get(key)?.spec.strategy?.type === 'Recreate' ? [key] : [];
  }
}
