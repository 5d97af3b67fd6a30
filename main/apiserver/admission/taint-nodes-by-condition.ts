import type { Node } from '../../../kube/api/generated/core/v1.ts';
import type { AdmissionPlugin } from './admission.ts';
import { isFor } from './refusal.ts';

const KEY = 'node.kubernetes.io/not-ready';

/** A new node takes no pods before it has said that it is ready. */
export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  handles: (attributes) => isFor(attributes, 'nodes', { operations: ['CREATE'] }),
  mutate({ object }) {
    const node = object as Node;
    const taints = node.spec?.taints ?? [];
    if (taints.some(({ key, effect }) => key === KEY && effect === 'NoSchedule')) return node;
    return { ...node, spec: { ...node.spec, taints: [...taints, { key: KEY, effect: 'NoSchedule' }] } };
  },
};
