import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { ApiRequest } from '../endpoints/request.ts';
import { authenticateBootstrapToken } from './bootstrap-token.ts';
import type { ObjectReader } from './object-reader.ts';
import { authenticateServiceAccountToken, type TokenAuthenticatorOptions } from './service-account-token.ts';
import { anonymousUser, withAuthenticatedGroup, type User } from './user.ts';

export interface AuthenticatorOptions extends TokenAuthenticatorOptions {
  readonly clock: Clock;
  readonly reader: ObjectReader;
  /** token → user, for tests and tools. */
  readonly staticTokens?: Readonly<Record<string, User>>;
  /** 'paths': only the paths below may be asked without a credential. */
  readonly anonymous: 'all' | 'paths' | 'none';
}

export interface Authenticator {
  /** Undefined means 401. */
  authenticate(request: ApiRequest): Promise<User | undefined>;
  /** A token alone, for TokenReview; throws with the reason. */
  authenticateToken(token: string, audiences?: readonly string[]): Promise<{ readonly user: User; readonly audiences: readonly string[] } | undefined>;
}

const ANONYMOUS_PATHS = new Set(['/healthz', '/livez', '/readyz', '/version']);
/** As upstream's token cache: a token that was good stays good for this long. */
const TOKEN_CACHE_MS = 10_000;
/** More distinct tokens than a cluster has service accounts in use; the oldest go first. */
const TOKEN_CACHE_SIZE = 4096;
const WEBSOCKET_TOKEN_PREFIX = 'base64url.bearer.authorization.k8s.io.';

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const cache = new Map<string, { readonly user: User; readonly expiresAtMs: number }>();
  const staticTokens = Object.entries(options.staticTokens ?? {}).map(([token, user]) => ({ digest: digestOf(token), user }));

  async function cachedToken(token: string): Promise<User | undefined> {
    const now = options.clock.monotonicMs();
    const hit = cache.get(token);
    if (hit && hit.expiresAtMs > now) return hit.user;
    cache.delete(token);
    const result = await authenticateToken(token).catch(() => undefined);
    if (!result) return undefined;
    if (cache.size >= TOKEN_CACHE_SIZE) for (const oldest of cache.keys()) { cache.delete(oldest); break; }
    cache.set(token, { user: result.user, expiresAtMs: now + TOKEN_CACHE_MS });
    return result.user;
  }

  async function authenticateToken(token: string, audiences?: readonly string[]) {
    const digest = digestOf(token);
    const known = staticTokens.find((entry) => timingSafeEqual(entry.digest, digest));
    if (known) return { user: withAuthenticatedGroup(known.user), audiences: audiences ?? options.apiAudiences };
    const account = await authenticateServiceAccountToken(options, token, audiences);
    if (account) return { user: withAuthenticatedGroup(account.user), audiences: account.audiences };
    const bootstrap = await authenticateBootstrapToken(options.reader, options.clock, token);
    return bootstrap && { user: withAuthenticatedGroup(bootstrap), audiences: audiences ?? options.apiAudiences };
  }

  return {
    authenticateToken,
    async authenticate(request) {
      const { certificate } = request;
      if (certificate && certificate.commonName !== '') {
        return withAuthenticatedGroup({
          name: certificate.commonName,
          groups: certificate.organizations,
          extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${certificate.fingerprint}`] },
        });
      }
      const token = bearerToken(request);
      if (token !== undefined) return cachedToken(token);
      if (options.anonymous === 'all') return anonymousUser;
      return options.anonymous === 'paths' && isAnonymousPath(request.rawPath) ? anonymousUser : undefined;
    },
  };
}

function isAnonymousPath(path: string): boolean {
  if (ANONYMOUS_PATHS.has(path)) return true;
  const slash = path.indexOf('/', 1);
  return slash > 0 && path !== '/version/' && ANONYMOUS_PATHS.has(path.slice(0, slash));
}

/** Upstream: any other scheme, or no token after Bearer, counts as no credential at all. */
function bearerToken({ headers }: ApiRequest): string | undefined {
  const header = headers['authorization']?.trim();
  if (header) {
    const [scheme, token] = header.split(' ', 3);
    return scheme?.toLowerCase() === 'bearer' && token ? token : undefined;
  }
  const protocols = headers['sec-websocket-protocol'];
  if (!protocols) return undefined;
  const offered = protocols.split(',').map((name) => name.trim()).find((name) => name.startsWith(WEBSOCKET_TOKEN_PREFIX));
  return offered && Buffer.from(offered.slice(WEBSOCKET_TOKEN_PREFIX.length), 'base64url').toString('utf8');
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
