import type { GroupVersionKind } from '../../../../kube/apimachinery/gvr.ts';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import { schemaOfKind } from '../../../../kube/api/schema.ts';
import { trackUpdate } from '../../patch/apply/field-manager.ts';
import { managerOf } from '../field-tracking.ts';
import { admissionAttributes, checkBodyNamespace, writeQueryOf, type ResourceRequest, type WriteQuery } from '../resource-request.ts';
import { readObject } from '../body.ts';
import type { SpecialRequest } from '../dispatch.ts';

/** Reviews show managedFields, as every created object does. */
export function trackedReview(request: SpecialRequest, query: WriteQuery, { object, kind }: { readonly object: KubernetesObject; readonly kind: GroupVersionKind }): KubernetesObject {
  const schema = schemaOfKind(kind);
  const { subresource } = request.context.info;
  const scope = { kind, resetFields: [], ...(schema ? { schema } : {}), ...(subresource === '' ? {} : { subresource }) };
  const input = { live: undefined, next: object as unknown as Record<string, unknown>, manager: managerOf(request, query), nowMs: request.clock.now() };
  return trackUpdate(scope, input) as unknown as KubernetesObject;
}

/** Reads the body of a review: an object that is answered, never stored. */
export async function readReview<T extends KubernetesObject>(request: SpecialRequest, expected: GroupVersionKind): Promise<T> {
  const query = writeQueryOf(request as ResourceRequest, 'CreateOptions');
  const decoded = await readObject(request.context, { expected, fieldValidation: query.fieldValidation });
  checkBodyNamespace(decoded, request);
  const object = trackedReview(request, query, { object: decoded, kind: expected }) as T;
  return request.admission.mutate({ ...admissionAttributes(request as ResourceRequest, { operation: 'CREATE', object, dryRun: query.dryRun }), object });
}
