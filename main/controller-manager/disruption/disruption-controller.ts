import { scaledValue } from '../../../kube/apimachinery/int-or-string.ts';
import { selectorMatches } from '../../../kube/apimachinery/label-selector.ts';
import { formatTime, parseTime } from '../../../kube/apimachinery/time.ts';
import { deployments, replicasets, statefulsets } from '../../../kube/api/generated/apps/v1.ts';
import { type Pod, pods, replicationcontrollers } from '../../../kube/api/generated/core/v1.ts';
import { type PodDisruptionBudget, poddisruptionbudgets, type PodDisruptionBudgetStatus } from '../../../kube/api/generated/policy/v1.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import { controllerOf } from '../controller-ref.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import { keyOf } from '../object-key.ts';
import { patchStatus } from '../patch-status.ts';
import { isPodReady, isPodTerminal } from '../pod-conditions.ts';
import { selectorMatcher } from '../selector-matcher.ts';

/** Upstream: DeletionTimeout: an eviction that was allowed but not seen counts this long. */
const DISRUPTED_POD_TTL_MS = 2 * 60_000;

type Scaled = { readonly spec?: { readonly replicas?: number } };

/** Upstream: trySync of pkg/controller/disruption, the arithmetic. */
export function computeBudgetStatus(
  budget: PodDisruptionBudget,
  observed: { readonly pods: readonly Pod[]; readonly expectedCount: number; readonly nowMs: number },
): PodDisruptionBudgetStatus {
  const { pods: selected, expectedCount, nowMs } = observed;
  const { maxUnavailable, minAvailable } = budget.spec ?? {};
  const disruptedPods = Object.fromEntries(
    Object.entries(budget.status?.disruptedPods ?? {}).filter(([name, since]) => {
      const pod = selected.find(({ metadata }) => metadata.name === name);
      return pod !== undefined && pod.metadata.deletionTimestamp === undefined && (parseTime(since) ?? 0) + DISRUPTED_POD_TTL_MS > nowMs;
    }),
  );
  const currentHealthy = selected.filter((pod) => isPodReady(pod) && pod.metadata.deletionTimestamp === undefined && disruptedPods[pod.metadata.name] === undefined).length;
  let desiredHealthy = 0;
  if (maxUnavailable !== undefined) desiredHealthy = Math.max(0, expectedCount - scaledValue(maxUnavailable, { total: expectedCount, roundUp: true }));
  else if (minAvailable !== undefined) desiredHealthy = scaledValue(minAvailable, { total: expectedCount, roundUp: true });
  const disruptionsAllowed = expectedCount > 0 && currentHealthy > desiredHealthy ? currentHealthy - desiredHealthy : 0;
  const wanted = disruptionsAllowed > 0 ? { status: 'True' as const, reason: 'SufficientPods' } : { status: 'False' as const, reason: 'InsufficientPods' };
  const known = budget.status?.conditions?.find(({ type }) => type === 'DisruptionAllowed');
  const lastTransitionTime = known?.status === wanted.status ? known.lastTransitionTime : formatTime(nowMs);
  return {
    observedGeneration: budget.metadata.generation,
    ...(Object.keys(disruptedPods).length > 0 && { disruptedPods }),
    disruptionsAllowed,
    currentHealthy,
    desiredHealthy,
    expectedPods: expectedCount,
    conditions: [{ type: 'DisruptionAllowed', ...wanted, message: '', lastTransitionTime, observedGeneration: budget.metadata.generation }],
  };
}

/** Keeps PodDisruptionBudgets' status, by which evictions are allowed or refused. */
export class DisruptionController implements Controller {
  readonly name = 'disruption-controller';
  readonly workers = 1;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #budgets: Informer<PodDisruptionBudget>;
  readonly #pods: Informer<Pod>;
  readonly #scaled: Readonly<Record<string, Informer<Scaled & { metadata: Pod['metadata'] }>>>;

  constructor(context: ControllerContext) {
    this.#context = context;
    const { informers } = context;
    this.#budgets = informers.informer(poddisruptionbudgets);
    this.#pods = informers.informer(pods);
    this.#scaled = {
      ReplicaSet: informers.informer(replicasets),
      StatefulSet: informers.informer(statefulsets),
      ReplicationController: informers.informer(replicationcontrollers),
      Deployment: informers.informer(deployments),
    };
    this.watches = [
      { informer: this.#budgets, keysFor: (budget: PodDisruptionBudget) => [keyOf(budget)] },
      { informer: this.#pods, keysFor: (pod: Pod) => this.#budgetsOf(pod) },
      ...Object.values(this.#scaled).map((informer) => ({ informer, keysFor: () => [] })),
    ] as readonly ControllerWatch[];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<void> {
    const budget = this.#budgets.lister.get(key);
    if (budget === undefined) return;
    const matches = selectorMatcher(budget.spec?.selector);
    const selected = this.#pods.lister.list({ namespace: budget.metadata.namespace }).filter((pod) => matches(pod) && !isPodTerminal(pod));
    if (selected.length === 0) this.#context.recorder.event({ object: budget, type: 'Normal', reason: 'NoPods', message: 'No matching pods found' });
    const expectedCount = this.#expected(budget, selected);
    const status = computeBudgetStatus(budget, { pods: selected, expectedCount, nowMs: this.#context.clock.now() });
    await patchStatus(this.#context.client, { resource: poddisruptionbudgets, object: budget, status, optimistic: true, signal });
  }

  /** A plain number of pods needs no owner; a percentage, or maxUnavailable, counts what their controllers want. */
  #expected(budget: PodDisruptionBudget, selected: readonly Pod[]): number {
    const { maxUnavailable, minAvailable } = budget.spec ?? {};
    if (maxUnavailable === undefined && typeof minAvailable === 'number') return selected.length;
    const wanted = new Map<string, number>();
    for (const pod of selected) {
      const owner = controllerOf(pod);
      const workload = owner === undefined ? undefined : this.#scaled[owner.kind]?.lister.get(`${pod.metadata.namespace}/${owner.name}`);
      const parent = workload === undefined ? undefined : controllerOf(workload);
      const top = parent?.kind === 'Deployment' ? this.#scaled['Deployment']?.lister.get(`${pod.metadata.namespace}/${parent.name}`) : undefined;
      const scaled = top ?? workload;
      if (scaled !== undefined) wanted.set(scaled.metadata.uid ?? '', scaled.spec?.replicas ?? 1);
    }
    return [...wanted.values()].reduce((sum, count) => sum + count, 0);
  }

  #budgetsOf(pod: Pod): readonly string[] {
    return this.#budgets.lister
      .list({ namespace: pod.metadata.namespace })
      .filter(({ spec }) => selectorMatches(spec?.selector, pod.metadata.labels))
      .map(keyOf);
  }
}
