import { type HorizontalPodAutoscaler, horizontalpodautoscalers, type HorizontalPodAutoscalerStatus, type MetricSpec, type MetricStatus } from '../../../kube/api/generated/autoscaling/v2.ts';
import { type Pod, pods } from '../../../kube/api/generated/core/v1.ts';
import { formatLabelSelector, type LabelRequirements, matchesLabels } from '../../../kube/apimachinery/label-selector.ts';
import { parseLabelSelector } from '../../../kube/apimachinery/label-selector-parser.ts';
import { isConflict } from '../../../kube/apimachinery/status.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import { keyOf, splitKey } from '../object-key.ts';
import { messageOf } from '../pod-control.ts';
import { semanticEqual } from '../semantic-equal.ts';
import { StatusDraft } from './autoscaler-conditions.ts';
import { normalizeReplicas } from './limit-replicas.ts';
import { isExpected, MetricError } from './metric-error.ts';
import { MetricsClient } from './metrics-client.ts';
import { FAILURE_REASONS, failurePrefix, type MetricQuestion, proposeReplicas } from './propose-replicas.ts';
import { readScale, type ScaleTarget } from './scale-target.ts';
import { ScalingHistories } from './scaling-history.ts';

/** Upstream: --horizontal-pod-autoscaler-sync-period; also how long a new autoscaler waits. */
const SYNC_PERIOD_MS = 15_000;
/** Upstream: retry.DefaultRetry. */
const MAX_RESCALE_TRIES = 5;

/** One pass over one autoscaler. */
interface Pass {
  readonly autoscaler: HorizontalPodAutoscaler;
  readonly key: string;
  readonly draft: StatusDraft;
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

interface Decision {
  readonly desired: number;
  readonly reason: string;
  readonly metrics?: readonly MetricStatus[];
}

interface Computed {
  readonly replicas: number;
  readonly metric: string;
  readonly statuses: readonly MetricStatus[];
}

/** Scales whatever has a scale by what its pods use (upstream: pkg/controller/podautoscaler). */
export class HorizontalPodAutoscalerController implements Controller {
  readonly name = 'horizontal-pod-autoscaler-controller';
  readonly workers = 5;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #autoscalers: Informer<HorizontalPodAutoscaler>;
  readonly #pods: Informer<Pod>;
  readonly #metrics: MetricsClient;
  readonly #histories = new ScalingHistories();
  /** The selectors of the targets that were read: two autoscalers of one pod would undo each other's work. */
  readonly #selectors = new Map<string, LabelRequirements>();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#metrics = new MetricsClient(context.client);
    this.#autoscalers = context.informers.informer(horizontalpodautoscalers);
    this.#pods = context.informers.informer(pods);
    this.watches = [
      { informer: this.#autoscalers, keysFor: (autoscaler: HorizontalPodAutoscaler) => [keyOf(autoscaler)], delayMs: SYNC_PERIOD_MS },
      { informer: this.#pods, keysFor: () => [] },
    ] as readonly ControllerWatch[];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<{ requeueAfterMs: number } | void> {
    const autoscaler = this.#autoscalers.lister.get(key);
    if (autoscaler === undefined) {
      this.#histories.forget(key);
      this.#selectors.delete(key);
      return;
    }
    const nowMs = this.#context.clock.now();
    const pass: Pass = { autoscaler, key, draft: new StatusDraft(autoscaler, nowMs), nowMs, signal };
    await this.#run(pass);
    await this.#writeStatus(pass);
    return { requeueAfterMs: SYNC_PERIOD_MS };
  }

  async #run(pass: Pass): Promise<void> {
    const target = await this.#readTarget(pass);
    if (target === undefined) return;
    const current = target.scale.spec.replicas ?? 0;
    this.#histories.of(pass.key, { replicas: current, nowMs: pass.nowMs });
    const decision = await this.#decide(pass, target);
    if (decision === undefined) return;
    const { desired, reason, metrics } = decision;
    const isRescaled = desired !== current;
    if (isRescaled && !(await this.#rescale(pass, { target, desired, reason }))) {
      pass.draft.setCounts({ current, metrics });
      return;
    }
    pass.draft.setCounts({ current, desired, metrics, isRescaled });
  }

  async #readTarget({ autoscaler, draft, signal }: Pass): Promise<ScaleTarget | undefined> {
    const { apiVersion = '', kind, name } = autoscaler.spec.scaleTargetRef;
    try {
      const target = await readScale(this.#context.client, { apiVersion, kind, name, namespace: autoscaler.metadata.namespace ?? '' }, signal);
      draft.setCondition({ type: 'AbleToScale', isTrue: true, reason: 'SucceededGetScale', message: "the HPA controller was able to get the target's current scale" });
      return target;
    } catch (error) {
      if (!isExpected(error)) throw error;
      this.#warn(autoscaler, 'FailedGetScale', messageOf(error));
      draft.setCondition({ type: 'AbleToScale', isTrue: false, reason: 'FailedGetScale', message: `the HPA controller was unable to get the target's current scale: ${messageOf(error)}` });
      return undefined;
    }
  }

  /** How many there should be; undefined when that cannot be told. */
  async #decide(pass: Pass, target: ScaleTarget): Promise<Decision | undefined> {
    const { minReplicas: min = 1, maxReplicas: max } = pass.autoscaler.spec;
    const current = target.scale.spec.replicas ?? 0;
    if (current === 0) {
      pass.draft.setCondition({ type: 'ScalingActive', isTrue: false, reason: 'ScalingDisabled', message: 'scaling is disabled since the replica count of the target is zero' });
      pass.draft.removeCondition('ScaledToZero');
      return { desired: 0, reason: '' };
    }
    if (current > max) return { desired: max, reason: 'Current number of replicas above Spec.MaxReplicas' };
    if (current < min) return { desired: min, reason: 'Current number of replicas below Spec.MinReplicas' };
    const computed = await this.#compute(pass, target);
    return computed === undefined ? undefined : this.#normalize(pass, { current, min, max, computed });
  }

  #normalize({ autoscaler, key, draft, nowMs }: Pass, { current, min, max, computed }: { readonly current: number; readonly min: number; readonly max: number; readonly computed: Computed }): Decision {
    const { replicas: wanted, metric, statuses } = computed;
    const history = this.#histories.of(key, { replicas: current, nowMs });
    const { replicas, able, limited } = normalizeReplicas({ current, desired: wanted, min, max }, { behavior: autoscaler.spec.behavior, history, nowMs });
    this.#histories.add(key, 'recommendations', { value: wanted, atMs: nowMs });
    draft.setCondition({ type: 'AbleToScale', isTrue: true, ...able });
    draft.setCondition({ type: 'ScalingLimited', isTrue: limited.isLimited, reason: limited.reason, message: limited.message });
    const reason = wanted > current ? `${metric} above target` : wanted < current ? 'All metrics below target' : '';
    return { desired: replicas, reason, metrics: statuses };
  }

