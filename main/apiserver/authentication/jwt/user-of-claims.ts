import type { JWTPayload } from 'jose';
import type { User } from '../user.ts';
import type { ClaimMapping, JwtIssuer } from './authentication-configuration.ts';

/** The user that the claims of a verified token describe; throws with upstream's reason. */
export async function userOfClaims(issuer: JwtIssuer, claims: JWTPayload): Promise<User> {
  const name = await usernameOf(issuer.username, claims);
  const groups = await groupsOf(issuer.groups, claims);
  const uid = await uidOf(issuer.uid, claims);
  const extra: Record<string, readonly string[]> = {};
  if (typeof claims.jti === 'string' && claims.jti !== '') extra['authentication.kubernetes.io/credential-id'] = [`JTI=${claims.jti}`];
  for (const { key, value } of issuer.extra) {
    const values = texts(await evaluated(value.evaluate(claims), 'extra claim'), 'extra claim');
    if (values.length > 0) extra[key] = values;
  }
  return { name, groups, ...(uid === '' ? {} : { uid }), ...(Object.keys(extra).length > 0 ? { extra } : {}) };
}

async function usernameOf(mapping: ClaimMapping, claims: JWTPayload): Promise<string> {
  if ('expression' in mapping) {
    const value = await evaluated(mapping.expression.evaluate(claims), 'username claim');
    if (typeof value !== 'string') throw new Error('oidc: error evaluating username claim expression: username claim expression must return a string');
    if (value === '') throw new Error('oidc: empty username via CEL expression is not allowed');
    return value;
  }
  const { claim, prefix } = mapping;
  const value = claims[claim];
  if (value === undefined) throw new Error(`oidc: parse username claims ${JSON.stringify(claim)}: claim not present`);
  if (typeof value !== 'string') throw new Error(`oidc: parse username claims ${JSON.stringify(claim)}: it is not a string`);
  if (claim === 'email' && claims['email_verified'] !== undefined) {
    if (typeof claims['email_verified'] !== 'boolean') throw new Error("oidc: parse 'email_verified' claim: it is not a boolean");
    if (!claims['email_verified']) throw new Error('oidc: email not verified');
  }
  return prefix + value;
}

/** A single text counts as a list of one: some issuers have a `role`. */
async function groupsOf(mapping: ClaimMapping | undefined, claims: JWTPayload): Promise<readonly string[]> {
  if (!mapping) return [];
  if ('expression' in mapping) return texts(await evaluated(mapping.expression.evaluate(claims), 'group claim'), 'group claim');
  const value = claims[mapping.claim];
  if (value === undefined) return [];
  const list = typeof value === 'string' ? [value] : value;
  if (!Array.isArray(list) || !list.every((item) => typeof item === 'string')) throw new Error(`oidc: parse groups claim ${JSON.stringify(mapping.claim)}: it is neither a string nor a list of strings`);
  return list.map((group: string) => mapping.prefix + group);
}

async function uidOf(mapping: ClaimMapping | undefined, claims: JWTPayload): Promise<string> {
  if (!mapping) return '';
  if ('expression' in mapping) {
    const value = await evaluated(mapping.expression.evaluate(claims), 'uid claim');
    if (typeof value !== 'string') throw new Error('oidc: error evaluating uid claim expression: uid claim expression must return a string');
    return value;
  }
  const value = claims[mapping.claim];
  if (typeof value !== 'string') throw new Error(`oidc: parse uid claim ${JSON.stringify(mapping.claim)}: ${value === undefined ? 'claim not present' : 'it is not a string'}`);
  return value;
}

/** Empty texts, absent values and null count for nothing. */
function texts(value: unknown, what: string): readonly string[] {
  if (value === null || value === undefined || value === '') return [];
  const list = typeof value === 'string' ? [value] : value;
  if (!Array.isArray(list) || !list.every((item) => typeof item === 'string')) throw new Error(`oidc: error evaluating ${what} expression: expression must return a string or a list of strings`);
  return list.filter((item) => item !== '') as string[];
}

async function evaluated(work: Promise<unknown>, what: string): Promise<unknown> {
  try {
    return await work;
  } catch (error) {
    throw new Error(`oidc: error evaluating ${what} expression: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
