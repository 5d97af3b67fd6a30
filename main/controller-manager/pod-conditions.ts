import type { Pod, PodCondition } from '../../kube/api/generated/core/v1.ts';
import { parseTime } from '../../kube/apimachinery/time.ts';

export function podCondition(pod: Pod, type: string): PodCondition | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type);
}

export function isPodReady(pod: Pod): boolean {
  return podCondition(pod, 'Ready')?.status === 'True';
}

export function isPodTerminal(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** Neither finished nor being deleted. */
export function isPodActive(pod: Pod): boolean {
  return !isPodTerminal(pod) && pod.metadata.deletionTimestamp === undefined;
}

/** Being deleted and not yet finished. */
export function isPodTerminating(pod: Pod): boolean {
  return !isPodTerminal(pod) && pod.metadata.deletionTimestamp !== undefined;
}

/** Ready for at least minReadySeconds. */
export function isPodAvailable(pod: Pod, options: { readonly minReadySeconds: number; readonly nowMs: number }): boolean {
  if (!isPodReady(pod)) return false;
  if (options.minReadySeconds === 0) return true;
  const since = parseTime(podCondition(pod, 'Ready')?.lastTransitionTime);
  return since !== undefined && since + options.minReadySeconds * 1000 <= options.nowMs;
}

/** When the first ready, not yet available pod becomes available; undefined when none is waiting. */
export function nextAvailabilityMs(pods: readonly Pod[], options: { readonly minReadySeconds: number; readonly nowMs: number }): number | undefined {
  if (options.minReadySeconds === 0) return undefined;
  let next: number | undefined;
  for (const pod of pods) {
    if (!isPodReady(pod) || isPodAvailable(pod, options)) continue;
    const since = parseTime(podCondition(pod, 'Ready')?.lastTransitionTime);
    if (since === undefined) continue;
    const wait = since + options.minReadySeconds * 1000 - options.nowMs;
    if (next === undefined || wait < next) next = wait;
  }
  return next;
}
