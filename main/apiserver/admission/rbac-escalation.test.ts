import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ObjectReader } from '../authentication/object-reader.ts';
import type { Authorizer } from '../authorization/authorizer.ts';
import { startTestApiServer, type TestApiServer } from '../testing.ts';
import type { AdmissionAttributes } from './admission.ts';
import { rbacEscalation } from './rbac-escalation.ts';

const reader = { get: () => Promise.resolve(undefined), list: () => Promise.resolve([]) } as unknown as ObjectReader;
const deciding = (decision: 'allow' | 'no-opinion') => ({ authorize: () => Promise.resolve({ decision }) }) as unknown as Authorizer;
const binding = {
  user: { name: 'bob', groups: [] }, group: 'rbac.authorization.k8s.io', resource: 'rolebindings', operation: 'CREATE', namespace: 'default', name: '',
  object: { metadata: { name: 'b' }, roleRef: { kind: 'ClusterRole', name: 'later' }, subjects: [{ kind: 'User', name: 'bob' }] },
} as unknown as AdmissionAttributes;

test('a role that does not exist yet is bound by those only who may bind it', async () => {
  const refused = Promise.resolve(rbacEscalation({ reader, authorizer: deciding('no-opinion') }).mutate?.(binding));
  await expect(refused).rejects.toThrow('rolebindings.rbac.authorization.k8s.io "later" not found');
  await rbacEscalation({ reader, authorizer: deciding('allow') }).mutate?.(binding);
});

describe('whoever may write roles and holds little', () => {
  const RBAC = '/apis/rbac.authorization.k8s.io/v1';
  const PODS = { apiGroups: [''], resources: ['pods'] };
  let server: TestApiServer;
  const send = async (method: string, path: string, body: object, user = 'alice'): Promise<string> => {
    const headers = { 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json', ...(user === 'admin' ? {} : { 'impersonate-user': user }) };
    const response = await server.transport.fetch({ method, path: RBAC + path, headers, body: JSON.stringify(body) });
    const { message } = JSON.parse(Buffer.from(response.body as Uint8Array).toString()) as { message?: string };
    return message === undefined ? String(response.status) : `${response.status} ${message.replace(/^.*is attempting to grant RBAC permissions not currently held:\n/s, 'lacks ')}`;
  };
  const bind = (name: string, kind: string): Promise<string> =>
    send('POST', kind === 'Role' ? '/namespaces/default/rolebindings' : '/clusterrolebindings', { metadata: { name }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name }, subjects: [{ kind: 'User', name: 'alice' }] }, 'admin');
  beforeAll(async () => {
    server = await startTestApiServer();
    await send('POST', '/clusterroles', { metadata: { name: 'editor' }, rules: [
      { apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'], verbs: ['create', 'update', 'patch', 'get'] },
      { apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterroles'], resourceNames: ['named'], verbs: ['escalate'] },
    ] }, 'admin');
    await send('POST', '/namespaces/default/roles', { metadata: { name: 'pods' }, rules: [{ ...PODS, verbs: ['get', 'list'] }] }, 'admin');
    await send('POST', '/clusterroles', { metadata: { name: 'sum' }, aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] }, rules: [{ ...PODS, verbs: ['watch'] }] }, 'admin');
    await send('POST', '/clusterroles', { metadata: { name: 'named' }, rules: [] }, 'admin');
    await Promise.all([bind('editor', 'ClusterRole'), bind('pods', 'Role')]);
    await vi.waitFor(async () => expect(await send('POST', '/namespaces/default/roles?dryRun=All', { metadata: { name: 'x' }, rules: [{ ...PODS, verbs: ['get'] }] })).toBe('201'));
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test.each([
    { name: 'the lacking verbs of one resource as one rule', send: ['POST', '/clusterroles', { metadata: { name: 'x' }, rules: [{ apiGroups: ['', 'a'], resources: ['pods'], verbs: ['list', 'get'] }] }], want: '403 lacks {APIGroups:[""], Resources:["pods"], Verbs:["list" "get"]}\n{APIGroups:["a"], Resources:["pods"], Verbs:["list" "get"]}' },
    { name: 'paths before the object is looked at', send: ['POST', '/namespaces/default/roles', { metadata: { name: 'x' }, rules: [{ nonResourceURLs: ['/b', '/a'], verbs: ['get'] }] }], want: '403 lacks {NonResourceURLs:["/a"], Verbs:["get"]}\n{NonResourceURLs:["/b"], Verbs:["get"]}' },
    { name: 'even a label of a role that grants more', send: ['PATCH', '/clusterroles/sum', { metadata: { labels: { x: 'y' } } }], want: '403 lacks {APIGroups:[""], Resources:["pods"], Verbs:["watch"]}' },
    { name: 'but finalizers of it', send: ['PATCH', '/clusterroles/sum', { metadata: { finalizers: ['example.com/x'] } }], want: '200' },
    { name: 'aggregation', send: ['POST', '/clusterroles', { metadata: { name: 'x' }, aggregationRule: { clusterRoleSelectors: [{}] } }], want: '403 clusterroles.rbac.authorization.k8s.io "x" is forbidden: must have cluster-admin privileges to use the aggregationRule' },
    { name: 'escalation by name when the role is made', send: ['POST', '/clusterroles', { metadata: { name: 'named' }, rules: [{ ...PODS, verbs: ['get'] }] }], want: '403 lacks {APIGroups:[""], Resources:["pods"], Verbs:["get"]}' },
    { name: 'but escalation by name of a role that is there', send: ['PATCH', '/clusterroles/named', { rules: [{ ...PODS, verbs: ['get'] }] }], want: '200' },
    { name: 'a binding to nothing', send: ['POST', '/clusterrolebindings', { metadata: { name: 'x' } }], want: '500 unsupported role reference kind: ""' },
    { name: 'a cluster binding to a Role', send: ['POST', '/clusterrolebindings', { metadata: { name: 'x' }, roleRef: { kind: 'Role', name: 'pods' } }], want: '400 Namespace parameter required.' },
  ] as const)('is refused $name', async ({ send: [method, path, body], want }) => {
    expect(await send(method, path, body)).toBe(want);
  });
});

test('a selector of an aggregating role that is wrong selects nothing', async () => {
  await using server = await startTestApiServer();
  const body = JSON.stringify({ metadata: { name: 'x' }, aggregationRule: { clusterRoleSelectors: [{ matchLabels: { '!!': '1' } }] } });
  const response = await server.transport.fetch({ method: 'POST', path: '/apis/rbac.authorization.k8s.io/v1/clusterroles', headers: { 'content-type': 'application/json' }, body });
  expect(Buffer.from(response.body as Uint8Array).toString()).toContain('aggregationRule.clusterRoleSelectors[0]: Invalid value: null: invalid label selector.]');
});
