import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { MetricsRegistry } from '../../../kube/apimachinery/metrics/metrics-registry.ts';
import { VirtualClock } from '../../../kube/apimachinery/virtual-clock.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { ObjectReader } from './object-reader.ts';
import { TokenMetrics } from '../metrics/token-metrics.ts';
import { serviceAccountKeyFromPem, signJwt } from './service-account-keys.ts';
import { authenticateServiceAccountToken } from './service-account-token.ts';

const pemOf = (type: 'rsa' | 'ec'): string => {
  const { privateKey } = type === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
};
const key = serviceAccountKeyFromPem(pemOf('ec'));
const objects = new Map<string, KubernetesObject>([['serviceaccounts a/robot', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot', namespace: 'a', uid: 'u1' } }]]);
const reader: ObjectReader = {
  get: async <T>({ resource }: { resource: string }, { namespace, name }: { namespace?: string; name: string }) => objects.get(`${resource} ${namespace}/${name}`) as T | undefined,
  list: async () => [],
};
const clock = new VirtualClock();
const seconds = (): number => Math.floor(clock.now() / 1000);
const claims = (changes: object = {}) => ({
  iss: 'issuer', aud: ['api'], exp: seconds() + 3600, nbf: seconds(), sub: 'system:serviceaccount:a:robot',
  'kubernetes.io': { namespace: 'a', serviceaccount: { name: 'robot', uid: 'u1' } }, ...changes,
});
const authenticate = (token: string, keys = [key]) => authenticateServiceAccountToken({ issuers: ['issuer'], apiAudiences: ['api'], keys, reader, clock }, token);

test.each(['rsa', 'ec'] as const)('a token signed by an %s key names its account', async (type) => {
  const own = serviceAccountKeyFromPem(pemOf(type));
  const result = await authenticate(signJwt(own, claims()), [own]);
  expect(result?.user).toMatchObject({ name: 'system:serviceaccount:a:robot', uid: 'u1', groups: ['system:serviceaccounts', 'system:serviceaccounts:a'] });
});

test('a token of another issuer is left to others', async () => {
  expect(await authenticate(signJwt(key, claims({ iss: 'elsewhere' })))).toBeUndefined();
});

test.each([
  { name: 'another key', token: () => signJwt(serviceAccountKeyFromPem(pemOf('ec')), claims()), message: 'invalid signature, no keys found' },
  { name: 'no signature of its claims', token: () => signJwt(key, claims()).replace(/\.[^.]+\./, `.${Buffer.from(JSON.stringify(claims({ aud: ['x'] }))).toString('base64url')}.`), message: 'go-jose/go-jose: error in cryptographic primitive' },
  { name: 'its time over', token: () => signJwt(key, claims({ exp: seconds() - 61 })), message: 'service account token has expired' },
  { name: 'another audience', token: () => signJwt(key, claims({ aud: ['vault'] })), message: 'token audiences ["vault"] is invalid for the target audiences ["api"]' },
  { name: 'an account made anew', token: () => signJwt(key, claims({ 'kubernetes.io': { namespace: 'a', serviceaccount: { name: 'robot', uid: 'old' } } })), message: 'service account UID (u1) does not match claim (old)' },
  { name: 'a pod that is gone', token: () => signJwt(key, claims({ 'kubernetes.io': { namespace: 'a', serviceaccount: { name: 'robot', uid: 'u1' }, pod: { name: 'p', uid: 'x' } } })), message: 'service account token has been invalidated' },
])('a token with $name is refused', async ({ token, message }) => {
  await expect(authenticate(token())).rejects.toThrow(message);
});

test.each([
  { name: 'before its hour is over', warnafter: 10, metric: 'serviceaccount_valid_tokens_total 1', annotations: undefined },
  { name: 'after it', warnafter: -10, metric: 'serviceaccount_stale_tokens_total 1', annotations: { 'authentication.k8s.io/stale-token': 'subject: system:serviceaccount:a:robot, seconds after warning threshold: 10' } },
])('a pod\'s token $name is counted, and told of when it is late', async ({ warnafter, metric, annotations }) => {
  const registry = new MetricsRegistry();
  const token = signJwt(key, claims({ 'kubernetes.io': { namespace: 'a', serviceaccount: { name: 'robot', uid: 'u1' }, warnafter: seconds() + warnafter } }));
  const result = await authenticateServiceAccountToken({ issuers: ['issuer'], apiAudiences: ['api'], keys: [key], reader, clock, metrics: new TokenMetrics(registry) }, token);
  expect(result?.annotations).toEqual(annotations);
  expect(registry.text()).toContain(`${metric}\n`);
});
