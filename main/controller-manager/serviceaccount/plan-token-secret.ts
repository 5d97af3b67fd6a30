import type { Secret, ServiceAccount } from '../../../kube/api/generated/core/v1.ts';

/** What to do about one Secret of type kubernetes.io/service-account-token (upstream: pkg/controller/serviceaccount/tokens_controller.go). Pure. */
export type TokenSecretPlan = { readonly action: 'keep' } | { readonly action: 'delete' } | { readonly action: 'fill'; readonly secret: Secret };

export interface TokenSecretInput {
  readonly secret: Secret;
  /** Absent: there is none of that name. */
  readonly account: ServiceAccount | undefined;
  readonly rootCA: string;
  /** Signs the claims of a token. */
  readonly sign: (claims: Readonly<Record<string, unknown>>) => string;
}

export const ACCOUNT_NAME = 'kubernetes.io/service-account.name';
const ACCOUNT_UID = 'kubernetes.io/service-account.uid';
const ISSUER = 'kubernetes/serviceaccount';

export function planTokenSecret({ secret, account, rootCA, sign }: TokenSecretInput): TokenSecretPlan {
  const { metadata, data = {} } = secret;
  const annotations = metadata.annotations ?? {};
  const wantedUid = annotations[ACCOUNT_UID];
  if (!account || (wantedUid && wantedUid !== account.metadata.uid)) return { action: 'delete' };
  const namespace = metadata.namespace ?? '';
  const next: Record<string, string> = { ...data };
  if (decoded(data['ca.crt']) !== rootCA) next['ca.crt'] = encoded(rootCA);
  if (!data['namespace']) next['namespace'] = encoded(namespace);
  if (!data['token']) next['token'] = encoded(sign(claimsOf(account, { namespace, secret: metadata.name })));
  if (Object.entries(next).every(([name, value]) => data[name] === value)) return { action: 'keep' };
  const owner = { [ACCOUNT_NAME]: account.metadata.name, [ACCOUNT_UID]: account.metadata.uid ?? '' };
  return { action: 'fill', secret: { ...secret, metadata: { ...metadata, annotations: { ...annotations, ...owner } }, data: next } };
}

/** They never expire: the Secret is what makes them good. */
function claimsOf({ metadata: { name, uid = '' } }: ServiceAccount, { namespace, secret }: { readonly namespace: string; readonly secret: string }): Record<string, unknown> {
  return {
    iss: ISSUER,
    'kubernetes.io/serviceaccount/namespace': namespace,
    'kubernetes.io/serviceaccount/secret.name': secret,
    'kubernetes.io/serviceaccount/service-account.name': name,
    'kubernetes.io/serviceaccount/service-account.uid': uid,
    sub: `system:serviceaccount:${namespace}:${name}`,
  };
}

function encoded(text: string): string {
  return Buffer.from(text).toString('base64');
}

function decoded(text: string | undefined): string | undefined {
  return text === undefined ? undefined : Buffer.from(text, 'base64').toString();
}
