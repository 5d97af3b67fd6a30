import { type Pod, pods } from '../../../kube/api/generated/core/v1.ts';
import type { Client } from '../../../kube/client/client.ts';
import type { SchedulerPlugin } from '../framework/plugin.ts';
import { failure } from '../framework/status.ts';

/** Binds by POST pods/<name>/binding. */
export function defaultBinder(client: Client): SchedulerPlugin {
  return {
    name: 'DefaultBinder',
    async bind(_state, { pod }, { nodeName, signal }) {
      const { name, namespace, uid } = pod.metadata;
      const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace, uid }, target: { kind: 'Node', name: nodeName } };
      try {
        await client.create(pods, binding as unknown as Pod, { namespace, subresource: 'binding', signal });
        return undefined;
      } catch (error) {
        return failure(error);
      }
    },
  };
}
