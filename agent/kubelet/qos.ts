import type { Container, Pod } from '../../kube/api/generated/core/v1.ts';
import { quantityValue, wholeValue } from './quantity-value.ts';

export type QOSClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

/** Upstream: pkg/apis/core/v1/helper/qos. The API server stores it; computed here for a server that did not. */
export function podQOS(pod: Pod): QOSClass {
  if (pod.status?.qosClass !== undefined && pod.status.qosClass !== '') return pod.status.qosClass as QOSClass;
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  const requirements = pod.spec.resources !== undefined ? [pod.spec.resources] : containers.map((container) => container.resources ?? {});
  let any = false;
  let guaranteed = true;
  for (const { requests = {}, limits = {} } of requirements) {
    for (const name of ['cpu', 'memory']) {
      const request = quantityValue(requests[name] ?? limits[name]);
      const limit = quantityValue(limits[name]);
      if (request > 0 || limit > 0) any = true;
      if (limit === 0 || request !== limit) guaranteed = false;
    }
  }
  if (!any) return 'BestEffort';
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

const GUARANTEED_OOM_SCORE = -997;
const BEST_EFFORT_OOM_SCORE = 1000;

/** The less of its node's memory a burstable container asked for, the sooner it dies (upstream: pkg/kubelet/qos/policy.go). */
export function oomScoreAdjust(options: { readonly pod: Pod; readonly container: Container; readonly memoryCapacityBytes: number }): number {
  const { pod, container, memoryCapacityBytes } = options;
  if ((pod.spec.priority ?? 0) >= 2_000_000_000) return GUARANTEED_OOM_SCORE;
  const qos = podQOS(pod);
  if (qos === 'Guaranteed') return GUARANTEED_OOM_SCORE;
  if (qos === 'BestEffort') return BEST_EFFORT_OOM_SCORE;
  const request = wholeValue(container.resources?.requests?.['memory'] ?? container.resources?.limits?.['memory']);
  const score = 1000 - Math.floor((1000 * request) / memoryCapacityBytes);
  if (score < 1000 + GUARANTEED_OOM_SCORE) return 1000 + GUARANTEED_OOM_SCORE;
  return score === BEST_EFFORT_OOM_SCORE ? score - 1 : score;
}
