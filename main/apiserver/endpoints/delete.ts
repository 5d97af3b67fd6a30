import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { successStatus } from '../../../kube/apimachinery/status.ts';
import { newBadRequest } from '../../../kube/apimachinery/status-errors.ts';
import { isTrue } from '../filters/request-info.ts';
import type { DeleteOptions } from '../registry/generic/deletion.ts';
import type { DeleteResult } from '../registry/generic/registry.ts';
import { answerObject, answerValue, inVersion } from './answer.ts';
import type { ApiResponse } from './request.ts';
import { admissionAttributes, nameTarget, writeContextOf, type ResourceRequest } from './resource-request.ts';

export async function deleteObject(request: ResourceRequest): Promise<ApiResponse> {
  const target = nameTarget(request);
  const options = await deleteOptionsOf(request);
  const result = await deleteOne(request, target, options);
  return answerDelete(request, result, options);
}

export function deleteOne(request: ResourceRequest, target: { readonly namespace?: string; readonly name: string }, options: DeleteOptions): Promise<DeleteResult<KubernetesObject>> {
  const { registry, admission, context } = request;
  const dryRun = (options.dryRun?.length ?? 0) > 0;
  return registry.delete(target, writeContextOf(request, { dryRun }), options, (oldObject) =>
    admission.validate({ ...admissionAttributes(request, { operation: 'DELETE', oldObject, dryRun, options }), name: target.name }, context.request.signal),
  );
}

function answerDelete(request: ResourceRequest, { object, deleted }: DeleteResult<KubernetesObject>, options: DeleteOptions): ApiResponse {
  const { served, registry, media } = request;
  const status = !deleted && options.orphanDependents === false ? 202 : 200;
  if (!deleted || registry.definition.returnDeletedObject) return answerObject(request, inVersion(served, object), status);
  const { group, resource } = served.info;
  return answerValue(media, successStatus({ name: object.metadata.name, group, kind: resource, ...(object.metadata.uid ? { uid: object.metadata.uid } : {}) }), status);
}

/** The body when there is one, else the query. */
export async function deleteOptionsOf({ context }: ResourceRequest): Promise<DeleteOptions> {
  const { request } = context;
  const body = await request.readBody();
  if (body.length > 0) return parseOptions(body);
  const { query } = request;
  const grace = query.get('gracePeriodSeconds');
  if (grace && !/^[+-]?\d+$/.test(grace)) throw newBadRequest(`strconv.ParseInt: parsing ${JSON.stringify(grace)}: invalid syntax`);
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  const orphan = query.get('orphanDependents');
  const policy = query.get('propagationPolicy');
  return {
    ...(grace ? { gracePeriodSeconds: Number(grace) } : {}),
    ...(policy === null ? {} : { propagationPolicy: policy }),
    ...(orphan === null ? {} : { orphanDependents: isTrue(orphan) }),
    ...(dryRun.length > 0 ? { dryRun } : {}),
  };
}

function parseOptions(body: Uint8Array): DeleteOptions {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body).toString('utf8'));
  } catch (error) {
    throw newBadRequest(`couldn't get version/kind; json parse error: ${error instanceof Error ? error.message : String(error)}`);
  }
  const options = (value ?? {}) as DeleteOptions & { readonly kind?: string; readonly apiVersion?: string };
  if (options.kind !== undefined && options.kind !== '' && options.kind !== 'DeleteOptions') {
    throw newBadRequest(`decoded object cannot be converted to DeleteOptions`);
  }
  return options;
}
