import { hash } from 'node:crypto';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { TokenMetrics } from '../metrics/token-metrics.ts';
import { withAuthenticatedGroup, type User } from './user.ts';

/** One kind of bearer token. */
export interface TokenAuthenticator {
  /** Undefined when the token is of another kind; throws with the reason when it is of this kind and no good. */
  authenticateToken(token: string, audiences?: readonly string[]): Promise<TokenResult | undefined>;
}

export interface TokenResult {
  readonly user: User;
  /** Those of the asked audiences that the token is good for. */
  readonly audiences: readonly string[];
  /** For whoever uses the token. */
  readonly warnings?: readonly string[];
  /** For the audit event of each request that shows it. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Why a token is no good, and what the audit event of a request that shows it says of it all the same. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
  readonly annotations: Readonly<Record<string, string>>;

  constructor(message: string, annotations: Readonly<Record<string, string>>, options?: ErrorOptions) {
    super(message, options);
    this.annotations = annotations;
  }
}

/** As upstream's token cache: a token that was good stays good for this long. */
const CACHE_MS = 10_000;
/** More distinct tokens than a cluster has service accounts in use; the oldest go first. */
const MAX_CACHED = 4096;

/** Asks each kind in turn; the first that knows the token decides, unless it fails and another one knows it too. */
export class CachedTokens implements TokenAuthenticator {
  readonly #kinds: () => readonly TokenAuthenticator[];
  readonly #clock: Clock;
  readonly #metrics: TokenMetrics | undefined;
  /** By a digest: a heap dump shows no tokens. */
  readonly #cache = new Map<string, { readonly result: TokenResult; readonly expiresAtMs: number }>();

  /** The kinds may change; whoever changes them says so by {@link CachedTokens.forget}. */
  constructor(kinds: () => readonly TokenAuthenticator[], { clock, metrics }: { readonly clock: Clock; readonly metrics?: TokenMetrics | undefined }) {
    this.#kinds = kinds;
    this.#clock = clock;
    this.#metrics = metrics;
  }

  async authenticateToken(token: string, audiences?: readonly string[]): Promise<TokenResult | undefined> {
    const reasons: string[] = [];
    const annotations: Record<string, string> = {};
    for (const kind of this.#kinds()) {
      try {
        const result = await kind.authenticateToken(token, audiences);
        if (result) return { ...result, user: withAuthenticatedGroup(result.user) };
      } catch (error) {
        reasons.push(error instanceof Error ? error.message : String(error));
        if (error instanceof TokenError) Object.assign(annotations, error.annotations);
      }
    }
    if (reasons.length > 0) throw new TokenError(reasons.length === 1 ? (reasons[0] as string) : `[${reasons.join(', ')}]`, annotations);
    return undefined;
  }

  forget(): void {
    this.#cache.clear();
  }

  /** For the server's own audiences; without a user for any token that is no good, whatever the reason. */
  async cached(token: string): Promise<Partial<TokenResult> | undefined> {
    const key = hash('sha256', token, 'base64');
    const now = this.#clock.monotonicMs();
    const hit = this.#cache.get(key);
    if (hit && hit.expiresAtMs > now) {
      this.#metrics?.hit(this.#clock.monotonicMs() - now);
      return hit.result;
    }
    this.#cache.delete(key);
    const done = this.#metrics?.fetching();
    let refusal: unknown;
    const result = await this.authenticateToken(token).catch((error: unknown) => {
      refusal = error;
      return undefined;
    });
    done?.({ failed: refusal !== undefined, elapsedMs: this.#clock.monotonicMs() - now });
    if (!result) return refusal instanceof TokenError ? { annotations: refusal.annotations } : undefined;
    if (this.#cache.size >= MAX_CACHED) for (const oldest of this.#cache.keys()) { this.#cache.delete(oldest); break; }
    this.#cache.set(key, { result, expiresAtMs: now + CACHE_MS });
    return result;
  }
}
