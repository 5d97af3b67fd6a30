import { join } from 'node:path';
import { parse } from 'yaml';
import type { Clock } from '../../kube/apimachinery/clock.ts';
import type { ApiServerOptions } from '../apiserver/api-server.ts';
import { AuditLog } from '../apiserver/audit/audit-log.ts';
import { readAuditOptions } from '../apiserver/audit/audit-options.ts';
import { readAuditPolicy } from '../apiserver/audit/audit-policy.ts';
import { AuditWebhook } from '../apiserver/audit/audit-webhook.ts';
import type { AuditSink } from '../apiserver/audit/auditor.ts';
import { TruncatingSink } from '../apiserver/audit/truncating-sink.ts';
import { webhookEndpoint } from '../apiserver/authentication/webhook-endpoint.ts';
import { readIfExists } from './atomic-file.ts';
import type { DataDirectory } from './data-directory.ts';
import type { Log } from './log.ts';

/** An audit.k8s.io/v1 Policy in the data directory turns the audit log on; without it nothing is written down. */
export const AUDIT_POLICY_FILE = 'audit-policy.yaml';
/** As kube-apiserver's --audit-webhook-config-file, with inline certificates: events are sent to its server too. */
export const AUDIT_WEBHOOK_FILE = 'audit-webhook.kubeconfig';
/** kube-apiserver's flags --audit-log-… and --audit-webhook-…, each without its dashes. */
export const AUDIT_OPTIONS_FILE = 'audit-options.yaml';

/** The caller disposes the sinks after the server. */
export async function openAudit({ root, logs }: Pick<DataDirectory, 'root' | 'logs'>, { clock, log }: { readonly clock: Clock; readonly log: Log }): Promise<ApiServerOptions['audit']> {
  const file = join(root, AUDIT_POLICY_FILE);
  const text = await readIfExists(file);
  if (text === undefined) return undefined;
  const policy = usable(file, () => readAuditPolicy(parse(text)));
  const reportError = (error: unknown): void => log.error('audit events are lost', { error: error instanceof Error ? error.message : String(error) });
  const optionsFile = join(root, AUDIT_OPTIONS_FILE);
  const given = await readIfExists(optionsFile);
  const options = given === undefined ? readAuditOptions() : usable(optionsFile, () => readAuditOptions(parse(given)));
  const webhookFile = join(root, AUDIT_WEBHOOK_FILE);
  const kubeconfig = await readIfExists(webhookFile);
  const endpoint = kubeconfig === undefined ? undefined : usable(webhookFile, () => webhookEndpoint(kubeconfig, { allowPlain: true }));
  const limited = (next: AuditSink, maxEventBytes: number | undefined): AuditSink => (maxEventBytes === undefined ? next : new TruncatingSink({ next, maxEventBytes, reportError }));
  const { maxEventBytes, ...limits } = options.log;
  const auditLog = await AuditLog.open({ path: join(logs, 'audit.log'), ...limits, clock, reportError });
  const webhook = endpoint && new AuditWebhook({ endpoint, clock, reportError, limits: options.webhook.limits });
  return { policy, sinks: [limited(auditLog, maxEventBytes), ...(webhook ? [limited(webhook, options.webhook.maxEventBytes)] : [])] };
}

function usable<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new Error(`Cannot use ${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
