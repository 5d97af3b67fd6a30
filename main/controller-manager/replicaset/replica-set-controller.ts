import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { type Pod, pods } from '../../../kube/api/generated/core/v1.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import { changePods } from '../change-pods.ts';
import { claim } from '../claim.ts';
import { CONTROLLER_INDEX, controllerIndex, controllerOf, orphanIndexValue } from '../controller-ref.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import { Expectations } from '../expectations.ts';
import { keyOf } from '../object-key.ts';
import { ownerKeys } from '../owner-keys.ts';
import { patchStatus } from '../patch-status.ts';
import { isPodActive, isPodTerminating, nextAvailabilityMs } from '../pod-conditions.ts';
import { PodControl, podFromTemplate } from '../pod-control.ts';
import { rankPodsForDeletion } from '../rank-pods-for-deletion.ts';
import { selectorMatcher } from '../selector-matcher.ts';
import { computeReplicaSetStatus } from './replica-set-status.ts';
import type { ReplicatedView, ReplicatedWorkload } from './replicated-workload.ts';

/** At most this many pods are created or deleted in one reconcile (upstream: BurstReplicas). */
const BURST_REPLICAS = 500;

/** The pods of one ReplicaSet change in crowds; their owner need not look at each, and the less often the more there are. */
const COALESCE_MS = 15;
const COALESCE_MS_PER_POD = 0.1;
const MAX_COALESCE_MS = 250;

/** Keeps as many pods as the workload asks for (upstream: pkg/controller/replicaset). */
export class ReplicaSetController<T extends KubernetesObject & { status?: object }> implements Controller {
  readonly name: string;
  readonly workers = 5;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #workload: ReplicatedWorkload<T>;
  readonly #owners: Informer<T>;
  readonly #pods: Informer<Pod>;
  readonly #expectations: Expectations;
  readonly #podControl: PodControl;
  readonly #subscription: Disposable;

  constructor(context: ControllerContext, workload: ReplicatedWorkload<T>) {
    this.name = workload.controllerName;
    this.#context = context;
    this.#workload = workload;
    this.#expectations = new Expectations(context.clock);
    this.#podControl = new PodControl(context);
    this.#owners = context.informers.informer(workload.resource, { indexers: { [CONTROLLER_INDEX]: controllerIndex } });
    this.#pods = context.informers.informer(pods, { indexers: { [CONTROLLER_INDEX]: controllerIndex } });
    this.watches = [
      { informer: this.#owners, keysFor: (owner: T) => [keyOf(owner)] } satisfies ControllerWatch<T>,
      { informer: this.#pods, delayMs: (key: string) => this.#coalesceMs(key), keysFor: (pod: Pod, previous?: Pod) => this.#keysForPod(pod, previous) } satisfies ControllerWatch<Pod>,
    ] as readonly ControllerWatch[];
    this.#subscription = this.#pods.onEvent((event) => {
      const key = this.#ownerKey(event.object);
      if (key === undefined) return;
      if (event.type === 'add') this.#expectations.creationObserved(key);
      if (event.type === 'delete' || event.object.metadata.deletionTimestamp !== undefined) {
        this.#expectations.deletionObserved(key, event.object.metadata.uid ?? '');
      }
    });
  }

