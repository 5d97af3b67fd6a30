import type { MetricVector } from '../../../kube/apimachinery/metrics/metric-family.ts';
import type { Counter, Gauge } from '../../../kube/apimachinery/metrics/metric-values.ts';
import type { MetricsRegistry } from '../../../kube/apimachinery/metrics/metrics-registry.ts';
import { pathNotFound, textResponse } from './respond.ts';
import type { ApiRequest, ApiResponse } from './request.ts';

/** One named thing that must be well; throws with the reason when it is not. */
export interface HealthCheck {
  readonly name: string;
  check(): void | Promise<void>;
}

export interface HealthChecks {
  readonly healthz: readonly HealthCheck[];
  readonly livez: readonly HealthCheck[];
  readonly readyz: readonly HealthCheck[];
}

/** What /metrics/slis tells of the checks (KEP-3466). */
export class HealthMetrics {
  readonly #healthy: MetricVector<Gauge>;
  readonly #checked: MetricVector<Counter>;

  constructor(registry: MetricsRegistry) {
    this.#healthy = registry.gauge({ name: 'kubernetes_healthcheck', stability: 'STABLE', help: '1 where the last check found it well, 0 where not.', labels: ['name', 'type'] });
    this.#checked = registry.counter({ name: 'kubernetes_healthchecks_total', stability: 'STABLE', help: 'Checks by outcome.', labels: ['name', 'type', 'status'] });
  }

  observe(name: string, type: string, healthy: boolean): void {
    this.#healthy.with(name, type).set(healthy ? 1 : 0);
    this.#checked.with(name, type, healthy ? 'success' : 'error').inc();
  }
}

/** /healthz, /livez, /readyz, each with ?verbose, ?exclude and /CHECK (upstream: server/healthz). */
export async function health(checks: HealthChecks, request: ApiRequest, metrics: HealthMetrics): Promise<ApiResponse> {
  const [, endpoint = '', ...rest] = request.rawPath.split('/');
  const one = rest.join('/');
  const all = checks[endpoint as keyof HealthChecks] ?? [];
  if (rest.length > 0) {
    const check = all.find((candidate) => candidate.name === one);
    if (!check) return pathNotFound();
    const failure = await failureOf(check);
    return failure === undefined ? textResponse(200, 'ok') : textResponse(500, `internal server error: ${failure}\n`, { nosniff: true });
  }
  const excluded = new Set(request.query.getAll('exclude'));
  const failed: string[] = [];
  let report = '';
  for (const check of all) {
    if (excluded.delete(check.name)) {
      report += `[+]${check.name} excluded: ok\n`;
      continue;
    }
    const failure = await failureOf(check);
    metrics.observe(check.name, endpoint, failure === undefined);
    if (failure === undefined) report += `[+]${check.name} ok\n`;
    else {
      failed.push(check.name);
      report += `[-]${check.name} failed: reason withheld\n`;
    }
  }
  if (excluded.size > 0) {
    const names = [...excluded].sort().map((name) => JSON.stringify(name)).join(', ');
    report += `warn: some health checks cannot be excluded: no matches for ${names}\n`;
  }
  if (failed.length > 0) return textResponse(500, `${report}${endpoint} check failed\n`, { nosniff: true });
  if (request.query.has('verbose')) return textResponse(200, `${report}${endpoint} check passed\n`, { nosniff: true });
  return textResponse(200, 'ok', { nosniff: true });
}

async function failureOf(check: HealthCheck): Promise<string | undefined> {
  try {
    await check.check();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
