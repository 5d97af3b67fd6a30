import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { ApiRequest } from '../endpoints/request.ts';
import { authenticateBootstrapToken } from './bootstrap-token.ts';
import type { ObjectReader } from './object-reader.ts';
import { authenticateRequestHeader } from './request-header.ts';
import { authenticateServiceAccountToken, type TokenAuthenticatorOptions } from './service-account-token.ts';
import type { TokenMetrics } from '../metrics/token-metrics.ts';
import type { LiveAuthentication } from './live-authentication.ts';
import { CachedTokens, type TokenAuthenticator, type TokenResult } from './token-authenticator.ts';
import { anonymousUser, withAuthenticatedGroup, type User } from './user.ts';

export interface AuthenticatorOptions extends TokenAuthenticatorOptions {
  readonly clock: Clock;
  readonly reader: ObjectReader;
  /** token → user, for tests and tools. */
  readonly staticTokens?: Readonly<Record<string, User>>;
  /** Asked after the server's own kinds of token, in order: issuers of identities and webhooks that the operator named. */
  readonly furtherTokens?: Pick<LiveAuthentication, 'tokens' | 'onReload'>;
  readonly metrics?: TokenMetrics;
  /** Common names of proxies that may speak for users. */
  readonly frontProxyNames: readonly string[];
  /** What may be asked without a credential. 'paths': those below and what is under them; a list: exactly those. */
  readonly anonymous: 'all' | 'paths' | 'none' | readonly string[];
}

/** What is to be said of a credential, beside whose it is. */
export interface CredentialNotes {
  readonly warnings: string[];
  readonly annotations: Record<string, string>;
}

export interface Authenticator {
  /** Undefined means 401. `notes` takes what the client should hear, and what the audit log should know, about its credential. */
  authenticate(request: ApiRequest, notes?: CredentialNotes): Promise<User | undefined>;
  /** A token alone, for TokenReview; throws with the reason. */
  authenticateToken(token: string, audiences?: readonly string[]): Promise<TokenResult | undefined>;
}

const ANONYMOUS_PATHS = new Set(['/healthz', '/livez', '/readyz', '/version']);
const WEBSOCKET_TOKEN_PREFIX = 'base64url.bearer.authorization.k8s.io.';

/** In upstream's order: front proxy, client certificate, token, nobody (pkg/kubeapiserver/authenticator/config.go). */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const own: readonly TokenAuthenticator[] = [
    staticTokenAuthenticator(options.staticTokens ?? {}, options.apiAudiences),
    { authenticateToken: (token, audiences) => authenticateServiceAccountToken(options, token, audiences) },
    { authenticateToken: async (token, audiences) => ofServer(await authenticateBootstrapToken(options.reader, options.clock, token), options.apiAudiences, audiences) },
  ];
  const { furtherTokens } = options;
  const tokens = new CachedTokens(() => (furtherTokens ? [...own, ...furtherTokens.tokens] : own), options);
  furtherTokens?.onReload(() => tokens.forget());
  return {
    authenticateToken: (token, audiences) => tokens.authenticateToken(token, audiences),
    async authenticate(request, notes) {
      const known = certified(options, request);
      if (known) return withAuthenticatedGroup(known);
      const token = bearerToken(request);
      if (token !== undefined) {
        const result = await tokens.cached(token);
        notes?.warnings.push(...(result?.warnings ?? []));
        if (notes && result?.annotations) Object.assign(notes.annotations, result.annotations);
        return result?.user;
      }
      return mayBeAnonymous(options.anonymous, request.rawPath) ? anonymousUser : undefined;
    },
  };
}

/** Whom the connection's certificate vouches for. A proxy that may not speak for others, or says for nobody, leaves it to the request's own credential. */
function certified({ frontProxyNames }: AuthenticatorOptions, request: ApiRequest): User | undefined {
  const { certificate } = request;
  if (!certificate) return undefined;
  if (certificate.authority === 'front-proxy') {
    try {
      return authenticateRequestHeader({ allowedNames: frontProxyNames }, request);
    } catch {
      return undefined;
    }
  }
  if (certificate.commonName === '') return undefined;
  return { name: certificate.commonName, groups: certificate.organizations, extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${certificate.fingerprint}`] } };
}

function staticTokenAuthenticator(tokens: Readonly<Record<string, User>>, apiAudiences: readonly string[]): TokenAuthenticator {
  const known = Object.entries(tokens).map(([token, user]) => ({ digest: digestOf(token), user }));
  return {
    async authenticateToken(token, audiences) {
      const digest = digestOf(token);
      return ofServer(known.find((entry) => timingSafeEqual(entry.digest, digest))?.user, apiAudiences, audiences);
    },
  };
}

/** Tokens that know of no audience are for the server itself. */
function ofServer(user: User | undefined, own: readonly string[], asked: readonly string[] = own): TokenResult | undefined {
  const audiences = own.filter((audience) => asked.includes(audience));
  return user && audiences.length > 0 ? { user, audiences } : undefined;
}

function mayBeAnonymous(anonymous: AuthenticatorOptions['anonymous'], path: string): boolean {
  if (typeof anonymous !== 'string') return anonymous.includes(path);
  return anonymous === 'all' || (anonymous === 'paths' && isAnonymousPath(path));
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
  return headers['upgrade']?.toLowerCase() === 'websocket' ? tokenOfProtocols(headers['sec-websocket-protocol'] ?? '') : undefined;
}

/** A browser cannot set headers: it offers its token as a sub-protocol, and another one that can be agreed on. What is malformed is a token that nobody knows. */
function tokenOfProtocols(offered: string): string | undefined {
  const protocols = offered.split(',').map((name) => name.trim());
  const tokens = protocols.filter((name) => name.startsWith(WEBSOCKET_TOKEN_PREFIX));
  const [encoded] = tokens;
  if (encoded === undefined) return undefined;
  const text = encoded.slice(WEBSOCKET_TOKEN_PREFIX.length);
  const isGood = tokens.length === 1 && protocols.length > 1 && /^[\w-]+$/.test(text);
  return isGood ? Buffer.from(text, 'base64url').toString('utf8') : '';
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
