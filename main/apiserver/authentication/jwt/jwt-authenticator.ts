import type { JWTPayload } from 'jose';
import type { Clock } from '../../../../kube/apimachinery/clock.ts';
import { claimsWithoutVerification } from '../service-account-keys.ts';
import type { TokenAuthenticator, TokenResult } from '../token-authenticator.ts';
import type { User } from '../user.ts';
import type { JwtIssuer, ValidationRule } from './authentication-configuration.ts';
import { DistributedClaims } from './distributed-claims.ts';
import { IssuerVerifier } from './issuer-verifier.ts';
import { userOfClaims } from './user-of-claims.ts';

export interface JwtAuthenticatorOptions {
  readonly clock: Clock;
  /** What a token of the issuer is good for: its own audiences name the issuer's client, not this server's. */
  readonly apiAudiences: readonly string[];
  /** As --oidc-signing-algs; default: all that upstream allows in a configuration file. */
  readonly algorithms?: readonly string[];
}

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512'];

/** Tokens of an OpenID Connect issuer (upstream: apiserver plugin/pkg/authenticator/token/oidc). */
export function jwtAuthenticator(issuer: JwtIssuer, { clock, apiAudiences, algorithms = ALGORITHMS }: JwtAuthenticatorOptions): TokenAuthenticator {
  const options = { issuer, audiences: issuer.audiences, algorithms, clock };
  const verifier = new IssuerVerifier(options);
  const distributed = issuer.groups && 'claim' in issuer.groups ? new DistributedClaims(issuer.groups.claim, options) : undefined;

  return {
    async authenticateToken(token, asked = apiAudiences): Promise<TokenResult | undefined> {
      if (claimsWithoutVerification(token)?.['iss'] !== issuer.url) return undefined;
      const audiences = apiAudiences.filter((audience) => asked.includes(audience));
      if (audiences.length === 0) return undefined;
      let claims: JWTPayload;
      try {
        claims = await verifier.verify(token);
      } catch (error) {
        throw new Error(`oidc: verify token: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      }
      return { user: await checkedUser(issuer, distributed ? await expanded(distributed, claims) : claims), audiences };
    },
  };
}

async function expanded(distributed: DistributedClaims, claims: JWTPayload): Promise<JWTPayload> {
  try {
    return await distributed.expanded(claims);
  } catch (error) {
    throw new Error(`oidc: could not expand distributed claims: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

async function checkedUser(issuer: JwtIssuer, claims: JWTPayload): Promise<User> {
  const user = await userOfClaims(issuer, claims);
  for (const { claim, value } of issuer.requiredClaims) {
    const actual = claims[claim];
    if (actual === undefined) throw new Error(`oidc: required claim ${claim} not present in ID token`);
    if (typeof actual !== 'string') throw new Error(`oidc: parse claim ${claim}: it is not a string`);
    if (actual !== value) throw new Error(`oidc: required claim ${claim} value does not match. Got = ${actual}, want = ${value}`);
  }
  await checkRules(issuer.claimRules, claims, 'oidc: error evaluating claim validation expression');
  const { name, uid = '', groups, extra = {} } = user;
  await checkRules(issuer.userRules, { username: name, uid, groups, extra }, 'oidc: error evaluating user info validation rule');
  return user;
}

async function checkRules(rules: readonly ValidationRule[], value: unknown, what: string): Promise<void> {
  for (const { expression, message } of rules) {
    let result: unknown;
    try {
      result = await expression.evaluate(value);
    } catch (error) {
      throw new Error(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
    if (result !== true) throw new Error(`${what}: validation expression '${expression.source}' failed${message === '' ? '' : `: ${message}`}`);
  }
}
