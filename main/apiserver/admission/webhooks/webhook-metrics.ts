import type { MetricVector } from '../../../../kube/apimachinery/metrics/metric-family.ts';
import type { Counter, Histogram } from '../../../../kube/apimachinery/metrics/metric-values.ts';
import type { MetricsRegistry } from '../../../../kube/apimachinery/metrics/metrics-registry.ts';

const BOUNDS = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25];
const MAX_CODE = 600;

export interface WebhookCall {
  readonly name: string;
  readonly type: 'admit' | 'validating';
  readonly operation: string;
  readonly elapsedMs: number;
  /** 200, that of the refusal, or that of the failure to call. */
  readonly code: number;
  /** Why the request is refused, if it is: the webhook said no, or could not be asked. */
  readonly rejection?: 'no_error' | 'calling_webhook_error';
}

/** Counts calls of admission webhooks under upstream's names (apiserver/pkg/admission/metrics). */
export class WebhookMetrics {
  readonly #requests: MetricVector<Counter>;
  readonly #durations: MetricVector<Histogram>;
  readonly #rejections: MetricVector<Counter>;
  readonly #failedOpen: MetricVector<Counter>;
  readonly #missingNames: Counter;

  constructor(registry: MetricsRegistry) {
    const name = 'apiserver_admission_webhook';
    this.#requests = registry.counter({ name: `${name}_request_total`, stability: 'ALPHA', help: 'Calls of admission webhooks.', labels: ['name', 'type', 'operation', 'code', 'rejected'] });
    this.#durations = registry.histogram({ name: `${name}_admission_duration_seconds`, stability: 'STABLE', help: 'Time that admission webhooks took.', labels: ['name', 'type', 'operation', 'rejected'], bounds: BOUNDS });
    this.#rejections = registry.counter({ name: `${name}_rejection_count`, stability: 'ALPHA', help: 'Requests refused by a webhook, or because one could not be called.', labels: ['name', 'type', 'operation', 'error_type', 'rejection_code'] });
    this.#missingNames = registry.counter({ name: 'apiserver_webhooks_x509_missing_san_total', stability: 'ALPHA', help: 'Calls of webhooks that failed because their certificate has a common name alone.' }).with();
    this.#failedOpen = registry.counter({ name: `${name}_fail_open_count`, stability: 'ALPHA', help: 'Failed calls of webhooks whose failures are ignored.', labels: ['name', 'type'] });
  }

  called({ name, type, operation, elapsedMs, code, rejection }: WebhookCall): void {
    const rejected = String(rejection !== undefined);
    const shownCode = String(Math.min(code, MAX_CODE));
    this.#requests.with(name, type, operation, shownCode, rejected).inc();
    this.#durations.with(name, type, operation, rejected).observe(elapsedMs / 1000);
    if (rejection !== undefined) this.#rejections.with(name, type, operation, rejection, shownCode).inc();
  }

  /** Its certificate has no subject alternative names. */
  missedNames(): void {
    this.#missingNames.inc();
  }

  failedOpen({ name, type }: Pick<WebhookCall, 'name' | 'type'>): void {
    this.#failedOpen.with(name, type).inc();
  }
}
