import { withConversions } from '../customresources/conversion/known-conversions.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { WriteResult } from '../registry/generic/registry.ts';
import { answerObject, answerStored, inVersion } from './answer.ts';
import type { ApiResponse } from './request.ts';
import { admissionAttributes, checkBodyIdentity, nameTarget, writeContextOf, writeQueryOf, type ResourceRequest, type WriteQuery } from './resource-request.ts';
import { keepManagedFieldsTimes } from '../patch/apply/field-manager.ts';
import { withoutDuplicateOwners } from './owner-references.ts';
import { tracked } from './field-tracking.ts';
import { readResource } from './versioned.ts';

export async function updateObject(request: ResourceRequest): Promise<ApiResponse> {
  const target = nameTarget(request);
  const query = writeQueryOf(request, 'UpdateOptions');
  const decoded = await readResource(request, query);
  checkBodyIdentity(decoded, request);
  const wanted = withoutDuplicateOwners(decoded, request.context, 'before');
  const result = await writeChange(request, query, {
    change: () => wanted,
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
  /** `change` has seen to managedFields itself (server-side apply). */
  readonly isTracked?: boolean;
  /** What admission sees instead of the object, and what it makes of it. Absent: the object itself. */
  readonly shown?: { of(object: KubernetesObject): KubernetesObject; into(object: KubernetesObject, admitted: KubernetesObject): KubernetesObject };
}

/** One update through admission and registry: PUT, PATCH, apply, status and other subresources all end here. */
export function writeChange(request: ResourceRequest, query: WriteQuery, change: Change): Promise<WriteResult<KubernetesObject>> {
  const { context, registry, admission } = request;
  const { signal } = context.request;
  const { dryRun } = query;
  const { shown } = change;
  const view = (object: KubernetesObject): KubernetesObject => shown?.of(object) ?? object;
  const attributesOf = (object: KubernetesObject, oldObject: KubernetesObject | undefined) => {
    const seen = view(object);
    return { ...admissionAttributes(request, { operation: oldObject ? 'UPDATE' : 'CREATE', object: seen, dryRun, ...(oldObject ? { oldObject: view(oldObject) } : {}) }), object: seen };
  };
  return registry.update(change.target, writeContextOf(request, query), {
    async change(current) {
      const changed = await change.change(current);
      const wanted = change.isTracked ? changed : await withConversions(request.served.conversions, () => tracked(request, query, { next: changed, live: current }));
      const attributes = attributesOf(wanted, current);
      const admitted = await admission.mutate(attributes, signal);
      return withoutDuplicateOwners(shown ? (admitted === attributes.object ? wanted : shown.into(wanted, admitted)) : admitted, context, 'after');
    },
    validate: (next, previous) => admission.validate(attributesOf(next, previous), signal),
    finish(next, previous) {
      const finished = keepManagedFieldsTimes(next as never, previous as never) as unknown as KubernetesObject;
      return request.served.custom ? registry.normalize(finished) : finished;
    },
    ...(change.preconditionUid ? { preconditionUid: change.preconditionUid } : {}),
    ...(change.allowCreate ? { allowCreate: true } : {}),
  });
}

export function answerWrite(request: ResourceRequest, result: WriteResult<KubernetesObject>): ApiResponse {
  const status = result.created ? 201 : 200;
  return result.stored ? answerStored(request, result.stored, status) : answerObject(request, inVersion(request.served, result.object), status);
}
