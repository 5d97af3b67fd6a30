import type { Pod } from '../../kube/api/generated/core/v1.ts';

/** Indexer `node`: the node that a pod is assigned to. */
export const NODE_INDEX = 'node';
export function nodeIndex(pod: Pod): readonly string[] {
  return pod.spec.nodeName ? [pod.spec.nodeName] : [];
}
