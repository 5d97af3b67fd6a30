import type { SchedulerPlugin } from '../framework/plugin.ts';
import { unresolvable } from '../framework/status.ts';

export const schedulingGates: SchedulerPlugin = {
  name: 'SchedulingGates',
  preEnqueue(pod) {
    const gates = pod.spec.schedulingGates ?? [];
    return gates.length === 0 ? undefined : unresolvable(`waiting for scheduling gates: [${gates.map(({ name }) => name).join(' ')}]`);
  },
};
