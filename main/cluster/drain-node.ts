import type { Clock } from '../../kube/apimachinery/clock.ts';
import { isNotFound, isTooManyRequests } from '../../kube/apimachinery/status.ts';
import { nodes, pods } from '../../kube/api/generated/core/v1.ts';
import type { Pod } from '../../kube/api/generated/core/v1.ts';
import type { Client } from '../../kube/client/client.ts';

/** A budget that never allows an eviction must not keep a user from removing a node. */
const drainLimitMs = 60_000;
const retryMs = 1_000;

/** Cordons the node and evicts its pods through their budgets; after the limit the rest is left to the garbage collector. */
export async function drainNode(client: Client, name: string, { signal, clock }: { signal: AbortSignal; clock: Clock }): Promise<void> {
  const found = await client.patch(nodes, { name }, { type: 'merge', patch: { spec: { unschedulable: true } } }, { signal }).then(() => true, (error: unknown) => {
    if (isNotFound(error)) return false;
    throw error;
  });
  if (!found) return;
  const deadline = clock.monotonicMs() + drainLimitMs;
  while (clock.monotonicMs() < deadline) {
    const { items } = await client.list(pods, { fieldSelector: `spec.nodeName=${name}`, signal });
    const remaining = items.filter((pod) => !isLeftAlone(pod));
    if (remaining.length === 0) return;
    await Promise.all(remaining.filter((pod) => pod.metadata.deletionTimestamp === undefined).map((pod) => evict(client, pod, signal)));
    await clock.sleep(retryMs, signal);
  }
}

/**
 * As kubectl drain: pods of DaemonSets and mirror pods belong to the node, finished ones need no eviction. One that finished because it is
 * being deleted waits for its kubelet to let it go, and is waited for: without its node it would stay until the garbage collector comes.
 */
function isLeftAlone({ metadata, status }: Pod): boolean {
  const owner = metadata.ownerReferences?.find((reference) => reference.controller === true);
  if (owner?.kind === 'DaemonSet' || metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined) return true;
  return metadata.deletionTimestamp === undefined && (status?.phase === 'Succeeded' || status?.phase === 'Failed');
}

async function evict(client: Client, pod: Pod, signal: AbortSignal): Promise<void> {
  const { name, namespace } = pod.metadata;
  try {
    await client.raw({ method: 'POST', path: `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } }, signal });
  } catch (error) {
    if (!isNotFound(error) && !isTooManyRequests(error)) throw error; // Gone already, or its budget says not now.
  }
}