  /** The largest count that any metric asks for. Some may fail, unless fewer pods would then follow from the others. */
  async #compute(pass: Pass, { scale }: ScaleTarget): Promise<Computed | undefined> {
    const { autoscaler, draft, nowMs, signal } = pass;
    const specs = autoscaler.spec.metrics ?? [];
    const current = scale.spec.replicas ?? 0;
    const statuses: MetricStatus[] = specs.map(() => ({ type: '' }));
    const failures: { spec: MetricSpec; message: string }[] = [];
    let best: { readonly replicas: number; readonly metric: string } = { replicas: 0, metric: '' };
    try {
      const selected = this.#select(pass, scale.status?.selector ?? '');
      const question: MetricQuestion = { autoscaler, ...selected, specReplicas: current, statusReplicas: scale.status?.replicas ?? 0, nowMs };
      for (const [index, spec] of specs.entries()) {
        try {
          const { replicas, metric, status } = await proposeReplicas(spec, question, { client: this.#metrics, signal });
          statuses[index] = status;
          if (best.replicas === 0 || replicas > best.replicas) best = { replicas, metric };
        } catch (error) {
          if (!isExpected(error)) throw error;
          this.#warn(autoscaler, FAILURE_REASONS[spec.type] ?? 'InvalidMetricSourceType', messageOf(error));
          failures.push({ spec, message: messageOf(error) });
        }
      }
    } catch (error) {
      if (!isExpected(error)) throw error;
      return this.#giveUp(pass, { current, metrics: undefined, message: messageOf(error) });
    }
    const [first] = failures;
    if (first !== undefined && (failures.length === specs.length || best.replicas < current)) {
      const reason = FAILURE_REASONS[first.spec.type] ?? 'InvalidMetricSourceType';
      draft.setCondition({ type: 'ScalingActive', isTrue: false, reason, message: `the HPA was unable to compute the replica count: ${first.message}` });
      const message = `invalid metrics (${failures.length} invalid out of ${specs.length}), first error is: ${failurePrefix(first.spec)}: ${first.message}`;
      return this.#giveUp(pass, { current, metrics: statuses, message });
    }
    draft.setCondition({ type: 'ScalingActive', isTrue: true, reason: 'ValidMetricFound', message: `the HPA was able to successfully calculate a replica count from ${best.metric}` });
    return { ...best, statuses };
  }

  #giveUp({ autoscaler, draft }: Pass, { current, metrics, message }: { readonly current: number; readonly metrics: readonly MetricStatus[] | undefined; readonly message: string }): undefined {
    draft.setCounts({ current, metrics });
    this.#warn(autoscaler, 'FailedComputeMetricsReplicas', message);
    return undefined;
  }

