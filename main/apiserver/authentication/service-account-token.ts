import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { TokenMetrics } from '../metrics/token-metrics.ts';
import { authenticateLegacyToken, LEGACY_ISSUER, type SecretTracker } from './legacy-token.ts';
import type { ObjectReader } from './object-reader.ts';
import { claimsWithoutVerification, verifyJwt, type ServiceAccountKey } from './service-account-keys.ts';
import type { TokenResult } from './token-authenticator.ts';
import { serviceAccountUser } from './user.ts';

/** The private claims of upstream's bound tokens (pkg/serviceaccount/claims.go). */
export interface KubernetesClaims {
  readonly namespace?: string;
  readonly serviceaccount?: Ref;
  readonly pod?: Ref;
  readonly secret?: Ref;
  readonly node?: Ref;
  readonly warnafter?: number;
}
export interface Ref {
  readonly name: string;
  readonly uid?: string;
}
export interface TokenAuthenticatorOptions {
  /** The first is told in new tokens; those of all are taken. */
  readonly issuers: readonly string[];
  readonly apiAudiences: readonly string[];
  readonly keys: readonly ServiceAccountKey[];
  readonly reader: ObjectReader;
  readonly clock: Clock;
  readonly secrets?: SecretTracker;
  readonly metrics?: TokenMetrics;
}

/** How long after its deletion time a bound object still vouches for a token. */
const DELETION_LEEWAY_MS = 60_000;
/** Clocks of nodes and host may differ by this much. */
const CLOCK_LEEWAY_SECONDS = 60;
const INVALIDATED = 'service account token has been invalidated';

/** Undefined when the token is not one of ours; throws with upstream's reason when it is ours but no longer valid. */
export async function authenticateServiceAccountToken(
  options: TokenAuthenticatorOptions,
  token: string,
  audiences: readonly string[] = options.apiAudiences,
): Promise<TokenResult | undefined> {
  const issuer = claimsWithoutVerification(token)?.['iss'];
  const isLegacy = issuer === LEGACY_ISSUER;
  if (typeof issuer !== 'string' || (!isLegacy && !options.issuers.includes(issuer))) return undefined;
  const claims = verifyJwt(options.keys, token);
  const good = goodAudiences(claims, options.apiAudiences, audiences);
  return isLegacy ? authenticateLegacyToken(options, { token, claims, audiences: good }) : boundUser(options, claims, good);
}

function goodAudiences(claims: Record<string, unknown>, apiAudiences: readonly string[], asked: readonly string[]): readonly string[] {
  const named = ([] as unknown[]).concat(claims['aud'] ?? []).filter((value) => typeof value === 'string');
  const own = named.length === 0 ? apiAudiences : named;
  const good = asked.filter((audience) => own.includes(audience));
  if (good.length === 0) throw new Error(`token audiences ${goList(own)} is invalid for the target audiences ${goList(asked)}`);
  return good;
}

async function boundUser(options: TokenAuthenticatorOptions, claims: Record<string, unknown>, audiences: readonly string[]): Promise<TokenResult> {
  checkTimes(claims, options.clock.now() / 1000);
  const own = (claims['kubernetes.io'] ?? {}) as KubernetesClaims;
  const { namespace = '', serviceaccount: account = { name: '' }, pod, node, secret } = own;
  await checkServiceAccount(options, namespace, account);
  await checkBoundObject(options, { resource: 'secrets', namespace, ref: secret, words: ['secret', 'service account secret ref'] });
  await checkBoundObject(options, { resource: 'pods', namespace, ref: pod, words: ['pod', 'service account pod ref'] });
  if (!pod) await checkBoundObject(options, { resource: 'nodes', ref: node, words: ['node', 'service account node ref'] });
  const annotations = noteAge(options, { subject: String(claims['sub']), warnAfter: own.warnafter ?? 0 });
  return { user: { ...serviceAccountUser(namespace, account.name), uid: account.uid ?? '', extra: extraOf(claims['jti'], own) }, audiences, ...(annotations ? { annotations } : {}) };
}

/** Tokens of pods live for a year; whoever shows one after its hour has not read the new one, and will be locked out one day. */
function noteAge({ clock, metrics }: TokenAuthenticatorOptions, { subject, warnAfter }: { readonly subject: string; readonly warnAfter: number }): TokenResult['annotations'] {
  if (warnAfter === 0) return undefined;
  const late = Math.floor(clock.now() / 1000) - warnAfter;
  metrics?.used(late > 0 ? 'stale' : 'valid');
  return late > 0 ? { 'authentication.k8s.io/stale-token': `subject: ${subject}, seconds after warning threshold: ${late}` } : undefined;
}

function checkTimes({ exp, nbf, iat }: Record<string, unknown>, nowSeconds: number): void {
  if (typeof nbf === 'number' && nowSeconds + CLOCK_LEEWAY_SECONDS < nbf) throw new Error('service account token is not valid yet');
  if (typeof exp === 'number' && nowSeconds - CLOCK_LEEWAY_SECONDS > exp) throw new Error('service account token has expired');
  if (typeof iat === 'number' && nowSeconds + CLOCK_LEEWAY_SECONDS < iat) throw new Error('service account token is issued in the future');
}

/** What authorization and audit learn about the token. */
function extraOf(id: unknown, { pod, node }: KubernetesClaims): Record<string, readonly string[]> {
  const known = {
    'credential-id': typeof id === 'string' && id !== '' ? `JTI=${id}` : undefined,
    'pod-name': pod?.name, 'pod-uid': pod && (pod.uid ?? ''), 'node-name': node?.name, 'node-uid': node?.uid || undefined,
  };
  return Object.fromEntries(Object.entries(known).flatMap(([key, value]) => (value === undefined ? [] : [[`authentication.kubernetes.io/${key}`, [value]]])));
}

async function checkServiceAccount({ reader, clock }: TokenAuthenticatorOptions, namespace: string, account: Ref): Promise<void> {
  const stored = await reader.get({ group: '', resource: 'serviceaccounts' }, { namespace, name: account.name });
  if (!stored) throw new Error(`serviceaccounts "${account.name}" not found`);
  if (stored.metadata.uid !== account.uid) throw new Error(`service account UID (${stored.metadata.uid}) does not match claim (${account.uid})`);
  if (deletedFor(stored, clock.now()) > DELETION_LEEWAY_MS) throw new Error(`service account ${namespace}/${account.name} has been deleted`);
}

interface BoundObject {
  readonly resource: string;
  readonly namespace?: string;
  readonly ref: Ref | undefined;
  readonly words: readonly [string, string];
}

async function checkBoundObject({ reader, clock }: TokenAuthenticatorOptions, { resource, namespace, ref, words: [what, claim] }: BoundObject): Promise<void> {
  if (!ref) return;
  const stored = await reader.get({ group: '', resource }, { ...(namespace === undefined ? {} : { namespace }), name: ref.name });
  if (!stored) throw new Error(INVALIDATED);
  if (stored.metadata.uid !== ref.uid) throw new Error(`${what} UID (${stored.metadata.uid}) does not match ${claim} claim (${ref.uid})`);
  if (deletedFor(stored, clock.now()) > DELETION_LEEWAY_MS) throw new Error(INVALIDATED);
}

function deletedFor(object: KubernetesObject, now: number): number {
  return object.metadata.deletionTimestamp ? now - Date.parse(object.metadata.deletionTimestamp) : -Infinity;
}

function goList(values: readonly unknown[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(' ')}]`;
}
