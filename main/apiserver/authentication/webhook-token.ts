import { createHash } from 'node:crypto';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import { isJsonObject } from '../../../kube/apimachinery/json.ts';
import { parseDocument } from '../negotiation/decode-body.ts';
import { httpsJson, type HttpsJsonRequest } from './https-json.ts';
import type { TokenAuthenticator, TokenResult } from './token-authenticator.ts';

export interface WebhookTokenOptions {
  readonly clock: Clock;
  readonly apiAudiences: readonly string[];
}

/** As --authentication-token-webhook-cache-ttl: an answer, good or bad, is kept for this long. */
const CACHE_MS = 120_000;
const MAX_CACHED = 1024;
const TIMEOUT_MS = 30_000;
/** As upstream's default backoff: waits before further tries of a webhook that does not answer. */
const RETRY_WAITS_MS = [500, 750, 1125, 1687];

type Endpoint = Pick<HttpsJsonRequest, 'url' | 'ca' | 'insecure' | 'client' | 'headers'>;

/** Asks the server that a kubeconfig names about tokens that nobody else knows, by TokenReview v1 (upstream: plugin/pkg/authenticator/token/webhook). */
export function webhookTokenAuthenticator(kubeconfig: string, { clock, apiAudiences }: WebhookTokenOptions): TokenAuthenticator {
  const endpoint = endpointOf(kubeconfig);
  const cache = new Map<string, { readonly result: TokenResult | undefined; readonly expiresAtMs: number }>();
  return {
    async authenticateToken(token, asked = apiAudiences) {
      const key = createHash('sha256').update(JSON.stringify([token, asked])).digest('base64');
      const now = clock.monotonicMs();
      const hit = cache.get(key);
      if (hit && hit.expiresAtMs > now) return hit.result;
      const result = resultOf(await review(endpoint, { clock, body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token, audiences: asked } } }), { apiAudiences, asked });
      cache.delete(key);
      if (cache.size >= MAX_CACHED) for (const oldest of cache.keys()) { cache.delete(oldest); break; }
      cache.set(key, { result, expiresAtMs: now + CACHE_MS });
      return result;
    },
  };
}

async function review(endpoint: Endpoint, { clock, body }: { readonly clock: Clock; readonly body: unknown }): Promise<Record<string, unknown>> {
  for (let attempt = 0; ; attempt++) {
    const deadline = new AbortController();
    using _timer = clock.setTimer(TIMEOUT_MS, () => deadline.abort(new Error('context deadline exceeded')));
    try {
      const { status, value } = await httpsJson({ ...endpoint, method: 'POST', body }, deadline.signal);
      if (status >= 200 && status < 300 && isJsonObject(value) && isJsonObject(value['status'])) return value['status'];
      throw new Error(`webhook answered with status ${status}`);
    } catch (error) {
      const waitMs = RETRY_WAITS_MS[attempt];
      if (waitMs === undefined) throw error;
      await clock.sleep(waitMs);
    }
  }
}

function resultOf(status: Record<string, unknown>, { apiAudiences, asked }: { readonly apiAudiences: readonly string[]; readonly asked: readonly string[] }): TokenResult | undefined {
  // A webhook that knows of no audiences speaks for this server's own.
  const named = listOf(status['audiences']);
  const audiences = (named.length > 0 ? named : apiAudiences).filter((audience) => asked.includes(audience));
  if (audiences.length === 0) return undefined;
  if (status['authenticated'] !== true) {
    if (typeof status['error'] === 'string' && status['error'] !== '') throw new Error(status['error']);
    return undefined;
  }
  const user = isJsonObject(status['user']) ? status['user'] : {};
  const extra = isJsonObject(user['extra']) ? Object.fromEntries(Object.entries(user['extra']).map(([key, values]) => [key, listOf(values)])) : {};
  const uid = String(user['uid'] ?? '');
  return { user: { name: String(user['username'] ?? ''), groups: listOf(user['groups']), extra, ...(uid === '' ? {} : { uid }) }, audiences };
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** The current context's server and how to show ourselves there; everything inline (`…-data`). Throws for what is missing. */
function endpointOf(kubeconfig: string): Endpoint {
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
  if (typeof server !== 'string' || !server.startsWith('https://')) throw new Error('the current context must name a cluster whose server is an https URL');
  const [ca, certificate, key] = [data(cluster, 'certificate-authority-data'), data(user, 'client-certificate-data'), data(user, 'client-key-data')];
  return {
    url: server, insecure: cluster['insecure-skip-tls-verify'] === true,
    ...(ca === undefined ? {} : { ca }), ...(certificate !== undefined && key !== undefined ? { client: { certificate, key } } : {}),
    ...(typeof user['token'] === 'string' ? { headers: { authorization: `Bearer ${user['token']}` } } : {}),
  };
}