  /** Upstream: validateAndParseSelector. */
  #select(pass: Pass, text: string): { readonly selector: string; readonly pods: readonly Pod[] } {
    const { autoscaler, key } = pass;
    if (text === '') throw this.#invalidSelector(pass, { event: 'SelectorRequired', reason: 'InvalidSelector', message: 'selector is required', condition: "the HPA target's scale is missing a selector" });
    let requirements: LabelRequirements;
    try {
      requirements = parseLabelSelector(text);
    } catch (error) {
      throw this.#invalidSelector(pass, { event: 'InvalidSelector', reason: 'InvalidSelector', message: `couldn't convert selector into a corresponding internal selector object: ${messageOf(error)}` });
    }
    this.#selectors.set(key, requirements);
    const selected = this.#pods.lister.list({ namespace: autoscaler.metadata.namespace }).filter(({ metadata }) => matchesLabels(requirements, metadata.labels));
    const rivals = this.#autoscalersOf(selected, autoscaler.metadata.namespace ?? '');
    if (rivals.length > 1) {
      const names = rivals.map((rival) => `{${splitKey(rival).name} ${splitKey(rival).namespace}}`).join(' ');
      throw this.#invalidSelector(pass, { event: 'AmbiguousSelector', reason: 'AmbiguousSelector', message: `pods by selector ${text} are controlled by multiple HPAs: [${names}]` });
    }
    return { selector: formatLabelSelector(requirements), pods: selected };
  }

  #invalidSelector({ autoscaler, draft }: Pass, wrong: { readonly event: string; readonly reason: string; readonly message: string; readonly condition?: string }): MetricError {
    this.#warn(autoscaler, wrong.event, wrong.message);
    draft.setCondition({ type: 'ScalingActive', isTrue: false, reason: wrong.reason, message: wrong.condition ?? wrong.message });
    return new MetricError(wrong.message);
  }

  #autoscalersOf(selected: readonly Pod[], namespace: string): readonly string[] {
    return [...this.#selectors]
      .filter(([key, requirements]) => splitKey(key).namespace === namespace && selected.some(({ metadata }) => matchesLabels(requirements, metadata.labels)))
      .map(([key]) => key)
      .filter((key) => this.#autoscalers.lister.get(key) !== undefined);
  }

  async #rescale({ autoscaler, key, draft, nowMs, signal }: Pass, { target, desired, reason }: { readonly target: ScaleTarget; readonly desired: number; readonly reason: string }): Promise<boolean> {
    const { scale, resource } = target;
    const current = scale.spec.replicas ?? 0;
    try {
      await this.#updateScale({ scale, resource }, desired, signal);
    } catch (error) {
      if (!isExpected(error)) throw error;
      this.#warn(autoscaler, 'FailedRescale', `New size: ${desired}; reason: ${reason}; error: ${messageOf(error)}`);
      draft.setCondition({ type: 'AbleToScale', isTrue: false, reason: 'FailedUpdateScale', message: `the HPA controller was unable to update the target scale: ${messageOf(error)}` });
      return false;
    }
    draft.setCondition({ type: 'AbleToScale', isTrue: true, reason: 'SucceededRescale', message: `the HPA controller was able to update the target scale to ${desired}` });
    draft.removeCondition('ScaledToZero');
    this.#context.recorder.event({ object: autoscaler, type: 'Normal', reason: 'SuccessfulRescale', message: `New size: ${desired}; reason: ${reason}` });
    this.#histories.add(key, desired > current ? 'scaledUp' : 'scaledDown', { value: Math.abs(desired - current), atMs: nowMs });
    return true;
  }

  async #updateScale({ scale, resource }: ScaleTarget, replicas: number, signal: AbortSignal): Promise<void> {
    const { client } = this.#context;
    const { namespace, name } = scale.metadata;
    let latest = scale;
    for (let tries = 1; ; tries += 1) {
      try {
        await client.update(resource, { ...latest, spec: { ...latest.spec, replicas } }, { namespace, subresource: 'scale', signal });
        return;
      } catch (error) {
        if (!isConflict(error) || tries >= MAX_RESCALE_TRIES) throw error;
        latest = await client.get(resource, { namespace, name }, { subresource: 'scale', signal });
      }
    }
  }

  async #writeStatus({ autoscaler, draft, signal }: Pass): Promise<void> {
    if (semanticEqual(autoscaler.status, draft.status)) return;
    const status = draft.status as HorizontalPodAutoscalerStatus; // An absent list of metrics is upstream's null.
    try {
      await this.#context.client.update(horizontalpodautoscalers, { ...autoscaler, status }, { subresource: 'status', signal });
    } catch (error) {
      if (!isExpected(error)) throw error;
      this.#warn(autoscaler, 'FailedUpdateStatus', messageOf(error));
    }
  }

  #warn(autoscaler: HorizontalPodAutoscaler, reason: string, message: string): void {
    this.#context.recorder.event({ object: autoscaler, type: 'Warning', reason, message });
  }
}