  async reconcile(key: string, signal: AbortSignal): Promise<{ requeueAfterMs?: number } | void> {
    const owner = this.#owners.lister.get(key);
    if (owner === undefined) {
      this.#expectations.delete(key);
      return;
    }
    const view = this.#workload.view(owner);
    const mayManage = this.#expectations.isSatisfied(key);
    const owned = await this.#claimPods(owner, view, signal);
    const active = owned.filter(isPodActive);
    let manageError: unknown;
    if (mayManage && owner.metadata.deletionTimestamp === undefined) {
      manageError = await this.#manage(owner, { view, active, signal });
    }
    const nowMs = this.#context.clock.now();
    const status = computeReplicaSetStatus({
      ...view,
      generation: owner.metadata.generation,
      desired: view.replicas,
      previous: view.status,
      activePods: active,
      terminatingPods: owned.filter(isPodTerminating).length,
      manageError,
      nowMs,
    });
    await patchStatus(this.#context.client, {
      resource: this.#workload.resource,
      object: owner,
      status: this.#workload.withStatus(status) as T['status'],
      signal,
    });
    if (manageError !== undefined) throw manageError;
    const next = nextAvailabilityMs(active, { minReadySeconds: view.minReadySeconds, nowMs });
    return next === undefined ? undefined : { requeueAfterMs: Math.max(next, 1) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#subscription[Symbol.dispose]();
  }

  async #claimPods(owner: T, view: ReplicatedView, signal: AbortSignal): Promise<readonly Pod[]> {
    const { lister } = this.#pods;
    const candidates = [
      ...lister.byIndex(CONTROLLER_INDEX, owner.metadata.uid ?? ''),
      ...lister.byIndex(CONTROLLER_INDEX, orphanIndexValue(owner.metadata.namespace)).filter(isPodActive),
    ];
    return claim(this.#context.client, {
      resource: pods,
      ownerResource: this.#workload.resource as never,
      owner,
      candidates,
      matches: selectorMatcher(view.selector),
      signal,
    });
  }

  /** Resolves with the first error of creating or deleting pods. */
  async #manage(
    owner: T,
    { view, active, signal }: { readonly view: ReplicatedView; readonly active: readonly Pod[]; readonly signal: AbortSignal },
  ): Promise<unknown> {
    const missing = view.replicas - active.length;
    if (missing === 0) return undefined;
    const create = missing > 0 ? Array.from({ length: Math.min(missing, BURST_REPLICAS) }, () => podFromTemplate(view.template, owner)) : [];
    const surplus = Math.min(Math.max(-missing, 0), BURST_REPLICAS);
    const remove = surplus === 0 ? [] : surplus >= active.length ? active : this.#chooseForDeletion(owner, active).slice(0, surplus);
    return changePods({ owner, create, remove, podControl: this.#podControl, expectations: this.#expectations, signal });
  }

  /** Pods of sibling ReplicaSets count too, so that a rolling update thins out crowded nodes first. */
  #chooseForDeletion(owner: T, active: readonly Pod[]): readonly Pod[] {
    const parent = controllerOf(owner);
    const siblings = parent === undefined ? [owner] : this.#owners.lister.byIndex(CONTROLLER_INDEX, parent.uid);
    const podsOnNode = new Map<string, number>();
    for (const sibling of siblings) {
      for (const pod of this.#pods.lister.byIndex(CONTROLLER_INDEX, sibling.metadata.uid ?? '')) {
        const node = pod.spec.nodeName;
        if (node && isPodActive(pod)) podsOnNode.set(node, (podsOnNode.get(node) ?? 0) + 1);
      }
    }
    return rankPodsForDeletion(active, { nowMs: this.#context.clock.now(), podsOnNode });
  }

  #coalesceMs(key: string): number {
    const owner = this.#owners.lister.get(key);
    const replicas = owner === undefined ? 0 : this.#workload.view(owner).replicas;
    return Math.min(MAX_COALESCE_MS, COALESCE_MS + replicas * COALESCE_MS_PER_POD);
  }

  #ownerKey(pod: Pod): string | undefined {
    const owner = controllerOf(pod);
    if (owner === undefined || owner.kind !== this.#workload.resource.kind) return undefined;
    return `${pod.metadata.namespace}/${owner.name}`;
  }

  #keysForPod(pod: Pod, previous?: Pod): readonly string[] {
    return ownerKeys(pod, { previous, kind: this.#workload.resource.kind, owners: this.#owners.lister, selectorOf: (owner) => this.#workload.view(owner).selector });
  }
}
