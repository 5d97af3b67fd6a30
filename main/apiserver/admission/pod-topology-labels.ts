import type { Binding, Node, Pod } from '../../../kube/api/generated/core/v1.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { ObjectReader } from '../authentication/object-reader.ts';
import type { AdmissionPlugin } from './admission.ts';
import { isFor } from './refusal.ts';

const COPIED = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'];

/** Pods say where they run: zone and region of their node, as labels, when they are bound or created on one (KEP-4742). */
export function podTopologyLabels(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'PodTopologyLabels',
    handles: (attributes) => isFor(attributes, 'pods', { operations: ['CREATE'], subresources: ['', 'binding'] }),
    async mutate({ object, subresource }) {
      const target = object as KubernetesObject;
      const nodeName = subresource === 'binding' ? nodeOfBinding(target as unknown as Binding) : (target as Pod).spec?.nodeName;
      const node = nodeName ? await reader.get<Node>({ group: '', resource: 'nodes' }, { name: nodeName }) : undefined;
      const labels = Object.entries(node?.metadata.labels ?? {}).filter(([key]) => COPIED.includes(key));
      if (labels.length === 0) return target;
      return { ...target, metadata: { ...target.metadata, labels: { ...target.metadata.labels, ...Object.fromEntries(labels) } } };
    },
  };
}

function nodeOfBinding({ target }: Binding): string | undefined {
  return target?.kind === 'Node' ? target.name : undefined;
}
