import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { Pod } from '../../../kube/api/generated/core/v1.ts';
import type { Client } from '../../../kube/client/client.ts';

const DAY_MS = 86_400_000;
const MAX_TOKENS = 5000;

interface TokenRequestAnswer { readonly status?: { readonly token?: string; readonly expirationTimestamp?: string } }

/** Pod-bound service account tokens, asked anew at 80 % of their life or after a day (upstream: pkg/kubelet/token). */
export class ServiceAccountTokens {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #tokens = new Map<string, { readonly token: string; readonly refreshAtMs: number; readonly expiresAtMs: number }>();

  constructor(options: { readonly client: Client; readonly clock: Clock }) {
    this.#client = options.client;
    this.#clock = options.clock;
  }

  async token(pod: Pod, request: { readonly audience?: string; readonly expirationSeconds: number }): Promise<string> {
    const key = JSON.stringify([pod.metadata.uid, request.audience ?? '', request.expirationSeconds]);
    const cached = this.#tokens.get(key);
    const now = this.#clock.now();
    if (cached !== undefined && now < cached.refreshAtMs) return cached.token;
    try {
      const fresh = await this.#request(pod, request, now);
      if (this.#tokens.size >= MAX_TOKENS) this.#tokens.delete(this.#tokens.keys().next().value ?? '');
      this.#tokens.set(key, fresh);
      return fresh.token;
    } catch (error) {
      // The old one still works; the next resync tries again.
      if (cached !== undefined && now < cached.expiresAtMs) return cached.token;
      throw error;
    }
  }

  forget(uid: string): void {
    for (const key of this.#tokens.keys()) if ((JSON.parse(key) as string[])[0] === uid) this.#tokens.delete(key);
  }

  async #request(pod: Pod, { audience, expirationSeconds }: { audience?: string; expirationSeconds: number }, now: number) {
    const { namespace = '', name, uid } = pod.metadata;
    const account = pod.spec.serviceAccountName ?? 'default';
    const answer = (await this.#client.raw({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`,
      contentType: 'application/json',
      body: {
        apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: { name: account, namespace },
        spec: { audiences: audience === undefined || audience === '' ? [] : [audience], expirationSeconds, boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid } },
      },
    })) as TokenRequestAnswer;
    const token = answer.status?.token;
    if (token === undefined) throw new Error(`Cannot get a token for service account "${namespace}/${account}": the answer holds none`);
    const expiresAtMs = Date.parse(answer.status?.expirationTimestamp ?? '') || now + expirationSeconds * 1000;
    const refreshAtMs = Math.min(now + 0.8 * (expiresAtMs - now), now + DAY_MS);
    return { token, refreshAtMs, expiresAtMs };
  }
}
