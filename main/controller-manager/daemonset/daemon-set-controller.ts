import { type DaemonSet, daemonsets } from '../../../kube/api/generated/apps/v1.ts';
import { type Node, nodes, type Pod, pods } from '../../../kube/api/generated/core/v1.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import { claim } from '../claim.ts';
import { CONTROLLER_INDEX, controllerIndex, controllerOf, orphanIndexValue } from '../controller-ref.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import { Expectations } from '../expectations.ts';
import { changePods } from '../change-pods.ts';
import { keyOf } from '../object-key.ts';
import { ownerKeys } from '../owner-keys.ts';
import { patchStatus } from '../patch-status.ts';
import { nextAvailabilityMs } from '../pod-conditions.ts';
import { PodControl } from '../pod-control.ts';
import { DAEMON_SET_REVISIONS, revisionHash } from '../revisions/controller-revision.ts';
import { RevisionHistory } from '../revisions/revision-history.ts';
import { selectorMatcher } from '../selector-matcher.ts';
import { newDaemonPod } from './daemon-pods.ts';
import { computeDaemonSetStatus, type DaemonSetPlan, planDaemonSet } from './plan-daemon-set.ts';

const BURST_REPLICAS = 250;
const FAILED_POD_BACKOFF_MS = 1_000;

/** A pod on every node that fits (upstream: pkg/controller/daemon). */
export class DaemonSetController implements Controller {
  readonly name = 'daemonset-controller';
  readonly workers = 2;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #daemonSets: Informer<DaemonSet>;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #history: RevisionHistory;
  readonly #expectations: Expectations;
  readonly #podControl: PodControl;
  readonly #subscription: Disposable;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#expectations = new Expectations(context.clock);
    this.#podControl = new PodControl(context);
    this.#history = new RevisionHistory(context);
    this.#daemonSets = context.informers.informer(daemonsets);
    this.#nodes = context.informers.informer(nodes);
    this.#pods = context.informers.informer(pods, { indexers: { [CONTROLLER_INDEX]: controllerIndex } });
    this.watches = [
      { informer: this.#daemonSets, keysFor: (daemonSet: DaemonSet) => [keyOf(daemonSet)] },
      { informer: this.#pods, keysFor: (pod: Pod, previous?: Pod) => ownerKeys(pod, { previous, kind: 'DaemonSet', owners: this.#daemonSets.lister, selectorOf: ({ spec }) => spec.selector }) },
      { informer: this.#nodes, keysFor: (node: Node, previous?: Node) => (previous !== undefined && placement(node) === placement(previous) ? [] : this.#daemonSets.lister.list().map(keyOf)) },
      { informer: this.#history.informer, keysFor: () => [] },
    ] as readonly ControllerWatch[];
    this.#subscription = this.#pods.onEvent(({ type, object }) => {
      const owner = controllerOf(object);
      if (owner?.kind !== 'DaemonSet') return;
      const key = `${object.metadata.namespace}/${owner.name}`;
      if (type === 'add') this.#expectations.creationObserved(key);
      if (type === 'delete' || object.metadata.deletionTimestamp !== undefined) this.#expectations.deletionObserved(key, object.metadata.uid ?? '');
    });
  }

  async reconcile(key: string, signal: AbortSignal): Promise<{ requeueAfterMs?: number } | void> {
    const daemonSet = this.#daemonSets.lister.get(key);
    if (daemonSet === undefined) {
      this.#expectations.delete(key);
      return;
    }
    if (daemonSet.metadata.deletionTimestamp !== undefined) return;
    const { selector, template, revisionHistoryLimit, minReadySeconds = 0 } = daemonSet.spec;
    const history = await this.#history.sync(
      {
        object: daemonSet, resource: daemonsets as never, naming: DAEMON_SET_REVISIONS, selector, template, labels: template.metadata?.labels,
        collisionCount: daemonSet.status?.collisionCount ?? 0, limit: revisionHistoryLimit ?? 10,
      },
      signal,
    );
    const owned = await this.#claimPods(daemonSet, signal);
    const nowMs = this.#context.clock.now();
    const observation = { daemonSet, nodes: this.#nodes.lister.list(), pods: owned, hash: revisionHash(history.current), nowMs };
    let plan: DaemonSetPlan | undefined;
    if (this.#expectations.isSatisfied(key)) {
      plan = planDaemonSet(observation);
      await this.#apply(daemonSet, { plan, hash: observation.hash, signal });
    }
    const status = computeDaemonSetStatus({ ...observation, collisionCount: history.collisionCount });
    await patchStatus(this.#context.client, { resource: daemonsets, object: daemonSet, status, signal });
    const live = new Set(owned.flatMap(({ metadata }) => metadata.labels?.['controller-revision-hash'] ?? []));
    await this.#history.truncate(history, { limit: revisionHistoryLimit ?? 10, live, signal });
    if (plan !== undefined && plan.failed.length > 0) return { requeueAfterMs: FAILED_POD_BACKOFF_MS };
    const next = nextAvailabilityMs(owned, { minReadySeconds, nowMs });
    return next === undefined ? undefined : { requeueAfterMs: Math.max(1, next) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#subscription[Symbol.dispose]();
  }

  async #apply(daemonSet: DaemonSet, { plan, hash, signal }: { readonly plan: DaemonSetPlan; readonly hash: string; readonly signal: AbortSignal }): Promise<void> {
    for (const pod of plan.failed) {
      const message = `Found failed daemon pod ${keyOf(pod)} on node ${pod.spec.nodeName}, will try to kill it`;
      this.#context.recorder.event({ object: daemonSet, type: 'Warning', reason: 'FailedDaemonPod', message });
    }
    const failed = await changePods({
      owner: daemonSet,
      create: plan.createOn.slice(0, BURST_REPLICAS).map((nodeName) => newDaemonPod(daemonSet, { nodeName, hash })),
      remove: plan.delete.slice(0, BURST_REPLICAS),
      podControl: this.#podControl, expectations: this.#expectations, signal,
    });
    if (failed !== undefined) throw failed;
  }

  async #claimPods(daemonSet: DaemonSet, signal: AbortSignal): Promise<readonly Pod[]> {
    const { lister } = this.#pods;
    return claim(this.#context.client, {
      resource: pods,
      ownerResource: daemonsets as never,
      owner: daemonSet,
      candidates: [
        ...lister.byIndex(CONTROLLER_INDEX, daemonSet.metadata.uid ?? ''),
        ...lister.byIndex(CONTROLLER_INDEX, orphanIndexValue(daemonSet.metadata.namespace)),
      ],
      matches: selectorMatcher(daemonSet.spec.selector),
      signal,
    });
  }
}

/** What of a node decides whether daemons run there; heartbeats do not. */
function placement({ metadata, spec }: Node): string {
  return JSON.stringify([metadata.labels, spec?.taints, spec?.unschedulable]);
}
