import { parseDuration } from '../../../kube/apimachinery/duration.ts';
import type { AuditWebhookLimits } from './audit-webhook.ts';

export const AUDIT_MODES = ['batch', 'blocking', 'blocking-strict'] as const;
/** Whether a request waits until its events are written, and whether it is refused when the first of them cannot be. */
export type AuditMode = (typeof AUDIT_MODES)[number];

/** What kube-apiserver has the flags --audit-log-… and --audit-webhook-… for. */
export interface AuditOptions {
  readonly log: { readonly mode: AuditMode; readonly maxSizeMB: number; readonly maxBackups: number; readonly maxAgeDays: number; readonly maxEventBytes: number | undefined };
  readonly webhook: { readonly limits: AuditWebhookLimits; readonly maxEventBytes: number | undefined };
}

/** By kube-apiserver's names. Differs from upstream: the log is written behind the requests' back, and is some days of a busy cluster, no more than a gigabyte. */
const DEFAULTS = {
  'audit-log-mode': 'batch' as AuditMode,
  'audit-log-maxsize': 100,
  'audit-log-maxbackup': 9,
  'audit-log-maxage': 30,
  'audit-log-truncate-enabled': false,
  'audit-log-truncate-max-event-size': 102_400,
  'audit-webhook-mode': 'batch' as AuditMode,
  'audit-webhook-initial-backoff': '10s',
  'audit-webhook-batch-buffer-size': 10_000,
  'audit-webhook-batch-max-size': 400,
  'audit-webhook-batch-max-wait': '30s',
  'audit-webhook-batch-throttle-enable': true,
  'audit-webhook-batch-throttle-qps': 10,
  'audit-webhook-truncate-enabled': false,
  'audit-webhook-truncate-max-event-size': 102_400,
  'audit-webhook-truncate-max-batch-size': 10_485_760,
};
type Flags = typeof DEFAULTS;
/** Where 0 has a meaning of its own. */
const MAY_BE_ZERO: ReadonlySet<string> = new Set(['audit-log-maxsize', 'audit-log-maxbackup', 'audit-log-maxage']);

export class AuditOptionsError extends Error {
  override readonly name = 'AuditOptionsError';
}

/** `value` is the parsed YAML: the flags' names without their dashes. Undefined: all defaults. Throws with all that is wrong. */
export function readAuditOptions(value: unknown = {}): AuditOptions {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new AuditOptionsError('must be an object with the names of flags');
  const problems = Object.entries(value).flatMap(([name, given]) => problemsOf(name, given));
  const flags: Flags = { ...DEFAULTS, ...(value as Partial<Flags>) };
  for (const plugin of ['log', 'webhook'] as const) {
    const [event, batch] = [flags[`audit-${plugin}-truncate-max-event-size`], plugin === 'webhook' ? flags['audit-webhook-truncate-max-batch-size'] : Infinity];
    if (batch < event) problems.push(`invalid audit truncate ${plugin} max batch size ${batch}, must be greater than max event size (${event})`);
  }
  if (problems.length > 0) throw new AuditOptionsError(problems.join('; '));
  return {
    log: {
      mode: flags['audit-log-mode'], maxSizeMB: flags['audit-log-maxsize'], maxBackups: flags['audit-log-maxbackup'], maxAgeDays: flags['audit-log-maxage'],
      maxEventBytes: flags['audit-log-truncate-enabled'] ? flags['audit-log-truncate-max-event-size'] : undefined,
    },
    webhook: {
      limits: webhookLimits(flags),
      maxEventBytes: flags['audit-webhook-truncate-enabled'] ? flags['audit-webhook-truncate-max-event-size'] : undefined,
    },
  };
}

function webhookLimits(flags: Flags): AuditWebhookLimits {
  return {
    mode: flags['audit-webhook-mode'],
    bufferSize: flags['audit-webhook-batch-buffer-size'],
    maxBatchSize: flags['audit-webhook-batch-max-size'],
    maxWaitMs: parseDuration(flags['audit-webhook-batch-max-wait']),
    throttleQps: flags['audit-webhook-batch-throttle-enable'] ? flags['audit-webhook-batch-throttle-qps'] : 0,
    initialBackoffMs: parseDuration(flags['audit-webhook-initial-backoff']),
    ...(flags['audit-webhook-truncate-enabled'] ? { maxBatchBytes: flags['audit-webhook-truncate-max-batch-size'] } : {}),
  };
}

function problemsOf(name: string, given: unknown): readonly string[] {
  if (!Object.hasOwn(DEFAULTS, name)) return [`unknown flag: ${name}`];
  const standard = DEFAULTS[name as keyof Flags];
  if (name.endsWith('-mode')) {
    return (AUDIT_MODES as readonly unknown[]).includes(given) ? [] : [`invalid audit ${name.split('-')[1]} mode ${String(given)}, allowed modes are "${AUDIT_MODES.join(',')}"`];
  }
  if (typeof given !== typeof standard) return [`${name}: ${JSON.stringify(given)} is no ${typeof standard === 'string' ? 'duration' : typeof standard}`];
  if (typeof given === 'number' && !(given > 0 || (given === 0 && MAY_BE_ZERO.has(name)))) return [`${name}: ${given} must be a positive number`];
  if (typeof given !== 'string') return [];
  try {
    return parseDuration(given) > 0 ? [] : [`${name}: ${given} must be a positive duration`];
  } catch (error) {
    return [`${name}: ${error instanceof Error ? error.message : String(error)}`];
  }
}
