import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../../testing.ts';

let server: TestApiServer;
beforeAll(async () => {
  server = await startTestApiServer({ anonymous: 'all' });
  await post('/api/v1/namespaces', { metadata: { name: 'a' } });
  await post('/api/v1/namespaces/a/serviceaccounts', { metadata: { name: 'robot' } });
});
afterAll(() => server[Symbol.asyncDispose]());

interface Answer {
  readonly message?: string;
  readonly status: { readonly allowed?: boolean; readonly reason?: string; readonly evaluationError?: string; readonly [member: string]: unknown };
}

async function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer & { readonly code: number }> {
  const response = await server.transport.fetch({ method: 'POST', path, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
  return { ...(JSON.parse(Buffer.from(response.body as Uint8Array).toString()) as Answer), code: response.status };
}

const NODE = { user: 'system:node:n1', groups: ['system:nodes'] };
const access = (resourceAttributes: object, subject: object = { user: 'jane' }) => post('/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec: { ...subject, resourceAttributes } });
const pods = (selectors: object) => access({ verb: 'list', resource: 'pods', ...selectors }, NODE);

describe('a review with selectors', () => {
  const own = { requirements: [{ key: 'spec.nodeName', operator: 'In', values: ['n1'] }] };
  test.each([
    { name: 'requirements that leave the node\'s own pods', selector: own, allowed: true },
    { name: 'the same as text', selector: { rawSelector: 'spec.nodeName=n1' }, allowed: true },
    { name: 'another node', selector: { rawSelector: 'spec.nodeName=n2' }, allowed: false },
    { name: 'an operator of the future beside it', selector: { requirements: [...own.requirements, { key: 'x', operator: 'Matches', values: ['y'] }] }, allowed: true, evaluationError: 'spec.resourceAttributes.fieldSelector partially ignored due to parse error' },
    { name: 'nothing that is understood', selector: { rawSelector: 'a b' }, allowed: false, evaluationError: 'spec.resourceAttributes.fieldSelector ignored due to parse error' },
  ])('of $name is decided by it', async ({ selector, allowed, evaluationError }) => {
    const { status } = await pods({ fieldSelector: selector });
    expect({ allowed: status.allowed, evaluationError: status.evaluationError }).toEqual({ allowed, evaluationError });
  });

  test.each([
    { name: 'no key', selectors: { fieldSelector: { requirements: [{ operator: 'Exists' }] } }, message: 'fieldSelector.requirements[0].key: Required value: must be specified' },
    { name: 'no values', selectors: { fieldSelector: { requirements: [{ key: 'a', operator: 'In' }] } }, message: "fieldSelector.requirements[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'" },
    { name: 'values of existence', selectors: { labelSelector: { requirements: [{ key: 'a', operator: 'Exists', values: ['b'] }] } }, message: "labelSelector.requirements[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'" },
    { name: 'both forms', selectors: { labelSelector: { rawSelector: 'a', requirements: [{ key: 'a', operator: 'Exists' }] } }, message: 'labelSelector.rawSelector: Invalid value: "a": may not specified at the same time as requirements' },
    { name: 'neither form', selectors: { fieldSelector: {} }, message: 'fieldSelector.requirements: Required value: when spec.resourceAttributes.fieldSelector is specified, requirements or rawSelector is required' },
  ])('with $name is refused', async ({ selectors, message }) => {
    expect(await pods(selectors)).toMatchObject({ code: 422, message: `.authorization.k8s.io "" is invalid: spec.resourceAttributes.${message}` });
  });
});

test.each([
  { name: 'slices of all nodes', ask: { verb: 'list', group: 'resource.k8s.io', resource: 'resourceslices' }, reason: 'can only list/watch/deletecollection resourceslices with nodeName field selector' },
  { name: 'another node by a selector of its name', ask: { verb: 'list', resource: 'nodes', name: 'n2' }, reason: "node 'n1' cannot read 'n2', only its own Node object" },
  { name: 'a lease elsewhere', ask: { verb: 'get', group: 'coordination.k8s.io', resource: 'leases', namespace: 'a', name: 'n1' }, reason: 'can only access leases in the "kube-node-lease" system namespace' },
  { name: 'tokens of no account', ask: { verb: 'create', resource: 'serviceaccounts', subresource: 'token', namespace: 'a' }, reason: 'can only create tokens for individual service accounts' },
  { name: 'the status of a claim', ask: { verb: 'get', resource: 'persistentvolumeclaims', subresource: 'status', namespace: 'a', name: 'c' }, reason: 'can only get/update/patch this type' },
  { name: 'secrets of all namespaces', ask: { verb: 'list', resource: 'secrets' }, reason: 'can only read namespaced object of this type' },
])('a node may not ask for $name', async ({ ask, reason }) => {
  expect((await access(ask, NODE)).status).toEqual({ allowed: false, reason });
});

test('a node\'s rules cannot be told in full', async () => {
  const { status } = await post('/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', { spec: { namespace: 'a' } }, { 'impersonate-user': 'system:node:n1', 'impersonate-group': 'system:nodes' });
  expect(status).toMatchObject({ incomplete: true, evaluationError: 'node authorizer does not support user rule resolution' });
});

test('a local review is about its own namespace and about resources', async () => {
  const local = (spec: object, metadata = {}) => post('/apis/authorization.k8s.io/v1/namespaces/a/localsubjectaccessreviews', { metadata, spec: { user: 'jane', ...spec } });
  expect(await local({ resourceAttributes: { verb: 'get', namespace: 'a' } }, { namespace: 'b' })).toMatchObject({ code: 400, message: 'the namespace of the provided object does not match the namespace sent on the request' });
  expect((await local({ nonResourceAttributes: { path: '/x', verb: 'get' } })).message).toContain('spec.nonResourceAttributes: Invalid value: {"Path":"/x","Verb":"get"}: disallowed on this kind of request');
});

test('a token that names no audience is good for the server\'s own alone', async () => {
  const review = async (audiences: readonly string[]) => (await post('/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token: server.token, audiences } })).status;
  expect(await review(['vault'])).toEqual({ user: {}, error: 'invalid bearer token' });
  expect(await review(['vault', 'https://kubernetes.default.svc'])).toMatchObject({ authenticated: true, audiences: ['https://kubernetes.default.svc'] });
});

test.each([
  { name: 'of an account made anew', body: { metadata: { uid: 'old' }, spec: {} }, code: 409, message: /the UID in the token request \(old\) does not match the UID of the service account \(.+\)$/ },
  { name: 'for another namespace', body: { metadata: { namespace: 'b' }, spec: {} }, code: 400, message: /^the namespace of the provided object does not match/ },
  { name: 'bound to a workload', body: { spec: { boundObjectRef: { kind: 'Deployment', apiVersion: 'apps/v1', name: 'd' } } }, code: 400, message: /^cannot bind token to object of type apps\/v1, Kind=Deployment$/ },
])('a token $name is not made', async ({ body, code, message }) => {
  expect(await post('/api/v1/namespaces/a/serviceaccounts/robot/token', body)).toMatchObject({ code, message: expect.stringMatching(message) as unknown });
});

describe('a token request', () => {
  const ask = (body: object, account = 'a/serviceaccounts/robot') => post(`/api/v1/namespaces/${account}/token`, body) as Promise<{ code: number; message?: string; details?: object; metadata?: Record<string, unknown>; status: { token?: string } }>;
  beforeAll(async () => {
    await post('/api/v1/namespaces/a/serviceaccounts', { metadata: { name: 'default' } });
    await post('/api/v1/namespaces/a/pods', { metadata: { name: 'p' }, spec: { serviceAccountName: 'robot', nodeName: 'gone', containers: [{ name: 'c', image: 'i' }] } });
  });

  test.each([
    { name: 'bound to another pod of the name', ref: { kind: 'Pod', apiVersion: 'v1', name: 'p', uid: 'x' }, want: { code: 409, details: { name: 'p', kind: 'Pod' } } },
    { name: 'bound to no name', ref: { kind: 'Pod', apiVersion: 'v1' }, want: { code: 400, message: 'Name parameter required.' } },
    { name: 'bound in any version of the core group', ref: { kind: 'Pod', apiVersion: 'v2', name: 'p' }, want: { code: 201 } },
  ])('$name', async ({ ref, want }) => {
    expect(await ask({ spec: { boundObjectRef: ref } })).toMatchObject(want);
  });

  test('in a namespace that is not there misses the namespace', async () => {
    expect(await ask({ spec: {} }, 'nowhere/serviceaccounts/robot')).toMatchObject({ code: 404, message: 'namespaces "nowhere" not found' });
  });

  test('keeps its labels and is answered with the UID of the account; its claims are in order', async () => {
    const answer = await ask({ metadata: { labels: { a: 'b' } }, spec: { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'p' } } });
    const claims = JSON.parse(Buffer.from(answer.status.token?.split('.')[1] ?? '', 'base64url').toString()) as { 'kubernetes.io': { serviceaccount: { uid: string } } };
    expect(answer.metadata).toMatchObject({ labels: { a: 'b' }, uid: claims['kubernetes.io'].serviceaccount.uid });
    expect(Object.keys(claims['kubernetes.io'])).toEqual(['namespace', 'node', 'pod', 'serviceaccount']);
  });

  test('is good for the audiences in the order in which a review asks', async () => {
    const { status: { token } } = await ask({ spec: { audiences: ['vault', 'other'] } });
    expect((await post('/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token, audiences: ['other', 'x', 'vault'] } })).status).toMatchObject({ authenticated: true, audiences: ['other', 'vault'] });
  });
});

test.each([{ groups: 'system:bootstrappers:a', authenticated: true }, { groups: 'system:bootstrappers:a,system:masters', authenticated: undefined }])('a bootstrap token of the groups $groups is good: $authenticated', async ({ groups, authenticated }) => {
  const id = authenticated ? 'aaaaaa' : 'bbbbbb';
  const stringData = { 'token-id': id, 'token-secret': '0123456789abcdef', 'usage-bootstrap-authentication': 'true', 'auth-extra-groups': groups };
  await post('/api/v1/namespaces/kube-system/secrets', { metadata: { name: `bootstrap-token-${id}` }, type: 'bootstrap.kubernetes.io/token', stringData });
  const { status } = await post('/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token: `${id}.0123456789abcdef` } });
  expect(status['authenticated']).toBe(authenticated);
});

test.each([
  { kind: 'TokenReview', path: '/apis/authentication.k8s.io/v1/tokenreviews', body: { spec: { token: 'x' } } },
  { kind: 'SelfSubjectAccessReview', path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', body: { spec: { resourceAttributes: { resource: 'pods', verb: 'get' } } } },
  { kind: 'TokenRequest', path: '/api/v1/namespaces/a/serviceaccounts/robot/token', body: { spec: { audiences: ['x'] } } },
])('$kind answers in the order of its fields', async ({ kind, path, body }) => {
  const answer = await post(path, body);
  expect(Object.keys(answer).slice(0, 5)).toEqual(['kind', 'apiVersion', 'metadata', 'spec', 'status']);
  expect(answer).toMatchObject({ kind, code: 201 });
});
