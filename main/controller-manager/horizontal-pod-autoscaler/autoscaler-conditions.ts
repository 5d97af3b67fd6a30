import type { HorizontalPodAutoscaler, HorizontalPodAutoscalerCondition, HorizontalPodAutoscalerStatus, MetricStatus } from '../../../kube/api/generated/autoscaling/v2.ts';
import { formatTime } from '../../../kube/apimachinery/time.ts';

export interface ConditionChange {
  readonly type: 'AbleToScale' | 'ScalingActive' | 'ScalingLimited';
  readonly isTrue: boolean;
  readonly reason: string;
  readonly message: string;
}

/** Conditions keep their order, and the time of their last transition while the status stays. */
export function withCondition(conditions: readonly HorizontalPodAutoscalerCondition[], change: ConditionChange, nowMs: number): HorizontalPodAutoscalerCondition[] {
  const { type, isTrue, reason, message } = change;
  const known = conditions.find((condition) => condition.type === type);
  const status = isTrue ? 'True' : 'False';
  const lastTransitionTime = known?.status === status ? known.lastTransitionTime : formatTime(nowMs);
  const next: HorizontalPodAutoscalerCondition = { type, status, lastTransitionTime, reason, message };
  return known === undefined ? [...conditions, next] : conditions.map((condition) => (condition === known ? next : condition));
}

/** An autoscaler's status as one pass leaves it; nothing is written before the pass ends. */
export class StatusDraft {
  readonly #nowMs: number;
  #status: Partial<HorizontalPodAutoscalerStatus>;

  constructor({ status }: HorizontalPodAutoscaler, nowMs: number) {
    this.#nowMs = nowMs;
    this.#status = status ?? {};
  }

  get status(): Partial<HorizontalPodAutoscalerStatus> {
    return this.#status;
  }

  setCondition(change: ConditionChange): void {
    this.#status = { ...this.#status, conditions: withCondition(this.#status.conditions ?? [], change, this.#nowMs) };
  }

  /** Of an autoscaler of a feature that is off here (HPAScaleToZero). */
  removeCondition(type: string): void {
    this.#status = { ...this.#status, conditions: (this.#status.conditions ?? []).filter((condition) => condition.type !== type) };
  }

  /** Upstream: setStatus. What is not named here is dropped, `observedGeneration` included; without `desired` the last wish stays. */
  setCounts(counts: { readonly current: number; readonly desired?: number; readonly metrics: readonly MetricStatus[] | undefined; readonly isRescaled?: boolean }): void {
    const { desiredReplicas = 0, lastScaleTime, conditions } = this.#status;
    const scaledAt = counts.isRescaled === true ? formatTime(this.#nowMs) : lastScaleTime;
    this.#status = {
      currentReplicas: counts.current,
      desiredReplicas: counts.desired ?? desiredReplicas,
      ...(scaledAt !== undefined && { lastScaleTime: scaledAt }),
      ...(counts.metrics !== undefined && { currentMetrics: [...counts.metrics] }),
      ...(conditions !== undefined && { conditions }),
    };
  }
}
