import type { ApiResponse } from '../endpoints/request.ts';
import { warningHeaders } from './warnings.ts';

export interface CommonHeaders {
  readonly auditId: string;
  readonly warnings: readonly string[];
  readonly flow?: { readonly flowSchemaUid: string; readonly priorityLevelUid: string } | undefined;
}

/** What every answer carries (upstream: WithCacheControl, WithAuditID, WithWarningRecorder, WithPriorityAndFairness). */
export function withCommonHeaders(response: ApiResponse, { auditId, warnings, flow }: CommonHeaders): ApiResponse {
  const headers: Record<string, string | readonly string[]> = { 'audit-id': auditId, 'cache-control': 'no-cache, private', ...response.headers };
  if (warnings.length > 0) headers['warning'] = warningHeaders(warnings);
  if (flow) {
    headers['x-kubernetes-pf-flowschema-uid'] = flow.flowSchemaUid;
    headers['x-kubernetes-pf-prioritylevel-uid'] = flow.priorityLevelUid;
  }
  return { ...response, headers };
}
