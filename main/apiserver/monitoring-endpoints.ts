import { NAME_ESCAPINGS, PROMETHEUS_TEXT } from '../../kube/apimachinery/metrics/prometheus-text.ts';
import type { MetricsRegistry } from '../../kube/apimachinery/metrics/metrics-registry.ts';
import { health, HealthMetrics, type HealthChecks } from './endpoints/health.ts';
import type { ApiRequest, ApiResponse } from './endpoints/request.ts';
import { textResponse } from './endpoints/respond.ts';
import { flagz, statusz, type Flags } from './endpoints/status-pages.ts';
import { dumpPriorityLevels, dumpQueues, dumpRequests } from './flow-control/debug-dump.ts';
import type { FlowControl } from './flow-control/flow-control.ts';
import type { PathEndpoint } from './handler.ts';
import { startedAtMs } from './metrics/process-metrics.ts';
import { parseAccept } from './negotiation/media-type.ts';
import type { ServerMetrics } from './metrics/server-metrics.ts';

export interface MonitoringOptions {
  readonly checks: HealthChecks;
  readonly metrics: ServerMetrics;
  readonly flow: FlowControl;
  readonly flags: Flags;
}

export const MONITORING_PATHS = ['/flagz', '/healthz', '/livez', '/metrics', '/metrics/slis', '/readyz', '/statusz'];
const DUMPS = '/debug/api_priority_and_fairness/';

/** How those who run the server see how it does. */
export function monitoringEndpoints({ checks, metrics, flow, flags }: MonitoringOptions): readonly PathEndpoint[] {
  const healthMetrics = new HealthMetrics(metrics.slis);
  return [
    ({ info, request }) => (/^\/(healthz|livez|readyz)(\/|$)/.test(info.path) ? health(checks, request, healthMetrics) : undefined),
    (context) => {
      switch (context.info.path) {
        case '/metrics': return exposition(metrics.registry, context.request);
        case '/metrics/slis': return exposition(metrics.slis, context.request);
        case '/statusz': return statusz(context, flow.clock.now());
        case '/flagz': return flagz(context, flags);
        default: return undefined;
      }
    },
    ({ info, request }) => (info.path.startsWith(DUMPS) ? flowDump(flow, { table: info.path.slice(DUMPS.length), details: (request.query.get('includeRequestDetails') ?? '') !== '' }) : undefined),
  ];
}

/** The text format for every reader, as other servers than Go's give it; DELETE lets counting begin anew. */
function exposition(registry: MetricsRegistry, { method, headers: { accept = '' } }: ApiRequest): ApiResponse {
  if (method === 'DELETE') {
    registry.reset();
    return textResponse(200, 'metrics reset\n');
  }
  const headers = { 'content-type': `${PROMETHEUS_TEXT}; escaping=${escapingOf(accept)}`, 'process-start-time-unix': String(Math.floor(startedAtMs() / 1000)) };
  return { status: 200, headers, body: Buffer.from(registry.text()) };
}

function escapingOf(accept: string): string {
  const asked = accept === '' ? undefined : parseAccept(accept).find(({ parameters }) => parameters.has('escaping'))?.parameters.get('escaping');
  return asked !== undefined && NAME_ESCAPINGS.includes(asked) ? asked : 'underscores';
}

function flowDump({ configuration, clock }: FlowControl, { table, details }: { readonly table: string; readonly details: boolean }): ApiResponse | undefined {
  const source = { configuration, wallMs: (monotonicMs: number): number => clock.now() - clock.monotonicMs() + monotonicMs };
  switch (table) {
    case 'dump_priority_levels': return textResponse(200, dumpPriorityLevels(source));
    case 'dump_queues': return textResponse(200, dumpQueues(source));
    case 'dump_requests': return textResponse(200, dumpRequests(source, { details }));
    default: return undefined;
  }
}
