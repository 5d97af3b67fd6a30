import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestCertificates, type TestCertificates } from '../testing-certificates.ts';
import { startTestApiServer, type TestApiServer } from '../testing.ts';

/** A server that is asked about requests, with the spec of each question. */
let certificates: TestCertificates;
let webhook: ReturnType<typeof createServer>;
let answer: { readonly code?: number; readonly status: object } = { status: {} };
const asked: Record<string, unknown>[] = [];
let server: TestApiServer;

beforeAll(async () => {
  certificates = await createTestCertificates(Date.now());
  webhook = createServer({ cert: certificates.server.certificate, key: certificates.server.key }, (request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part)).on('end', () => {
      const review = JSON.parse(Buffer.concat(parts).toString()) as { spec: Record<string, unknown> };
      asked.push(review.spec);
      response.writeHead(answer.code ?? 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ ...review, status: answer.status }));
    });
  });
  webhook.listen(0, '127.0.0.1');
  await once(webhook, 'listening');
  server = await startTestApiServer({ authorizationFiles: { configuration: configuration(), readFile: kubeconfig } });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  webhook.closeAllConnections();
  webhook.close();
});
beforeEach(() => asked.splice(0));

function kubeconfig(): string {
  const url = `https://127.0.0.1:${(webhook.address() as AddressInfo).port}`;
  return JSON.stringify({
    'current-context': 'a', contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }], users: [],
    clusters: [{ name: 'a', cluster: { server: url, 'certificate-authority-data': Buffer.from(certificates.ca).toString('base64') } }],
  });
}

function configuration(changes: object = {}, others: readonly object[] = [{ type: 'Node', name: 'node' }, { type: 'RBAC', name: 'rbac' }]): string {
  const settings = {
    timeout: '3s', subjectAccessReviewVersion: 'v1', matchConditionSubjectAccessReviewVersion: 'v1', failurePolicy: 'Deny', connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: '/etc/webhook' },
    matchConditions: [{ expression: "!request.user.startsWith('system:')" }, { expression: "has(request.resourceAttributes) && request.resourceAttributes.namespace == 'guarded'" }], ...changes,
  };
  return JSON.stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthorizationConfiguration', authorizers: [{ type: 'Webhook', name: 'guard', webhook: settings }, ...others] });
}

async function get(path: string, user = 'jane'): Promise<{ readonly status: number; readonly text: string }> {
  const response = await server.apiServer.transport({ name: user, groups: ['devs'] }).fetch({ method: 'GET', path, headers: {} });
  return { status: response.status, text: Buffer.from(response.body as Uint8Array).toString() };
}
const GUARDED = '/api/v1/namespaces/guarded/pods';

