import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { ObjectReader } from './object-reader.ts';
import { claimsWithoutVerification, verifyJwt, type ServiceAccountKey } from './service-account-keys.ts';
import { serviceAccountUser, type User } from './user.ts';

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
  readonly issuer: string;
  readonly apiAudiences: readonly string[];
  readonly keys: readonly ServiceAccountKey[];
  readonly reader: ObjectReader;
  readonly clock: Clock;
}
export interface TokenResult {
  readonly user: User;
  /** Those of the asked audiences that the token is good for. */
  readonly audiences: readonly string[];
}

/** How long after its deletion time a bound object still vouches for a token. */
const DELETION_LEEWAY_MS = 60_000;
/** Clocks of nodes and host may differ by this much. */
const CLOCK_LEEWAY_SECONDS = 60;
const LEGACY_ISSUER = 'kubernetes/serviceaccount';

/** Undefined when the token is not one of ours; throws with upstream's reason when it is ours but no longer valid. */
export async function authenticateServiceAccountToken(
  options: TokenAuthenticatorOptions,
  token: string,
  audiences: readonly string[] = options.apiAudiences,
): Promise<TokenResult | undefined> {
  const issuer = claimsWithoutVerification(token)?.['iss'];
  if (issuer !== options.issuer && issuer !== LEGACY_ISSUER) return undefined;
  const claims = verifyJwt(options.keys, token);
  if (!claims) throw new Error('invalid bearer token');
  return issuer === LEGACY_ISSUER ? legacyUser(options, claims, token, audiences) : boundUser(options, claims, audiences);
}

async function boundUser(options: TokenAuthenticatorOptions, claims: Record<string, unknown>, audiences: readonly string[]): Promise<TokenResult> {
  const nowSeconds = options.clock.now() / 1000;
  if (typeof claims['exp'] === 'number' && nowSeconds > claims['exp'] + CLOCK_LEEWAY_SECONDS) throw new Error('service account token has expired');
  if (typeof claims['nbf'] === 'number' && nowSeconds < claims['nbf'] - CLOCK_LEEWAY_SECONDS) throw new Error('service account token is not valid yet');
  const tokenAudiences = ([] as unknown[]).concat(claims['aud'] ?? []).filter((value) => typeof value === 'string');
  const good = audiences.filter((audience) => tokenAudiences.includes(audience));
  if (good.length === 0) throw new Error(`token audiences ${goList(tokenAudiences)} is invalid for the target audiences ${goList(audiences)}`);
  const own = (claims['kubernetes.io'] ?? {}) as KubernetesClaims;
  const account = own.serviceaccount;
  if (!own.namespace || !account) throw new Error('token is missing the service account claim');
  await checkServiceAccount(options, own.namespace, account);
  const extra: Record<string, readonly string[]> = {};
  if (typeof claims['jti'] === 'string') extra['authentication.kubernetes.io/credential-id'] = [`JTI=${claims['jti']}`];
  await checkBoundObject(options, 'secrets', own.namespace, own.secret);
  await checkBoundObject(options, 'pods', own.namespace, own.pod);
  if (own.pod) {
    extra['authentication.kubernetes.io/pod-name'] = [own.pod.name];
    extra['authentication.kubernetes.io/pod-uid'] = [own.pod.uid ?? ''];
  }
  if (own.node) {
    if (!own.pod) await checkBoundObject(options, 'nodes', undefined, own.node);
    extra['authentication.kubernetes.io/node-name'] = [own.node.name];
    if (own.node.uid) extra['authentication.kubernetes.io/node-uid'] = [own.node.uid];
  }
  return { user: { ...serviceAccountUser(own.namespace, account.name), uid: account.uid ?? '', extra }, audiences: good };
}

async function legacyUser(
  options: TokenAuthenticatorOptions, claims: Record<string, unknown>, token: string, audiences: readonly string[],
): Promise<TokenResult> {
  const claim = (name: string): string => String(claims[`kubernetes.io/serviceaccount/${name}`] ?? '');
  const namespace = claim('namespace');
  const account = { name: claim('service-account.name'), uid: claim('service-account.uid') };
  await checkServiceAccount(options, namespace, account);
  const secret = await options.reader.get<KubernetesObject & { data?: Record<string, string> }>(
    { group: '', resource: 'secrets' }, { namespace, name: claim('secret.name') },
  );
  if (!secret || secret.metadata.deletionTimestamp) throw new Error('Token has been invalidated');
  if (Buffer.from(secret.data?.['token'] ?? '', 'base64').toString() !== token) throw new Error("Token does not match server's copy");
  return { user: { ...serviceAccountUser(namespace, account.name), uid: account.uid }, audiences };
}

async function checkServiceAccount(options: TokenAuthenticatorOptions, namespace: string, account: Ref): Promise<void> {
  const stored = await options.reader.get({ group: '', resource: 'serviceaccounts' }, { namespace, name: account.name });
  if (!stored) throw new Error(`serviceaccounts "${account.name}" not found`);
  if (deletedFor(stored, options.clock.now()) > DELETION_LEEWAY_MS) throw new Error(`ServiceAccount ${namespace}/${account.name} has been deleted`);
  if (stored.metadata.uid !== account.uid) {
    throw new Error(`The service account UID (${stored.metadata.uid}) does not match the UID in the token (${account.uid})`);
  }
}

async function checkBoundObject(options: TokenAuthenticatorOptions, resource: string, namespace: string | undefined, ref: Ref | undefined): Promise<void> {
  if (!ref) return;
  const stored = await options.reader.get({ group: '', resource }, { ...(namespace ? { namespace } : {}), name: ref.name });
  const gone = !stored || stored.metadata.uid !== ref.uid || deletedFor(stored, options.clock.now()) > DELETION_LEEWAY_MS;
  if (gone) throw new Error('service account token has been invalidated');
}

function deletedFor(object: KubernetesObject, now: number): number {
  return object.metadata.deletionTimestamp ? now - Date.parse(object.metadata.deletionTimestamp) : -Infinity;
}

function goList(values: readonly unknown[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(' ')}]`;
}
