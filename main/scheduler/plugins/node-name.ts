import type { SchedulerPlugin } from '../framework/plugin.ts';
import { unresolvable } from '../framework/status.ts';

const MISMATCH = unresolvable("node(s) didn't match the requested node name");

export const nodeName: SchedulerPlugin = {
  name: 'NodeName',
  filter: (_state, { pod }, node) => (!pod.spec.nodeName || pod.spec.nodeName === node.name ? undefined : MISMATCH),
  mayHelp: (_pod, { resource, action }) => resource === 'Node' && action === 'Add',
};
