import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ApiServerOptions } from '../apiserver/api-server.ts';
import { readIfExists } from './atomic-file.ts';

/** Followed while the cluster runs; see followConfiguration. */
export const AUTHENTICATION_FILE = 'authentication.yaml';
/** Kind AuthorizationConfiguration, as kube-apiserver's --authorization-config; followed too. */
export const AUTHORIZATION_FILE = 'authorization.yaml';

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

/** Who may do what, where the operator wants other authorizers than Node and RBAC. Paths of kubeconfigs are absolute, or relative to the data directory. */
export async function readAuthorizationFiles(dataDirectory: string): Promise<NonNullable<ApiServerOptions['authorizationFiles']>> {
  const configuration = await readIfExists(join(dataDirectory, AUTHORIZATION_FILE));
  return { ...(configuration === undefined ? {} : { configuration }), readFile: (path) => readFileSync(resolve(dataDirectory, path), 'utf8') };
}
