import type { GroupVersionKind } from '../../../../kube/apimachinery/gvr.ts';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import { admissionAttributes, writeQueryOf, type ResourceRequest } from '../resource-request.ts';
import { readObject } from '../body.ts';
import type { SpecialRequest } from '../dispatch.ts';

/** Reads the body of a review: an object that is answered, never stored. */
export async function readReview<T extends KubernetesObject>(request: SpecialRequest, expected: GroupVersionKind): Promise<T> {
  const query = writeQueryOf(request as ResourceRequest, 'CreateOptions');
  const object = (await readObject(request.context, { expected, fieldValidation: query.fieldValidation })) as T;
  if (request.context.info.namespace !== '') object.metadata.namespace ??= request.context.info.namespace;
  await request.admission.mutate({ ...admissionAttributes(request as ResourceRequest, { operation: 'CREATE', object, dryRun: query.dryRun }), object });
  return object;
}
