import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { failureStatus, StatusError } from '../../../kube/apimachinery/status.ts';
import { answerObject, answerStored, inVersion } from './answer.ts';
import type { ApiResponse } from './request.ts';
import { admissionAttributes, checkBodyIdentity, writeContextOf, writeQueryOf, type ResourceRequest, type WriteQuery } from './resource-request.ts';
import { readResource } from './versioned.ts';
import { withoutDuplicateOwners } from './owner-references.ts';
import { tracked } from './field-tracking.ts';

export async function createObject(request: ResourceRequest): Promise<ApiResponse> {
  const query = writeQueryOf(request, 'CreateOptions');
  const decoded = await readResource(request, query);
  checkBodyIdentity(decoded, request);
  return createDecoded(request, decoded, query);
}

/** What only the server sets. */
function wipeSystemFields({ metadata }: KubernetesObject): void {
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.uid;
  delete metadata.creationTimestamp;
  delete metadata.selfLink;
}

function newResourceVersionOnCreate(): StatusError {
  return new StatusError(failureStatus({ code: 500, reason: '', message: 'resourceVersion should not be set on objects to be created' }));
}

/** From the point where the object is known: also the end of pods/binding and other creating subresources. */
export async function createDecoded(request: ResourceRequest, decoded: KubernetesObject, query: WriteQuery): Promise<ApiResponse> {
  const { context, registry, admission, served } = request;
  const { dryRun } = query;
  decoded.metadata.name ??= '';
  const { resourceVersion } = decoded.metadata;
  wipeSystemFields(decoded);
  const object = tracked(request, query, { next: withoutDuplicateOwners(decoded, context, 'before'), live: undefined });
  const attributes = admissionAttributes(request, { operation: 'CREATE', object, dryRun });
  const admitted = withoutDuplicateOwners(await admission.mutate({ ...attributes, object }, context.request.signal), context, 'after');
  const result = await registry.create(admitted, writeContextOf(request, query), {
    validate: async (object) => {
      await admission.validate({ ...attributes, object, name: object.metadata.name }, context.request.signal);
      // The store's refusal upstream, which a dry run never reaches.
      if (resourceVersion && Number(resourceVersion) > 0 && !dryRun) throw newResourceVersionOnCreate();
    },
  });
  return result.stored ? answerStored(request, result.stored, 201) : answerObject(request, inVersion(served, result.object), 201);
}
