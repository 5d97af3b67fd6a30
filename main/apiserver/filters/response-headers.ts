import type { ApiResponse } from '../endpoints/request.ts';

const MAX_WARNING_TOTAL = 4096;

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

function warningHeaders(warnings: readonly string[]): string[] {
  let total = 0;
  return warnings.map((text) => {
    const room = Math.max(0, MAX_WARNING_TOTAL - total);
    const cut = text.slice(0, room);
    total += cut.length;
    const printable = [...cut].map((char) => (char < ' ' || char === '\u007f' ? ' ' : char)).join('');
    return `299 - "${Buffer.from(printable.replace(/["\\]/g, '\\$&'), 'utf8').toString('latin1')}"`;
  });
}
