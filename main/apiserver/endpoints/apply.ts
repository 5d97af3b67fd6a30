import { newUnsupportedMediaType } from '../../../kube/apimachinery/status-errors.ts';
import type { ApiResponse } from './request.ts';
import type { ResourceRequest, WriteQuery } from './resource-request.ts';

/** PATCH with server-side apply. */
export async function applyObject(_request: ResourceRequest, _query: WriteQuery): Promise<ApiResponse> {
  throw newUnsupportedMediaType(['application/json-patch+json', 'application/merge-patch+json', 'application/strategic-merge-patch+json']);
}
