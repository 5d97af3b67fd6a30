import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { WriteResult } from '../registry/generic/registry.ts';
import { answerObject, answerStored, inVersion } from './answer.ts';
import type { ApiResponse } from './request.ts';
import { admissionAttributes, checkBodyIdentity, nameTarget, writeContextOf, writeQueryOf, type ResourceRequest, type WriteQuery } from './resource-request.ts';
import { readResource, trackerOf } from './versioned.ts';

export async function updateObject(request: ResourceRequest): Promise<ApiResponse> {
  const target = nameTarget(request);
  const query = writeQueryOf(request, 'UpdateOptions');
  const decoded = await readResource(request, query);
  checkBodyIdentity(decoded, request);
  const result = await writeChange(request, query, {
    change: () => decoded,
    ...(decoded.metadata.uid ? { preconditionUid: decoded.metadata.uid } : {}),
    target,
  });
  return answerWrite(request, result);
}

export interface Change {
  readonly target: { readonly namespace?: string; readonly name: string };
  /** The wanted object in the stored version, before admission. */
  change(current: KubernetesObject | undefined): KubernetesObject | Promise<KubernetesObject>;
  readonly preconditionUid?: string;
  readonly allowCreate?: boolean;
  /** Replaces the default tracking of managedFields (server-side apply does its own). */
  track?(next: KubernetesObject, previous: KubernetesObject | undefined): KubernetesObject;
}

/** One update through admission and registry: PUT, PATCH, apply, status and other subresources all end here. */
export function writeChange(request: ResourceRequest, query: WriteQuery, change: Change): Promise<WriteResult<KubernetesObject>> {
  const { context, registry, admission } = request;
  const { signal } = context.request;
  const { dryRun } = query;
  const track = change.track ?? trackerOf(request, query);
  const attributesOf = (object: KubernetesObject, oldObject: KubernetesObject | undefined) =>
    admissionAttributes(request, { operation: oldObject ? 'UPDATE' : 'CREATE', object, dryRun, ...(oldObject ? { oldObject } : {}) });
  return registry.update(change.target, writeContextOf(request, query), {
    async change(current) {
      const wanted = await change.change(current);
      return admission.mutate({ ...attributesOf(wanted, current), object: wanted }, signal);
    },
    validate: (next, previous) => admission.validate(attributesOf(next, previous), signal),
    track: (next, previous) => track(next, previous),
    ...(change.preconditionUid ? { preconditionUid: change.preconditionUid } : {}),
    ...(change.allowCreate ? { allowCreate: true } : {}),
  });
}

export function answerWrite(request: ResourceRequest, result: WriteResult<KubernetesObject>): ApiResponse {
  const status = result.created ? 201 : 200;
  return result.stored ? answerStored(request, result.stored, status) : answerObject(request, inVersion(request.served, result.object), status);
}
