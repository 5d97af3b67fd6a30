import type { Node, Pod } from '../../../kube/api/generated/core/v1.ts';
import { goQuote } from '../../../kube/apimachinery/go-format.ts';
import { StatusError, type StatusReason } from '../../../kube/apimachinery/status.ts';
import type { ObjectReader } from '../authentication/object-reader.ts';
import { nanoValue } from '../registry/validation/quantities.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';
import { podTotals } from './quota-usage.ts';
import { forbidden, isFor } from './refusal.ts';

/** A running pod cannot grow beyond its node (upstream: plugin/pkg/admission/podresize). */
export function podResizeValidator(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'PodResizeValidator',
    handles: (attributes) => isFor(attributes, 'pods', { operations: ['UPDATE'], subresources: ['resize'] }),
    async validate(attributes) {
      const pod = attributes.object as Pod;
      const nodeName = pod.spec?.nodeName;
      if (!nodeName || pod.metadata.generation === attributes.oldObject?.metadata.generation) return;
      const node = await reader.get<Node>({ group: '', resource: 'nodes' }, { name: nodeName });
      if (!node) throw forbidden(attributes, `node ${goQuote(nodeName)} not found`);
      const os = node.metadata.labels?.['kubernetes.io/os'];
      if (os !== undefined && os !== 'linux') {
        throw withCause(attributes, `pod resize is only supported on linux nodes, node ${goQuote(nodeName)} is ${goQuote(os)}`, 'UnsupportedPlatform');
      }
      const lacking = lackingResources(pod, node);
      if (lacking.length > 0) throw withCause(attributes, `node didn't have enough allocatable resources: ${lacking.join('; ')}`, 'NodeCapacity');
    },
  };
}

function lackingResources({ spec }: Pod, { status }: Node): string[] {
  const totals = podTotals(spec, 'requests');
  return (['cpu', 'memory'] as const).flatMap((name) => {
    const unit = name === 'cpu' ? 1_000_000n : 1_000_000_000n;
    const requested = totals.get(name)?.nano ?? 0n;
    const allocatable = nanoValue(status?.allocatable?.[name]);
    return requested > allocatable ? [`${name}, requested: ${roundedUp(requested, unit)}, allocatable: ${roundedUp(allocatable, unit)}`] : [];
  });
}
function roundedUp(nano: bigint, unit: bigint): bigint {
  return (nano + unit - 1n) / unit;
}

function withCause(attributes: AdmissionAttributes, message: string, reason: string): StatusError {
  const { status } = forbidden(attributes, message);
  return new StatusError({ ...status, details: { ...status.details, causes: [{ reason: reason as StatusReason }] } });
}
