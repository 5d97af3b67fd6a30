import type { Pod } from '../../../kube/api/generated/core/v1.ts';
import type { SchedulerPlugin } from '../framework/plugin.ts';
import { newPodInfo, portsConflict } from '../framework/pod-info.ts';
import { SKIP, unschedulable } from '../framework/status.ts';

const TAKEN = unschedulable("node(s) didn't have free ports for the requested pod ports");

export const nodePorts: SchedulerPlugin = {
  name: 'NodePorts',
  preFilter: (_state, { hostPorts }) => (hostPorts.length === 0 ? { status: SKIP } : undefined),
  filter(_state, { hostPorts }, node) {
    for (const other of node.podsWithHostPorts.values()) {
      if (other.hostPorts.some((used) => hostPorts.some((wanted) => portsConflict(used, wanted)))) return TAKEN;
    }
    return undefined;
  },
  mayHelp: (_pod, { resource, action, object }) =>
    (resource === 'Node' && action === 'Add') || (resource === 'AssignedPod' && action === 'Delete' && newPodInfo(object as Pod).hostPorts.length > 0),
};
