import { schemaOfKind } from '../../../../kube/api/schema.ts';
import type { GroupVersionKind } from '../../../../kube/apimachinery/gvr.ts';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import { trackUpdate } from './field-manager.ts';
import type { Fields, FieldScope } from './field-scope.ts';
import { resetFieldsOfEndpoint } from './reset-fields.ts';
import { withoutNulls } from './without-nulls.ts';

/** As whom the API server writes, here as upstream through its loopback client. */
const MANAGER = 'kube-apiserver';

export type StatusWriteTracker = <T extends KubernetesObject>(live: T, next: T, nowMs: number) => T;

/** For statuses that the API server itself writes: notes in managedFields what of `next` is its own. Neither object is changed. */
export function statusWriteTracker(kind: GroupVersionKind, resource: string): StatusWriteTracker {
  const schema = schemaOfKind(kind);
  const resetFields = resetFieldsOfEndpoint({ group: kind.group, resource, subresource: 'status', hasStatus: true });
  const scope: FieldScope = { kind, subresource: 'status', resetFields, ...(schema === undefined ? {} : { schema }) };
  return (live, next, nowMs) => {
    const { metadata } = trackUpdate(scope, { live: withoutNulls(live) as Fields, next: withoutNulls(next) as Fields, manager: MANAGER, nowMs }) as unknown as KubernetesObject;
    return { ...next, metadata: { ...next.metadata, managedFields: metadata.managedFields } };
  };
}
