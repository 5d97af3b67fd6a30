import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { MetricVector } from '../../../kube/apimachinery/metrics/metric-family.ts';
import type { Counter } from '../../../kube/apimachinery/metrics/metric-values.ts';
import type { MetricsRegistry } from '../../../kube/apimachinery/metrics/metrics-registry.ts';
import type { ApiResponse } from '../endpoints/request.ts';
import { decideAudit, type AuditPolicy } from './audit-policy.ts';
import { AuditRecord, type AuditSubject } from './audit-record.ts';

/**
 * Where events go. `write` takes one as a line and never throws. Undefined: it is taken, and nobody waits. A promise, of sinks that
 * make requests wait: resolves when the event is where it should be, or cannot get there; false: the request must not go on.
 */
export interface AuditSink extends AsyncDisposable {
  write(line: string): Promise<boolean> | undefined;
  /** As metrics call it. */
  readonly plugin: 'log' | 'webhook' | 'truncate';
  /** Events that were lost: the disk was full, the other side did not answer, or was too slow for too long. */
  readonly lost: number;
  /** Where its events go on to. */
  readonly next?: AuditSink;
}

/** An event that must be written down could not be: the request is refused (upstream: --audit-log-mode=blocking-strict). */
export class UnrecordedError extends Error {
  override readonly name = 'UnrecordedError';
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
  readonly #write: (line: string) => Promise<boolean> | undefined;
  readonly #rejected: Counter;
  readonly #levels: MetricVector<Counter>;

  constructor(options: AuditorOptions) {
    this.#options = options;
    const { sinks, metrics } = options;
    const events = metrics.counter({ name: 'apiserver_audit_event_total', stability: 'ALPHA', help: 'Audit events made.' }).with();
    metrics.collect('counter', { name: 'apiserver_audit_error_total', stability: 'ALPHA', help: 'Audit events lost.', labels: ['plugin'] }, () => [...lossesOf(sinks)].map(([plugin, value]) => ({ labels: [plugin], value })));
    this.#levels = metrics.counter({ name: 'apiserver_audit_level_total', stability: 'ALPHA', help: 'Requests by how much of them the policy wants written down.', labels: ['level'] });
    this.#rejected = metrics.counter({ name: 'apiserver_audit_requests_rejected_total', stability: 'ALPHA', help: 'Requests refused because they could not be written down.' }).with();
    this.#write = (line) => {
      events.inc();
      return writeTo(sinks, line);
    };
  }

  /** Undefined where the policy says None. A promise where the event has to be written first; rejects with UnrecordedError when it must be and cannot. */
  begin(subject: AuditSubject): AuditRecord | undefined | Promise<AuditRecord> {
    const record = this.#recordOf(subject);
    const writing = record?.received();
    return record && writing ? this.#written(record, writing) : record;
  }

  async #written(record: AuditRecord, writing: Promise<boolean>): Promise<AuditRecord> {
    if (await writing) return record;
    this.#rejected.inc();
    throw new UnrecordedError('failed to store audit event');
  }

  /** A request that ended before anybody knew who sent it. */
  async refused(subject: AuditSubject, response: ApiResponse): Promise<void> {
    const record = this.#recordOf(subject);
    if (!record) return;
    await record.answered(response);
    await record.started(response.status);
  }

  #recordOf(subject: AuditSubject): AuditRecord | undefined {
    const { policy, clock } = this.#options;
    const decision = decideAudit(policy, subject.user, subject.info);
    this.#levels.with(decision.level).inc();
    return decision.level === 'None' ? undefined : new AuditRecord(subject, { decision, clock, receivedMs: clock.now(), write: this.#write });
  }
}

function writeTo(sinks: readonly AuditSink[], line: string): Promise<boolean> | undefined {
  let pending: Promise<boolean>[] | undefined;
  for (const sink of sinks) {
    const writing = sink.write(line);
    if (writing) (pending ??= []).push(writing);
  }
  return pending && Promise.all(pending).then((outcomes) => outcomes.every((written) => written));
}

function lossesOf(sinks: readonly AuditSink[]): ReadonlyMap<string, number> {
  const losses = new Map<string, number>();
  const add = ({ plugin, lost, next }: AuditSink): void => {
    losses.set(plugin, (losses.get(plugin) ?? 0) + lost);
    if (next) add(next);
  };
  for (const sink of sinks) add(sink);
  return losses;
}
