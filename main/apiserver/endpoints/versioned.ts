import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { readCustomBody } from '../customresources/read-request.ts';
import { readObject } from './body.ts';
import type { ResourceRequest, WriteQuery } from './resource-request.ts';

/** Reads the body in the version of the request and gives it in the stored version, with defaults. */
export async function readResource(request: ResourceRequest, query: Pick<WriteQuery, 'fieldValidation'>): Promise<KubernetesObject> {
  const { context, served, registry } = request;
  const { group, version, kind } = served.info;
  const { custom } = served;
  if (custom) {
    const sent = await readCustomBody(context, served, { custom, fieldValidation: query.fieldValidation });
    context.audit?.requestObject(sent, registry.normalize);
    return toStorageVersion(request, sent);
  }
  const decoded = await readObject(context, { expected: { group, version, kind }, fieldValidation: query.fieldValidation });
  const object = toStorageVersion(request, decoded);
  if (served.alternative) context.audit?.requestObject(decoded);
  else context.audit?.requestObject(object, registry.normalize);
  return object;
}

export function toStorageVersion({ served, registry }: Pick<ResourceRequest, 'served' | 'registry'>, decoded: KubernetesObject): KubernetesObject {
  const { alternative } = served;
  alternative?.applyDefaults?.(decoded);
  const object = alternative ? alternative.toStorage(decoded) : decoded;
  registry.definition.strategy.applyDefaults?.(object);
  return object;
}
