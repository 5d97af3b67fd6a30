import type { Node } from '../../../kube/api/generated/core/v1.ts';
import type { SchedulerPlugin } from '../framework/plugin.ts';
import { unresolvable } from '../framework/status.ts';
import { isTolerated } from './tolerations.ts';

const TAINT = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
const CORDONED = unresolvable('node(s) were unschedulable');

export const nodeUnschedulable: SchedulerPlugin = {
  name: 'NodeUnschedulable',
  filter: (_state, { pod }, { node }) => (node.spec?.unschedulable === true && !isTolerated(TAINT, pod.spec.tolerations) ? CORDONED : undefined),
  mayHelp: (_pod, { resource, action, object }) => resource === 'Node' && action !== 'Delete' && (object as Node).spec?.unschedulable !== true,
};
