import { isJsonObject } from '../../../kube/apimachinery/json.ts';
import { parseDocument } from '../negotiation/decode-body.ts';
import type { HttpsJsonRequest } from './https-json.ts';

export type WebhookEndpoint = Pick<HttpsJsonRequest, 'url' | 'ca' | 'insecure' | 'client' | 'headers'>;

/** The current context's server and how to show ourselves there; everything inline (`…-data`). Throws for what is missing. A token is never sent over plain HTTP. */
export function webhookEndpoint(kubeconfig: string, { allowPlain = false }: { readonly allowPlain?: boolean } = {}): WebhookEndpoint {
  const { value } = parseDocument(Buffer.from(kubeconfig), 'yaml');
  const config = isJsonObject(value) ? value : {};
  const named = (list: string, member: string, name: unknown): Record<string, unknown> => {
    const items: readonly unknown[] = Array.isArray(config[list]) ? config[list] : [];
    const found = items.find((item) => isJsonObject(item) && item['name'] === name);
    return isJsonObject(found) && isJsonObject(found[member]) ? found[member] : {};
  };
  const context = named('contexts', 'context', config['current-context']);
  const cluster = named('clusters', 'cluster', context['cluster']);
  const user = named('users', 'user', context['user']);
  const data = (from: Record<string, unknown>, name: string): string | undefined => (typeof from[name] === 'string' ? Buffer.from(from[name], 'base64').toString() : undefined);
  const { server } = cluster;
  if (typeof server !== 'string' || !(server.startsWith('https://') || (allowPlain && server.startsWith('http://')))) throw new Error('the current context must name a cluster whose server is an https URL');
  const [ca, certificate, key] = [data(cluster, 'certificate-authority-data'), data(user, 'client-certificate-data'), data(user, 'client-key-data')];
  return {
    url: server, insecure: cluster['insecure-skip-tls-verify'] === true,
    ...(ca === undefined ? {} : { ca }), ...(certificate !== undefined && key !== undefined ? { client: { certificate, key } } : {}),
    ...(typeof user['token'] === 'string' && server.startsWith('https://') ? { headers: { authorization: `Bearer ${user['token']}` } } : {}),
  };
}
