import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { MetricVector } from '../../../kube/apimachinery/metrics/metric-family.ts';
import type { Counter } from '../../../kube/apimachinery/metrics/metric-values.ts';
import type { MetricsRegistry } from '../../../kube/apimachinery/metrics/metrics-registry.ts';
import type { ApiResponse } from '../endpoints/request.ts';
import { decideAudit, type AuditPolicy } from './audit-policy.ts';
import { AuditRecord, type AuditSubject } from './audit-record.ts';

/** Where events go. `write` takes one as a line and never waits or throws. */
export interface AuditSink extends AsyncDisposable {
  write(line: string): void;
  /** As metrics call it. */
  readonly plugin: 'log' | 'webhook';
  /** Events that were lost: the disk was full, the other side did not answer, or was too slow for too long. */
  readonly lost: number;
}

export interface AuditorOptions {
  readonly policy: AuditPolicy;
  readonly sinks: readonly AuditSink[];
  readonly clock: Clock;
  readonly metrics: MetricsRegistry;
}

/** Writes down who asked what of the server, as far as the policy says (upstream: endpoints/filters/audit.go). */
export class Auditor {
  readonly #options: AuditorOptions;
  readonly #write: (line: string) => void;
  readonly #levels: MetricVector<Counter>;

  constructor(options: AuditorOptions) {
    this.#options = options;
    const { sinks, metrics } = options;
    const events = metrics.counter({ name: 'apiserver_audit_event_total', stability: 'ALPHA', help: 'Audit events made.' }).with();
    metrics.collect('counter', { name: 'apiserver_audit_error_total', stability: 'ALPHA', help: 'Audit events lost.', labels: ['plugin'] }, () => sinks.map(({ plugin, lost }) => ({ labels: [plugin], value: lost })));
    this.#levels = metrics.counter({ name: 'apiserver_audit_level_total', stability: 'ALPHA', help: 'Requests by how much of them the policy wants written down.', labels: ['level'] });
    metrics.counter({ name: 'apiserver_audit_requests_rejected_total', stability: 'ALPHA', help: 'Requests refused because they could not be written down.' });
    this.#write = (line) => {
      events.inc();
      for (const sink of sinks) sink.write(line);
    };
  }

  /** Undefined where the policy says None. */
  begin(subject: AuditSubject): AuditRecord | undefined {
    const record = this.#recordOf(subject);
    record?.received();
    return record;
  }

  /** A request that ended before anybody knew who sent it. */
  async refused(subject: AuditSubject, response: ApiResponse): Promise<void> {
    const record = this.#recordOf(subject);
    if (!record) return;
    await record.answered(response);
    record.started(response.status);
  }

  #recordOf(subject: AuditSubject): AuditRecord | undefined {
    const { policy, clock } = this.#options;
    const decision = decideAudit(policy, subject.user, subject.info);
    this.#levels.with(decision.level).inc();
    return decision.level === 'None' ? undefined : new AuditRecord(subject, { decision, clock, receivedMs: clock.now(), write: this.#write });
  }
}
