import { join } from 'node:path';
import { parse } from 'yaml';
import type { Clock } from '../../kube/apimachinery/clock.ts';
import type { ApiServerOptions } from '../apiserver/api-server.ts';
import { AuditLog } from '../apiserver/audit/audit-log.ts';
import { readAuditPolicy } from '../apiserver/audit/audit-policy.ts';
import { AuditWebhook } from '../apiserver/audit/audit-webhook.ts';
import { webhookEndpoint } from '../apiserver/authentication/webhook-endpoint.ts';
import { readIfExists } from './atomic-file.ts';
import type { DataDirectory } from './data-directory.ts';
import type { Log } from './log.ts';

/** An audit.k8s.io/v1 Policy in the data directory turns the audit log on; without it nothing is written down. */
export const AUDIT_POLICY_FILE = 'audit-policy.yaml';
/** As kube-apiserver's --audit-webhook-config-file, with inline certificates: events are sent to its server too. */
export const AUDIT_WEBHOOK_FILE = 'audit-webhook.kubeconfig';
/** Some days of a busy cluster, and no more than a gigabyte. */
const LIMITS = { maxSizeMB: 100, maxBackups: 9, maxAgeDays: 30 };

/** The caller disposes the sinks after the server. */
export async function openAudit({ root, logs }: Pick<DataDirectory, 'root' | 'logs'>, { clock, log }: { readonly clock: Clock; readonly log: Log }): Promise<ApiServerOptions['audit']> {
  const file = join(root, AUDIT_POLICY_FILE);
  const text = await readIfExists(file);
  if (text === undefined) return undefined;
  const policy = usable(file, () => readAuditPolicy(parse(text)));
  const reportError = (error: unknown): void => log.error('audit events are lost', { error: error instanceof Error ? error.message : String(error) });
  const webhookFile = join(root, AUDIT_WEBHOOK_FILE);
  const kubeconfig = await readIfExists(webhookFile);
  const endpoint = kubeconfig === undefined ? undefined : usable(webhookFile, () => webhookEndpoint(kubeconfig, { allowPlain: true }));
  const auditLog = await AuditLog.open({ path: join(logs, 'audit.log'), ...LIMITS, clock, reportError });
  return { policy, sinks: [auditLog, ...(endpoint ? [new AuditWebhook({ endpoint, clock, reportError })] : [])] };
}

function usable<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new Error(`Cannot use ${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
