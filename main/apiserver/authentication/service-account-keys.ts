import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';

/** One signing or verifying key of service-account tokens. `kid` is upstream's: the SHA-256 of the SPKI, base64url. */
export interface ServiceAccountKey {
  readonly kid: string;
  readonly algorithm: 'RS256' | 'ES256';
  readonly publicKey: KeyObject;
  readonly privateKey?: KeyObject;
}

export function serviceAccountKeyFromPem(pem: string): ServiceAccountKey {
  const isPrivate = pem.includes('PRIVATE KEY');
  const privateKey = isPrivate ? createPrivateKey(pem) : undefined;
  const publicKey = createPublicKey(pem);
  const der = publicKey.export({ type: 'spki', format: 'der' });
  const kid = createHash('sha256').update(der).digest('base64url');
  const algorithm = publicKey.asymmetricKeyType === 'ec' ? 'ES256' : 'RS256';
  return { kid, algorithm, publicKey, ...(privateKey ? { privateKey } : {}) };
}

export function signJwt(key: ServiceAccountKey, claims: Readonly<Record<string, unknown>>): string {
  if (!key.privateKey) throw new Error(`Cannot sign a token with key ${JSON.stringify(key.kid)}: it has no private part`);
  const head = Buffer.from(JSON.stringify({ alg: key.algorithm, kid: key.kid })).toString('base64url');
  const input = `${head}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  const signature = sign('sha256', Buffer.from(input), signingOptions(key, key.privateKey));
  return `${input}.${signature.toString('base64url')}`;
}

/** The claims when one of the keys signed the token; throws when none did. Expiry and audience are for the caller to judge. */
export function verifyJwt(keys: readonly ServiceAccountKey[], token: string): Record<string, unknown> {
  const parts = token.split('.');
  const [head = '', payload = '', signature = ''] = parts;
  const header = parts.length === 3 ? parseObject(head) : undefined;
  if (!header) throw new Error('invalid bearer token');
  const { kid } = header;
  const candidates = kid === undefined || kid === '' ? keys : keys.filter((key) => key.kid === kid);
  if (candidates.length === 0) throw new Error('invalid signature, no keys found');
  const input = Buffer.from(`${head}.${payload}`);
  const bytes = Buffer.from(signature, 'base64url');
  const matches = candidates.some((key) => header['alg'] === key.algorithm && verify('sha256', input, signingOptions(key, key.publicKey), bytes));
  const claims = matches ? parseObject(payload) : undefined;
  if (!claims) throw new Error('go-jose/go-jose: error in cryptographic primitive');
  return claims;
}

export function claimsWithoutVerification(token: string): Record<string, unknown> | undefined {
  const payload = token.split('.')[1];
  return payload ? parseObject(payload) : undefined;
}

function signingOptions(key: ServiceAccountKey, part: KeyObject): { key: KeyObject; dsaEncoding?: 'ieee-p1363' } {
  return key.algorithm === 'ES256' ? { key: part, dsaEncoding: 'ieee-p1363' } : { key: part };
}

function parseObject(base64: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(base64, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
