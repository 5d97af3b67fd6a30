import type * as apiextensions from '../../../kube/api/generated/apiextensions/v1.ts';
import { timestamp } from '../registry/generic/deletion.ts';
import { withCondition } from './definition-status.ts';

type Definition = apiextensions.CustomResourceDefinition;

export const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';

/** What a DELETE of a definition begins with: it stays until its objects are gone (upstream: customresourcedefinition/etcd.go). */
export function markTerminating(definition: Definition, nowMs: number): Definition {
  const { metadata, status } = definition;
  const finalizers = metadata.finalizers ?? [];
  const pending = { type: 'Terminating', status: 'True', reason: 'InstanceDeletionPending', message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon' };
  return {
    ...definition,
    metadata: { ...metadata, finalizers: finalizers.includes(CLEANUP_FINALIZER) ? finalizers : [...finalizers, CLEANUP_FINALIZER] },
    status: { ...status, conditions: withCondition(status?.conditions ?? [], pending, timestamp(nowMs)), acceptedNames: status?.acceptedNames ?? { plural: '', kind: '' }, storedVersions: status?.storedVersions ?? [] },
  };
}
