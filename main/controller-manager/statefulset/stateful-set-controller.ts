import { isAlreadyExists, isNotFound } from '../../../kube/apimachinery/status.ts';
import { type ControllerRevision, type StatefulSet, statefulsets } from '../../../kube/api/generated/apps/v1.ts';
import { type PersistentVolumeClaim, persistentvolumeclaims, type Pod, pods } from '../../../kube/api/generated/core/v1.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import { claim } from '../claim.ts';
import { CONTROLLER_INDEX, controllerIndex, orphanIndexValue } from '../controller-ref.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import { keyOf, targetOf } from '../object-key.ts';
import { ownerKeys } from '../owner-keys.ts';
import { patchStatus } from '../patch-status.ts';
import { nextAvailabilityMs } from '../pod-conditions.ts';
import { isNamespaceTerminating, messageOf } from '../pod-control.ts';
import { STATEFUL_SET_REVISIONS } from '../revisions/controller-revision.ts';
import { RevisionHistory, type RevisionState } from '../revisions/revision-history.ts';
import { selectorMatcher } from '../selector-matcher.ts';
import { computeStatefulSetStatus, planStatefulSet } from './plan-stateful-set.ts';
import { claimsFor, newStatefulPod, ordinalOf, podRevision } from './stateful-pods.ts';

/** Pods with names and volumes of their own (upstream: pkg/controller/statefulset). Stable names make expectations unnecessary. */
export class StatefulSetController implements Controller {
  readonly name = 'statefulset-controller';
  readonly workers = 5;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #sets: Informer<StatefulSet>;
  readonly #pods: Informer<Pod>;
  readonly #claims: Informer<PersistentVolumeClaim>;
  readonly #history: RevisionHistory;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#history = new RevisionHistory(context);
    this.#sets = context.informers.informer(statefulsets);
    this.#claims = context.informers.informer(persistentvolumeclaims);
    this.#pods = context.informers.informer(pods, { indexers: { [CONTROLLER_INDEX]: controllerIndex } });
    this.watches = [
      { informer: this.#sets, keysFor: (set: StatefulSet) => [keyOf(set)] },
      { informer: this.#pods, keysFor: (pod: Pod, previous?: Pod) => ownerKeys(pod, { previous, kind: 'StatefulSet', owners: this.#sets.lister, selectorOf: ({ spec }) => spec.selector }) },
      { informer: this.#claims, keysFor: () => [] },
      { informer: this.#history.informer, keysFor: () => [] },
    ] as readonly ControllerWatch[];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<{ requeueAfterMs: number } | void> {
    const set = this.#sets.lister.get(key);
    if (set === undefined || set.metadata.deletionTimestamp !== undefined) return;
    const { selector, template, revisionHistoryLimit = 10, minReadySeconds = 0 } = set.spec;
    const owned = await this.#claimPods(set, signal);
    const history = await this.#history.sync(
      { object: set, resource: statefulsets as never, naming: STATEFUL_SET_REVISIONS, selector, template, labels: selector.matchLabels, collisionCount: set.status?.collisionCount ?? 0, limit: revisionHistoryLimit },
      signal,
    );
    const update = history.current;
    const current = history.old.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update;
    const nowMs = this.#context.clock.now();
    const observation = { set, pods: owned, currentRevision: current.metadata.name, updateRevision: update.metadata.name, nowMs };
    const plan = planStatefulSet(observation);
    for (const pod of plan.delete) await this.#delete(set, pod, signal);
    for (const { ordinal, revision } of plan.create) await this.#create(set, { ordinal, revision: revision === 'current' ? current : update, signal });
    const status = computeStatefulSetStatus({ ...observation, collisionCount: history.collisionCount });
    await patchStatus(this.#context.client, { resource: statefulsets, object: set, status, signal });
    await this.#truncate(history, { owned, current, limit: revisionHistoryLimit, signal });
    const next = nextAvailabilityMs(owned, { minReadySeconds, nowMs });
    return next === undefined ? undefined : { requeueAfterMs: Math.max(1, next) };
  }

  async #truncate(history: RevisionState, { owned, current, limit, signal }: { readonly owned: readonly Pod[]; readonly current: ControllerRevision; readonly limit: number; readonly signal: AbortSignal }): Promise<void> {
    const names = new Set([...owned.map(podRevision), current.metadata.name]);
    await this.#history.truncate(history, { limit, live: names, signal });
  }

  async #create(set: StatefulSet, { ordinal, revision, signal }: { readonly ordinal: number; readonly revision: ControllerRevision; readonly signal: AbortSignal }): Promise<void> {
    const { client } = this.#context;
    const pod = newStatefulPod(set, { ordinal, revision });
    try {
      for (const volumeClaim of claimsFor(set, pod.metadata.name)) await this.#ensureClaim(set, { volumeClaim, podName: pod.metadata.name, signal });
      await client.create(pods, pod, { signal });
      this.#event(set, { reason: 'SuccessfulCreate', message: `Create Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} successful` });
    } catch (error) {
      if (isAlreadyExists(error) || isNamespaceTerminating(error)) return;
      this.#event(set, { type: 'Warning', reason: 'FailedCreate', message: `Create Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} failed error: ${messageOf(error)}` });
      throw error;
    }
  }

  async #ensureClaim(set: StatefulSet, { volumeClaim, podName, signal }: { readonly volumeClaim: PersistentVolumeClaim; readonly podName: string; readonly signal: AbortSignal }): Promise<void> {
    if (this.#claims.lister.get(keyOf(volumeClaim)) !== undefined) return;
    try {
      await this.#context.client.create(persistentvolumeclaims, volumeClaim, { signal });
      const { name } = volumeClaim.metadata;
      this.#event(set, { reason: 'SuccessfulCreate', message: `Create Claim ${name} Pod ${podName} in StatefulSet ${set.metadata.name} success` });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }

  async #delete(set: StatefulSet, pod: Pod, signal: AbortSignal): Promise<void> {
    try {
      await this.#context.client.delete(pods, targetOf(pod), { preconditions: { uid: pod.metadata.uid }, signal });
      this.#event(set, { reason: 'SuccessfulDelete', message: `Delete Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} successful` });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  #event(set: StatefulSet, event: { readonly type?: 'Normal' | 'Warning'; readonly reason: string; readonly message: string }): void {
    this.#context.recorder.event({ object: set, type: event.type ?? 'Normal', reason: event.reason, message: event.message });
  }

  async #claimPods(set: StatefulSet, signal: AbortSignal): Promise<readonly Pod[]> {
    const { lister } = this.#pods;
    const matches = selectorMatcher(set.spec.selector);
    return claim(this.#context.client, {
      resource: pods,
      ownerResource: statefulsets as never,
      owner: set,
      candidates: [...lister.byIndex(CONTROLLER_INDEX, set.metadata.uid ?? ''), ...lister.byIndex(CONTROLLER_INDEX, orphanIndexValue(set.metadata.namespace))],
      matches: (pod) => matches(pod) && ordinalOf(set, pod) !== undefined,
      signal,
    });
  }
}
