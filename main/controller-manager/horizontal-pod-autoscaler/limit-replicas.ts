import type { HorizontalPodAutoscalerBehavior, HPAScalingRules } from '../../../kube/api/generated/autoscaling/v2.ts';
import type { Sample, ScalingHistory } from './scaling-history.ts';

/** Upstream: --horizontal-pod-autoscaler-downscale-stabilization. */
const DOWNSCALE_STABILIZATION_SECONDS = 300;
/** Without a behavior: at most twice as many at once, or this many. */
const SCALE_UP_FACTOR = 2;
const SCALE_UP_MINIMUM = 4;

export interface Wish {
  readonly current: number;
  readonly desired: number;
  readonly min: number;
  readonly max: number;
}

export interface Limited {
  readonly replicas: number;
  readonly reason: string;
  readonly message: string;
}

export interface Normalized {
  readonly replicas: number;
  /** What AbleToScale says, and ScalingLimited. */
  readonly able: { readonly reason: string; readonly message: string };
  readonly limited: { readonly isLimited: boolean; readonly reason: string; readonly message: string };
}

const READY = { reason: 'ReadyForNewScale', message: 'recommended size matches current size' };
const UP_STABILIZED = { reason: 'ScaleUpStabilized', message: 'recent recommendations were lower than current one, applying the lowest recent recommendation' };
const DOWN_STABILIZED = { reason: 'ScaleDownStabilized', message: 'recent recommendations were higher than current one, applying the highest recent recommendation' };
const IN_RANGE = { reason: 'DesiredWithinRange', message: 'the desired count is within the acceptable range' };
const TOO_FEW = { reason: 'TooFewReplicas', message: 'the desired replica count is less than the minimum replica count' };
const TOO_MANY = { reason: 'TooManyReplicas', message: 'the desired replica count is more than the maximum replica count' };
const UP_LIMIT = { reason: 'ScaleUpLimit', message: 'the desired replica count is increasing faster than the maximum scale rate' };
const DOWN_LIMIT = { reason: 'ScaleDownLimit', message: 'the desired replica count is decreasing faster than the maximum scale rate' };

/**
 * What the metrics ask for, brought within the range and the rate that are allowed (upstream: normalizeDesiredReplicas and its sibling
 * for behaviors). The history is that before this wish.
 */
export function normalizeReplicas(wish: Wish, { behavior, history, nowMs }: { readonly behavior: HorizontalPodAutoscalerBehavior | undefined; readonly history: ScalingHistory; readonly nowMs: number }): Normalized {
  const stabilized = behavior === undefined ? stabilizeDown(wish.desired, history, nowMs) : stabilize(wish, { behavior, history, nowMs });
  const steady = { ...wish, desired: stabilized };
  const { replicas, reason, message } = behavior === undefined ? limitByDefault(steady) : limitByPolicies(steady, { behavior, history, nowMs });
  const text = behavior !== undefined && wish.desired >= wish.current ? UP_STABILIZED : DOWN_STABILIZED;
  return { replicas, able: stabilized === wish.desired ? READY : text, limited: { isLimited: replicas !== stabilized, reason, message } };
}

function stabilizeDown(desired: number, { recommendations }: ScalingHistory, nowMs: number): number {
  const recent = recommendations.filter(({ atMs }) => atMs >= nowMs - DOWNSCALE_STABILIZATION_SECONDS * 1000);
  return Math.max(desired, ...recent.map(({ value }) => value));
}

/** Up no further than the lowest recommendation of the window for up, down no further than the highest of that for down. */
function stabilize({ current, desired }: Wish, { behavior, history, nowMs }: { readonly behavior: HorizontalPodAutoscalerBehavior; readonly history: ScalingHistory; readonly nowMs: number }): number {
  const within = (seconds: number): number[] => history.recommendations.filter(({ atMs }) => atMs > nowMs - seconds * 1000).map(({ value }) => value);
  const lowest = Math.min(desired, ...within(behavior.scaleUp?.stabilizationWindowSeconds ?? 0));
  const highest = Math.max(desired, ...within(behavior.scaleDown?.stabilizationWindowSeconds ?? DOWNSCALE_STABILIZATION_SECONDS));
  return Math.min(highest, Math.max(lowest, current));
}

function limitByDefault({ current, desired, min, max }: Wish): Limited {
  const fastest = Math.max(SCALE_UP_FACTOR * current, SCALE_UP_MINIMUM);
  if (desired < min) return { replicas: min, ...TOO_FEW };
  if (desired > Math.min(max, fastest)) return max > fastest ? { replicas: fastest, ...UP_LIMIT } : { replicas: max, ...TOO_MANY };
  return { replicas: desired, ...IN_RANGE };
}

function limitByPolicies({ current, desired, min, max }: Wish, { behavior, history, nowMs }: { readonly behavior: HorizontalPodAutoscalerBehavior; readonly history: ScalingHistory; readonly nowMs: number }): Limited {
  if (desired > current) {
    const fastest = Math.max(current, policyLimit(behavior.scaleUp, { direction: 1, current, history, nowMs }));
    if (desired > Math.min(max, fastest)) return max > fastest ? { replicas: fastest, ...UP_LIMIT } : { replicas: max, ...TOO_MANY };
  } else if (desired < current) {
    const lowest = Math.min(current, policyLimit(behavior.scaleDown, { direction: -1, current, history, nowMs }));
    if (desired < Math.max(min, lowest)) return min < lowest ? { replicas: lowest, ...DOWN_LIMIT } : { replicas: min, ...TOO_FEW };
  }
  return { replicas: desired, ...IN_RANGE };
}

/** How far the policies let the count go: each counts from what there was at the start of its period; `selectPolicy` chooses among them. */
function policyLimit(rules: HPAScalingRules | undefined, at: { readonly direction: 1 | -1; readonly current: number; readonly history: ScalingHistory; readonly nowMs: number }): number {
  const { direction, current, history, nowMs } = at;
  const { selectPolicy = 'Max', policies = [] } = rules ?? {};
  if (selectPolicy === 'Disabled' || policies.length === 0) return current;
  const limits = policies.map(({ type, value, periodSeconds }) => {
    const start = current - changeSince(history.scaledUp, nowMs - periodSeconds * 1000) + changeSince(history.scaledDown, nowMs - periodSeconds * 1000);
    if (type === 'Pods') return start + direction * value;
    return direction === 1 ? Math.ceil(start * (1 + value / 100)) : Math.trunc(start * (1 - value / 100));
  });
  return (selectPolicy === 'Min') === (direction === 1) ? Math.min(...limits) : Math.max(...limits);
}

function changeSince(samples: readonly Sample[], sinceMs: number): number {
  return samples.reduce((sum, { value, atMs }) => (atMs > sinceMs ? sum + value : sum), 0);
}
