import type { Node, Pod } from '../../../kube/api/generated/core/v1.ts';
import type { NodeInfo } from '../framework/node-info.ts';
import { MAX_NODE_SCORE } from '../framework/normalize.ts';
import type { SchedulerPlugin } from '../framework/plugin.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import { podRequests, resourcesFrom } from '../framework/resources.ts';
import type { Status } from '../framework/status.ts';

/** What a pod lacks on a node, in upstream's order; empty when it fits. */
export function insufficientResources({ requests }: PodInfo, node: NodeInfo): readonly { readonly reason: string; readonly never: boolean }[] {
  const { allocatable, requested } = node;
  const missing: { reason: string; never: boolean }[] = [];
  if (node.pods.size + 1 > allocatable.pods) missing.push({ reason: 'Too many pods', never: false });
  const check = (name: string, amounts: { readonly wanted: number; readonly total: number; readonly used: number }): void => {
    const { wanted, total, used } = amounts;
    if (wanted > 0 && wanted > total - used) missing.push({ reason: `Insufficient ${name}`, never: wanted > total });
  };
  check('cpu', { wanted: requests.milliCPU, total: allocatable.milliCPU, used: requested.milliCPU });
  check('memory', { wanted: requests.memory, total: allocatable.memory, used: requested.memory });
  check('ephemeral-storage', { wanted: requests.ephemeralStorage, total: allocatable.ephemeralStorage, used: requested.ephemeralStorage });
  for (const [name, wanted] of requests.scalar) {
    check(name, { wanted, total: allocatable.scalar.get(name) ?? 0, used: requested.scalar.get(name) ?? 0 });
  }
  return missing;
}

function filterFit(info: PodInfo, node: NodeInfo): Status | undefined {
  const missing = insufficientResources(info, node);
  if (missing.length === 0) return undefined;
  const code = missing.some(({ never }) => never) ? 'UnschedulableAndUnresolvable' : 'Unschedulable';
  return { code, reasons: missing.map(({ reason }) => reason) };
}

/** LeastAllocated over cpu and memory: the emptier node wins. */
function leastAllocated({ nonZeroRequests }: PodInfo, { allocatable, nonZeroRequested }: NodeInfo): number {
  const free = (total: number, used: number): number => (total === 0 || used > total ? 0 : Math.floor(((total - used) * MAX_NODE_SCORE) / total));
  const cpu = free(allocatable.milliCPU, nonZeroRequested.milliCPU + nonZeroRequests.milliCPU);
  const memory = free(allocatable.memory, nonZeroRequested.memory + nonZeroRequests.memory);
  return Math.floor((cpu + memory) / 2);
}

export const nodeResourcesFit: SchedulerPlugin = {
  name: 'NodeResourcesFit',
  weight: 1,
  filter: (_state, info, node) => filterFit(info, node),
  score: (_state, info, node) => leastAllocated(info, node),
  mayHelp(pod, { resource, action, object, previous }) {
    if (resource === 'AssignedPod') return action !== 'Add';
    if (resource !== 'Node' || action === 'Delete') return false;
    const fits = couldFit(pod, object as Node);
    return action === 'Add' ? fits : fits && JSON.stringify((previous as Node).status?.allocatable) !== JSON.stringify((object as Node).status?.allocatable);
  },
};

function couldFit(pod: Pod, node: Node): boolean {
  const requests = podRequests(pod);
  const allocatable = resourcesFrom(node.status?.allocatable);
  return requests.milliCPU <= allocatable.milliCPU && requests.memory <= allocatable.memory;
}
