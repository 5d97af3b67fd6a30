import { deepCopy, setMember, isJsonObject } from '../../../kube/apimachinery/json.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { newBadRequest, newNotFound, newUnsupportedMediaType } from '../../../kube/apimachinery/status-errors.ts';
import type { ApiResponse } from './request.ts';
import { nameTarget, writeQueryOf, type ResourceRequest } from './resource-request.ts';
import { answerWrite, writeChange } from './update.ts';
import { toStorageVersion } from './versioned.ts';

const PATCH_TYPES = ['application/json-patch+json', 'application/merge-patch+json', 'application/strategic-merge-patch+json', 'application/apply-patch+yaml', 'application/apply-patch+cbor'];

export async function patchObject(request: ResourceRequest): Promise<ApiResponse> {
  const { context, served, registry } = request;
  const target = nameTarget(request);
  const contentType = (context.request.headers['content-type'] ?? '').split(';', 1)[0]?.trim() ?? '';
  if (!PATCH_TYPES.includes(contentType)) throw newUnsupportedMediaType(PATCH_TYPES);
  const query = writeQueryOf(request, 'PatchOptions');
  const text = Buffer.from(await context.request.readBody()).toString('utf8');
  let patch: unknown;
  try {
    patch = JSON.parse(text);
  } catch (error) {
    throw newBadRequest(`error decoding patch: ${(error as Error).message}`);
  }
  const result = await writeChange(request, query, {
    target,
    change(current) {
      if (!current) throw newNotFound(registry.resource, target.name);
      const inside = served.alternative ? served.alternative.fromStorage(current) : current;
      return toStorageVersion(request, mergePatch(deepCopy(inside), patch) as KubernetesObject);
    },
  });
  return answerWrite(request, result);
}

/** RFC 7386. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch;
  const result: Record<string, unknown> = isJsonObject(target) ? target : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else setMember(result, key, mergePatch(result[key], value));
  }
  return result;
}
