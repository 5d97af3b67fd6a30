import { join } from 'node:path';
import type { ApiServerOptions } from '../apiserver/api-server.ts';
import { readIfExists } from './atomic-file.ts';

/** The only one of the two that is followed while the cluster runs; see followConfiguration. */
export const AUTHENTICATION_FILE = 'authentication.yaml';

/**
 * What the operator may put into the data directory about who may come in; each is read when the cluster starts:
 *
 *     authentication.yaml              kind AuthenticationConfiguration, as kube-apiserver's --authentication-config
 *     token-webhook.kubeconfig         as --authentication-token-webhook-config-file, with inline certificates
 */
export async function readAuthenticationFiles(dataDirectory: string): Promise<NonNullable<ApiServerOptions['authentication']>> {
  const [configuration, tokenWebhook] = await Promise.all([AUTHENTICATION_FILE, 'token-webhook.kubeconfig'].map((name) => readIfExists(join(dataDirectory, name))));
  return { ...(configuration === undefined ? {} : { configuration }), ...(tokenWebhook === undefined ? {} : { tokenWebhook }) };
}
