import { afterAll, beforeAll, expect, test } from 'vitest';
import type { User } from '../authentication/user.ts';
import { startTestApiServer, type TestApiServer } from '../testing.ts';

let server: TestApiServer;
beforeAll(async () => {
  server = await startTestApiServer();
  await grant('list-as', [
    { apiGroups: ['authentication.k8s.io'], resources: ['users'], verbs: ['impersonate:user-info'], resourceNames: ['jane'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['impersonate-on:user-info:list'] },
    { apiGroups: ['authentication.k8s.io'], resources: ['groups'], verbs: ['impersonate:user-info'] },
  ]);
  await grant('jane', [{ apiGroups: [''], resources: ['pods'], verbs: ['list', 'deletecollection'] }]);
  await grant('old-way', [{ apiGroups: [''], resources: ['users', 'groups', 'serviceaccounts'], verbs: ['impersonate'] }]);
  await grant('system:serviceaccount:default:agent', [
    { apiGroups: ['authentication.k8s.io'], resources: ['nodes'], verbs: ['impersonate:associated-node'] },
    { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['impersonate-on:associated-node:create'] },
  ]);
});
afterAll(() => server[Symbol.asyncDispose]());

async function grant(user: string, rules: readonly object[]): Promise<void> {
  const name = user.replaceAll(':', '-');
  const post = (resource: string, body: object) => server.transport.fetch({ method: 'POST', path: `/apis/rbac.authorization.k8s.io/v1/${resource}`, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  await post('clusterroles', { metadata: { name }, rules });
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name };
  await post('clusterrolebindings', { metadata: { name }, roleRef, subjects: [{ kind: 'User', name: user, apiGroup: 'rbac.authorization.k8s.io' }] });
}

async function ask(user: User, { method = 'GET', path = '/api/v1/pods', headers }: { method?: string; path?: string; headers: Record<string, string> }): Promise<{ readonly status: number; readonly json: { readonly message?: string; readonly status?: { readonly userInfo?: unknown } } }> {
  const response = await server.apiServer.transport(user).fetch({ method, path, headers: { 'content-type': 'application/json', accept: 'application/json', ...headers }, ...(method === 'POST' ? { body: '{}' } : {}) });
  return { status: response.status, json: JSON.parse(Buffer.from(response.body as Uint8Array).toString()) as { message?: string } };
}

const named = (name: string, extra?: User['extra']): User => ({ name, groups: [], ...(extra ? { extra } : {}) });
const JANE = { 'impersonate-user': 'jane' };

test('who may be jane to list pods may do that, and nothing else', async () => {
  expect((await ask(named('list-as'), { headers: JANE })).status).toBe(200);
  expect(await ask(named('list-as'), { method: 'DELETE', headers: JANE })).toMatchObject({ status: 403, json: { message: 'pods is forbidden: User "list-as" cannot impersonate-on:user-info:deletecollection resource "pods" in API group "" at the cluster scope' } });
  expect(await ask(named('list-as'), { headers: { 'impersonate-user': 'joe' } })).toMatchObject({ status: 403, json: { message: 'users.authentication.k8s.io "joe" is forbidden: User "list-as" cannot impersonate:user-info resource "users" in API group "authentication.k8s.io" at the cluster scope' } });
});

test('the narrow way never leads to system:masters', async () => {
  expect(await ask(named('list-as'), { headers: { ...JANE, 'impersonate-group': 'system:masters' } })).toMatchObject({ status: 403, json: { message: expect.stringMatching(/impersonating the system:masters group is not allowed$/) as unknown } });
});

test('the verb impersonate goes on to allow everything that it did', async () => {
  expect((await ask(named('old-way'), { headers: JANE })).status).toBe(200);
  const review = await ask(named('old-way'), { method: 'POST', path: '/apis/authentication.k8s.io/v1/selfsubjectreviews', headers: { 'impersonate-user': 'system:serviceaccount:default:robot' } });
  expect(review.json.status?.userInfo).toMatchObject({ username: 'system:serviceaccount:default:robot', groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'] });
});

test('an agent may be the node that it runs on, and no other', async () => {
  const agent = named('system:serviceaccount:default:agent', { 'authentication.kubernetes.io/node-name': ['n1'] });
  const as = (node: string) => ask(agent, { method: 'POST', path: '/apis/authentication.k8s.io/v1/selfsubjectreviews', headers: { 'impersonate-user': `system:node:${node}` } });
  expect((await as('n1')).json.status?.userInfo).toMatchObject({ username: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] });
  expect((await as('n2')).status).toBe(403);
});
