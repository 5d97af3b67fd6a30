import type { PersistentVolumeClaim } from '../../../../kube/api/generated/core/v1.ts';
import { internalValue } from '../../registry/validation/internal-shape.ts';
import { unifiedDiff } from '../../registry/validation/unified-diff.ts';
import { forbidden } from '../refusal.ts';
import type { NodeRequest } from './node-restriction.ts';

/** A kubelet tells how the expansion of a volume goes, and changes nothing else of its claim. */
export function checkClaim({ attributes, nodeName }: NodeRequest): void {
  if (attributes.subresource !== 'status') throw forbidden(attributes, 'may only update PVC status');
  if (attributes.operation !== 'UPDATE') throw forbidden(attributes, `unexpected operation "${attributes.operation}"`);
  const [old, next] = [fixedPart(attributes.oldObject as PersistentVolumeClaim), fixedPart(attributes.object as PersistentVolumeClaim)];
  if (old !== next) throw forbidden(attributes, `node "${nodeName}" is not allowed to update fields other than status.quantity and status.conditions: ${unifiedDiff(old, next)}`);
}

/** The claim without what its kubelet may change, as upstream's messages print it. */
function fixedPart({ metadata, spec, status }: PersistentVolumeClaim): string {
  const { resourceVersion: _1, managedFields: _2, ...fixedMetadata } = metadata;
  const { capacity: _3, conditions: _4, allocatedResourceStatuses: _5, allocatedResources: _6, ...fixedStatus } = status ?? {};
  const shown = { ...fixedMetadata, Spec: internalValue('PersistentVolumeClaimSpec', spec ?? {}), Status: internalValue('PersistentVolumeClaimStatus', fixedStatus) };
  return JSON.stringify(shown, undefined, 1);
}