describe('a webhook', () => {
  test('is asked about what its conditions match, and believed for a while', async () => {
    answer = { status: { allowed: true, reason: 'it says so' } };
    expect((await get(`${GUARDED}?fieldSelector=spec.nodeName%3Dn1`)).status).toBe(200);
    expect((await get(`${GUARDED}?fieldSelector=spec.nodeName%3Dn1`)).status).toBe(200);
    expect(asked).toEqual([{
      user: 'jane', groups: ['devs', 'system:authenticated'],
      resourceAttributes: { namespace: 'guarded', verb: 'list', version: 'v1', resource: 'pods', fieldSelector: { requirements: [{ key: 'spec.nodeName', operator: 'In', values: ['n1'] }] } },
    }]);
    expect((await get('/api/v1/namespaces/default/pods')).status).toBe(403);
    expect((await get(GUARDED, 'system:joe')).status).toBe(403);
    expect(asked).toHaveLength(1);
  });

  test('is told by which labels a list selects, by requests and by reviews of access', async () => {
    server.apiServer.reloadAuthorization(configuration({ matchConditions: [{ expression: "has(request.resourceAttributes) && request.resourceAttributes.?labelSelector.hasValue() && request.resourceAttributes.subresource == ''" }] }));
    answer = { status: { allowed: true } };
    const requirements = [{ key: 'app', operator: 'In', values: ['a'] }, { key: 'canary', operator: 'DoesNotExist' }, { key: 'tier', operator: 'NotIn', values: ['x', 'y'] }];
    expect((await get(`/api/v1/pods?labelSelector=${encodeURIComponent('app=a,tier notin (x,y),!canary')}`)).status).toBe(200);
    expect((await get('/api/v1/pods/x?labelSelector=app%3Da')).status).not.toBe(200);
    const review = { spec: { user: 'joe', resourceAttributes: { verb: 'list', resource: 'pods', labelSelector: { requirements } } } };
    await server.transport.fetch({ method: 'POST', path: '/apis/authorization.k8s.io/v1/subjectaccessreviews', headers: { 'content-type': 'application/json' }, body: JSON.stringify(review) });
    expect(asked.map(({ user, resourceAttributes }) => [user, (resourceAttributes as { labelSelector: unknown }).labelSelector])).toEqual([['jane', { requirements }], ['joe', { requirements }]]);
    server.apiServer.reloadAuthorization(configuration());
  });

  test('refuses before others are asked', async () => {
    answer = { status: { allowed: false, denied: true, reason: 'not on Sundays' } };
    expect(await get(`${GUARDED}/x`)).toMatchObject({ status: 403, text: expect.stringContaining('in the namespace \\"guarded\\": not on Sundays') as string });
  });

  test.each([{ failurePolicy: 'Deny', expected: 500 }, { failurePolicy: 'NoOpinion', expected: 500 }])('that answers nonsense under $failurePolicy fails who is not allowed otherwise', async ({ failurePolicy, expected }) => {
    server.apiServer.reloadAuthorization(configuration({ failurePolicy }));
    answer = { status: { allowed: true, denied: true } };
    expect(await get(`${GUARDED}/${failurePolicy}`)).toEqual({ status: expected, text: `Internal Server Error: "${GUARDED}/${failurePolicy}": webhook subject access review returned both allow and deny response\n` });
    const review = await server.transport.fetch({ method: 'POST', path: '/apis/authorization.k8s.io/v1/subjectaccessreviews', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ spec: { user: 'joe', resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'guarded' } } }) });
    expect(JSON.parse(Buffer.from(review.body as Uint8Array).toString())).toMatchObject({ status: { allowed: false, evaluationError: 'webhook subject access review returned both allow and deny response' } });
  });

  test.each([{ code: 404, times: 1 }, { code: 429, times: 2 }])('that answers $code is asked $times times', async ({ code, times }) => {
    answer = { code, status: {} };
    const pending = get(`${GUARDED}/${code}`);
    await expect.poll(() => asked.length).toBe(1);
    answer = { status: { allowed: true } };
    expect((await pending).status).toBe(times === 1 ? 500 : 404);
    expect(asked).toHaveLength(times);
  });

  test('cannot say which rules it goes by; those of others are told', async () => {
    const rulesOf = async (headers: Record<string, string>): Promise<object> => {
      const response = await server.transport.fetch({ method: 'POST', path: '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify({ spec: { namespace: 'guarded' } }) });
      return (JSON.parse(Buffer.from(response.body as Uint8Array).toString()) as { status: object }).status;
    };
    expect(await rulesOf({})).toMatchObject({ resourceRules: expect.arrayContaining([{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }]) as unknown, incomplete: true, evaluationError: 'webhook authorizer does not support user rule resolution' });
    expect(await rulesOf({ 'impersonate-user': 'system:node:n1', 'impersonate-group': 'system:nodes' })).toMatchObject({ incomplete: true, evaluationError: '[webhook authorizer does not support user rule resolution, node authorizer does not support user rule resolution]' });
  });

  test('comes and goes while the server runs; the server\'s own authorizers do not', async () => {
    server.apiServer.reloadAuthorization(JSON.stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthorizationConfiguration', authorizers: [{ type: 'Node', name: 'node' }, { type: 'RBAC', name: 'rbac' }] }));
    expect((await get(`${GUARDED}/gone`)).status).toBe(403);
    expect(asked).toEqual([]);
    expect(() => server.apiServer.reloadAuthorization(configuration({}, [{ type: 'RBAC', name: 'rbac' }]))).toThrow('only webhooks may be added and removed while the server runs');
  });
});

test.each([
  { name: 'no timeout', changes: { timeout: undefined }, message: 'authorizers[0].timeout: Required value' },
  { name: 'too long a timeout', changes: { timeout: '31s' }, message: 'authorizers[0].timeout: Invalid value: "31s": must be > 0s and <= 30s' },
  { name: 'no failure policy', changes: { failurePolicy: undefined }, message: 'authorizers[0].failurePolicy: Required value' },
  { name: 'a condition that is none', changes: { matchConditions: [{ expression: 'request.' }] }, message: 'authorizers[0].matchConditions[0].expression: Invalid value: "request.": compilation failed' },
  { name: 'another connection', changes: { connectionInfo: { type: 'Telepathy' } }, message: 'authorizers[0].connectionInfo.type: Unsupported value: "Telepathy"' },
  { name: 'a kubeconfig nowhere', changes: { connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: 'relative' } }, message: 'authorizers[0].connectionInfo.kubeConfigFile: Invalid value: "relative": must be an absolute path' },
  { name: 'conditions without a version', changes: { matchConditionSubjectAccessReviewVersion: undefined }, message: 'authorizers[0].matchConditionSubjectAccessReviewVersion: Required value: required if match conditions are specified' },
  { name: 'a condition that is no truth', changes: { matchConditions: [{ expression: 'request.user' }] }, message: 'authorizers[0].matchConditions[0].expression: Invalid value: "request.user": must evaluate to bool but got string' },
  { name: 'a condition over what no review has', changes: { matchConditions: [{ expression: 'request.resourceAttributes.foo == 1' }] }, message: "compilation failed: ERROR: <input>:1:27: undefined field 'foo'" },
  { name: 'a member that is misspelt', changes: { matchCondition: [] }, message: 'strict decoding error: unknown field "authorizers[0].webhook.matchCondition"' },
  { name: 'many faults', changes: { timeout: '31s', authorizedTTL: '-1s', unauthorizedTTL: '0s', matchConditions: [{ expression: 'true' }, { expression: 'true' }, { expression: ' ' }] }, message: '[authorizers[0].timeout: Invalid value: "31s": must be > 0s and <= 30s, authorizers[0].authorizedTTL: Invalid value: "-1s": must be > 0s, authorizers[0].matchConditions[1].expression: Duplicate value: "true", authorizers[0].matchConditions[2].expression: Required value]' },
])('a configuration with $name is refused', ({ changes, message }) => {
  expect(() => server.apiServer.reloadAuthorization(configuration(changes))).toThrow(message);
});
