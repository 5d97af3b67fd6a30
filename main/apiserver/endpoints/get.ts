import type { ApiResponse } from './request.ts';
import { answerStored } from './answer.ts';
import { nameTarget, type ResourceRequest } from './resource-request.ts';

export async function getObject(request: ResourceRequest): Promise<ApiResponse> {
  const { context, registry } = request;
  const resourceVersion = context.request.query.get('resourceVersion');
  const target = nameTarget(request);
  const stored = await registry.storage.get(target, resourceVersion ? { resourceVersion, signal: context.request.signal } : undefined);
  return answerStored(request, stored);
}
