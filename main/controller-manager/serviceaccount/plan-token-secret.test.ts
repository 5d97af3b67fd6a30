import { expect, test } from 'vitest';
import type { Secret, ServiceAccount } from '../../../kube/api/generated/core/v1.ts';
import { planTokenSecret } from './plan-token-secret.ts';

const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot', namespace: 'a', uid: 'u1' } } as ServiceAccount;
const secret = (changes: Partial<Secret> = {}, uid?: string): Secret => ({
  apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/service-account-token',
  metadata: { name: 's', namespace: 'a', annotations: { 'kubernetes.io/service-account.name': 'robot', ...(uid ? { 'kubernetes.io/service-account.uid': uid } : {}) } }, ...changes,
} as Secret);
const plan = (given: Secret, of: ServiceAccount | undefined = account) => planTokenSecret({ secret: given, account: of, rootCA: 'CA', sign: (claims) => JSON.stringify(claims) });
const text = (value: string | undefined): string => Buffer.from(value ?? '', 'base64').toString();

test('an empty secret gets the token of its account, the authority and the namespace', () => {
  const result = plan(secret());
  if (result.action !== 'fill') throw new Error(`it is to ${result.action}`);
  const { data = {}, metadata } = result.secret;
  expect({ ca: text(data['ca.crt']), namespace: text(data['namespace']), uid: metadata.annotations?.['kubernetes.io/service-account.uid'] }).toEqual({ ca: 'CA', namespace: 'a', uid: 'u1' });
  expect(JSON.parse(text(data['token']))).toMatchObject({ iss: 'kubernetes/serviceaccount', sub: 'system:serviceaccount:a:robot', 'kubernetes.io/serviceaccount/secret.name': 's' });
});

test('a secret that has everything stays, and a token that is there is kept when the authority changes', () => {
  const filled = plan(secret());
  if (filled.action !== 'fill') throw new Error(`it is to ${filled.action}`);
  expect(plan(filled.secret)).toEqual({ action: 'keep' });
  const outdated = { ...filled.secret, data: { ...filled.secret.data, 'ca.crt': 'b2xk', token: 'bWluZQ==' } };
  expect(plan(outdated)).toMatchObject({ action: 'fill', secret: { data: { 'ca.crt': 'Q0E=', token: 'bWluZQ==' } } });
});

test.each([
  { name: 'whose account is gone', given: secret(), of: undefined },
  { name: 'of an account made anew', given: secret({}, 'old'), of: account },
])('a secret $name goes', ({ given, of }) => {
  expect(planTokenSecret({ secret: given, account: of, rootCA: 'CA', sign: () => '' })).toEqual({ action: 'delete' });
});
