import { createHash } from 'node:crypto';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import { isJsonObject } from '../../../kube/apimachinery/json.ts';
import type { TokenAuthenticator, TokenResult } from './token-authenticator.ts';
import { webhookEndpoint } from './webhook-endpoint.ts';
import { webhookReview } from './webhook-review.ts';

export interface WebhookTokenOptions {
  readonly clock: Clock;
  readonly apiAudiences: readonly string[];
}

/** As --authentication-token-webhook-cache-ttl: an answer, good or bad, is kept for this long. */
const CACHE_MS = 120_000;
const MAX_CACHED = 1024;
const TIMEOUT_MS = 30_000;

/** Asks the server that a kubeconfig names about tokens that nobody else knows, by TokenReview v1 (upstream: plugin/pkg/authenticator/token/webhook). */
export function webhookTokenAuthenticator(kubeconfig: string, { clock, apiAudiences }: WebhookTokenOptions): TokenAuthenticator {
  const endpoint = webhookEndpoint(kubeconfig);
  const cache = new Map<string, { readonly result: TokenResult | undefined; readonly expiresAtMs: number }>();
  return {
    async authenticateToken(token, asked = apiAudiences) {
      const key = createHash('sha256').update(JSON.stringify([token, asked])).digest('base64');
      const now = clock.monotonicMs();
      const hit = cache.get(key);
      if (hit && hit.expiresAtMs > now) return hit.result;
      const result = resultOf(await webhookReview({ endpoint, clock, timeoutMs: TIMEOUT_MS, body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token, audiences: asked } } }), { apiAudiences, asked });
      cache.delete(key);
      if (cache.size >= MAX_CACHED) for (const oldest of cache.keys()) { cache.delete(oldest); break; }
      cache.set(key, { result, expiresAtMs: now + CACHE_MS });
      return result;
    },
  };
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
