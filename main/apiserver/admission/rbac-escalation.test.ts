import { expect, test } from 'vitest';
import type { ObjectReader } from '../authentication/object-reader.ts';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { AdmissionAttributes } from './admission.ts';
import { rbacEscalation } from './rbac-escalation.ts';

const reader = { get: () => Promise.resolve(undefined), list: () => Promise.resolve([]) } as unknown as ObjectReader;
const deciding = (decision: 'allow' | 'no-opinion') => ({ authorize: () => Promise.resolve({ decision }) }) as unknown as Authorizer;
const binding = {
  user: { name: 'bob', groups: [] }, group: 'rbac.authorization.k8s.io', resource: 'rolebindings', operation: 'CREATE', namespace: 'default', name: '',
  object: { metadata: { name: 'b' }, roleRef: { kind: 'ClusterRole', name: 'later' }, subjects: [{ kind: 'User', name: 'bob' }] },
} as unknown as AdmissionAttributes;

test('a role that does not exist yet is bound by those only who may bind it', async () => {
  const refused = Promise.resolve(rbacEscalation({ reader, authorizer: deciding('no-opinion') }).validate?.(binding));
  await expect(refused).rejects.toThrow('rolebindings.rbac.authorization.k8s.io "later" not found');
  await rbacEscalation({ reader, authorizer: deciding('allow') }).validate?.(binding);
});
