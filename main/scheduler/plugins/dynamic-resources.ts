import type { SchedulerPlugin } from '../framework/plugin.ts';
import { unschedulable } from '../framework/status.ts';

/** Resource claims are not scheduled yet; what stays is the plugin's word in the event of every pod that fits nowhere. */
export const dynamicResources: SchedulerPlugin = {
  name: 'DynamicResources',
  preEnqueue(pod) {
    const claims = pod.spec.resourceClaims ?? [];
    return claims.length === 0 ? undefined : unschedulable(`waiting for dynamic resources, which this scheduler does not allocate: [${claims.map(({ name }) => name).join(' ')}]`);
  },
  postFilter: () => ({ status: unschedulable('no new claims to deallocate') }),
};
