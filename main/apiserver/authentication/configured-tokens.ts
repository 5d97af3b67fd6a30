import type { Clock } from '../../../kube/apimachinery/clock.ts';
import { parseAuthenticationConfiguration } from './jwt/authentication-configuration.ts';
import { jwtAuthenticator } from './jwt/jwt-authenticator.ts';
import type { TokenAuthenticator } from './token-authenticator.ts';
import { webhookTokenAuthenticator } from './webhook-token.ts';

/** What the operator says about who may come in. */
export interface AuthenticationFiles {
  /** YAML of kind AuthenticationConfiguration (kube-apiserver's --authentication-config): OIDC issuers, anonymous access. */
  readonly configuration?: string;
  /** A kubeconfig (--authentication-token-webhook-config-file). */
  readonly tokenWebhook?: string;
}

export interface ConfiguredAuthentication {
  readonly tokens: readonly TokenAuthenticator[];
  /** Absent: as without a file. */
  readonly anonymous?: 'all' | 'none' | readonly string[];
}

export interface AuthenticationOptions {
  readonly clock: Clock;
  readonly apiAudiences: readonly string[];
  /** Of the server's own tokens: no other may claim to be one of them. */
  readonly issuers: readonly string[];
}

/** Throws when a file makes no sense: a server with half of its authentication would be worse than none. */
export function configuredAuthentication({ configuration, tokenWebhook }: AuthenticationFiles, options: AuthenticationOptions): ConfiguredAuthentication {
  const parsed = configuration === undefined ? undefined : named('authentication configuration', () => parseAuthenticationConfiguration(configuration, { disallowedIssuers: options.issuers }));
  const webhook = tokenWebhook === undefined ? [] : [named('kubeconfig of the token webhook', () => webhookTokenAuthenticator(tokenWebhook, options))];
  const anonymous = parsed?.anonymous;
  return {
    tokens: [...(parsed?.issuers ?? []).map((issuer) => jwtAuthenticator(issuer, options)), ...webhook],
    ...(anonymous ? { anonymous: !anonymous.enabled ? ('none' as const) : anonymous.paths.length === 0 ? ('all' as const) : anonymous.paths } : {}),
  };
}

function named<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Error(`Cannot use the ${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
