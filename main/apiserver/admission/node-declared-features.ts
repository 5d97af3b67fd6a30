import type { Node, Pod } from '../../../kube/api/generated/core/v1.ts';
import { goQuote } from '../../../kube/apimachinery/go-format.ts';
import type { ObjectReader } from '../authentication/object-reader.ts';
import { semanticEqual } from '../registry/validation/semantic-equal.ts';
import type { AdmissionPlugin } from './admission.ts';
import { forbidden, isFor } from './refusal.ts';

/** Whether an update of a pod asks its node for the feature (upstream: component-helpers/nodedeclaredfeatures/features; the others are about scheduling). */
const FEATURES: Readonly<Record<string, (next: Pod, previous: Pod) => boolean>> = {
  InPlacePodLevelResourcesVerticalScaling: (next, previous) => !semanticEqual(next.spec?.resources, previous.spec?.resources),
  InPlacePodVerticalScalingInitContainers: (next, previous) =>
    (previous.spec?.initContainers ?? []).some(({ restartPolicy, resources }, index) => restartPolicy !== 'Always' && !semanticEqual(resources, next.spec?.initContainers?.[index]?.resources)),
};

/** A pod is changed only in ways that its node knows to carry out (KEP-5328; upstream: plugin/pkg/admission/nodedeclaredfeatures). */
export function nodeDeclaredFeatureValidator(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'NodeDeclaredFeatureValidator',
    handles: (attributes) => isFor(attributes, 'pods', { operations: ['UPDATE'], subresources: ['', 'resize'] }),
    async validate(attributes) {
      const [next, previous] = [attributes.object as Pod, attributes.oldObject as Pod];
      const nodeName = next.spec?.nodeName;
      if (!nodeName || next.metadata.generation === previous.metadata.generation) return;
      const needed = Object.keys(FEATURES).filter((name) => FEATURES[name]?.(next, previous));
      if (needed.length === 0) return;
      const node = await reader.get<Node>({ group: '', resource: 'nodes' }, { name: nodeName });
      if (!node) throw forbidden(attributes, `node ${goQuote(nodeName)} not found`);
      const lacking = needed.filter((name) => !node.status?.declaredFeatures?.includes(name));
      if (lacking.length > 0) throw forbidden(attributes, `pod update requires features ${lacking.join(', ')} which are not available on node ${goQuote(nodeName)}`);
    },
  };
}
