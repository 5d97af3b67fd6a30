import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OBJECT_MEDIA_TYPE, type Transport } from '../../kube/client/transport.ts';
import { startTestApiServer, type TestApiServer } from './testing.ts';

let server: TestApiServer;
beforeAll(async () => {
  server = await startTestApiServer();
});
afterAll(() => server[Symbol.asyncDispose]());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Record<string, unknown> & { message?: string; metadata: Record<string, string> };
}

async function send(method: string, path: string, body?: unknown, options: { transport?: Transport; type?: string } = {}): Promise<Answer> {
  const transport = options.transport ?? server.transport;
  const response = await transport.fetch({
    method, path, headers: { 'content-type': options.type ?? 'application/json', 'user-agent': 'test/1' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: JSON.parse(Buffer.from(response.body as Uint8Array).toString('utf8')) as Answer['body'] };
}

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const configMap = (name: string, data: Record<string, string> = {}) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });

describe('objects', () => {
  test('a created object gets what only the server sets', async () => {
    const { status, body } = await send('POST', CONFIG_MAPS, configMap('created', { k: 'v' }));
    expect(status).toBe(201);
    expect(body.metadata).toMatchObject({ name: 'created', namespace: 'default', uid: expect.any(String), resourceVersion: expect.any(String) });
    expect(body.metadata['managedFields']).toMatchObject([{ manager: 'test', operation: 'Update' }]);
  });

  test('a second create with the name is refused in upstream words', async () => {
    await send('POST', CONFIG_MAPS, configMap('twice'));
    const { status, body } = await send('POST', CONFIG_MAPS, configMap('twice'));
    expect([status, body.message]).toEqual([409, 'configmaps "twice" already exists']);
  });

  test('a generated name takes five characters of upstream alphabet', async () => {
    const { body } = await send('POST', CONFIG_MAPS, { metadata: { generateName: 'gen-' } });
    expect(body.metadata['name']).toMatch(/^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  test('an update with a stale resourceVersion is a conflict', async () => {
    const { body } = await send('POST', CONFIG_MAPS, configMap('stale'));
    await send('PUT', `${CONFIG_MAPS}/stale`, configMap('stale', { a: '1' }));
    const old = { ...configMap('stale', { a: '2' }), metadata: { name: 'stale', resourceVersion: body.metadata['resourceVersion'] } };
    const { status, body: refusal } = await send('PUT', `${CONFIG_MAPS}/stale`, old);
    expect(status).toBe(409);
    expect(refusal.message).toContain('the object has been modified; please apply your changes to the latest version and try again');
  });

  test('an update that changes nothing keeps the resourceVersion', async () => {
    const { body } = await send('POST', CONFIG_MAPS, configMap('same', { a: '1' }));
    const { body: again } = await send('PUT', `${CONFIG_MAPS}/same`, configMap('same', { a: '1' }));
    expect(again.metadata['resourceVersion']).toBe(body.metadata['resourceVersion']);
  });

  test('a dry run answers and stores nothing', async () => {
    expect((await send('POST', `${CONFIG_MAPS}?dryRun=All`, configMap('dry'))).status).toBe(201);
    expect((await send('GET', `${CONFIG_MAPS}/dry`)).status).toBe(404);
  });

  test('a finalizer keeps a deleted object until it is taken off', async () => {
    await send('POST', CONFIG_MAPS, { metadata: { name: 'kept', finalizers: ['example.com/wait'] } });
    const { body } = await send('DELETE', `${CONFIG_MAPS}/kept`);
    expect(body.metadata['deletionTimestamp']).toBeDefined();
    await send('PATCH', `${CONFIG_MAPS}/kept`, { metadata: { finalizers: null } }, { type: 'application/merge-patch+json' });
    expect((await send('GET', `${CONFIG_MAPS}/kept`)).status).toBe(404);
  });

  test('server-side apply creates, and a second manager meets a conflict', async () => {
    const path = `${CONFIG_MAPS}/applied?fieldManager=`;
    const type = 'application/apply-patch+yaml';
    expect((await send('PATCH', `${path}one`, configMap('applied', { k: '1' }), { type })).status).toBe(201);
    expect((await send('PATCH', `${path}two`, configMap('applied', { k: '2' }), { type })).status).toBe(409);
    expect((await send('PATCH', `${path}two&force=true`, configMap('applied', { k: '2' }), { type })).status).toBe(200);
  });
});

describe('paths', () => {
  test.each([
    { name: 'unknown resource', method: 'GET', path: '/api/v1/nope', status: 404 },
    { name: 'unknown version', method: 'GET', path: '/apis/apps/v9', status: 404 },
    { name: 'put to a collection', method: 'PUT', path: CONFIG_MAPS, status: 405 },
    { name: 'a name where there are only creates', method: 'GET', path: '/api/v1/namespaces/default/bindings/a', status: 404 },
    { name: 'a list where there are only creates', method: 'GET', path: '/api/v1/namespaces/default/bindings', status: 405 },
    { name: 'delete of the version', method: 'DELETE', path: '/version', status: 405 },
    { name: 'unknown subresource', method: 'GET', path: '/api/v1/namespaces/default/pods/a/nope', status: 404 },
  ])('$name is answered with a Status of $status', async ({ method, path, status }) => {
    const answer = await send(method, path);
    expect(answer.status).toBe(status);
    expect(answer.body['kind']).toBe('Status');
    expect(answer.headers['audit-id']).toBeDefined();
  });

  test('a malformed escape is a bad request', async () => {
    expect((await send('GET', '/api/v1/namespaces/%zz')).status).toBe(400);
  });
});

describe('identities', () => {
  const as = (name: string, groups: readonly string[] = []): Transport => server.apiServer.transport({ name, groups });

  test('a user without rights is refused in upstream words', async () => {
    const { status, body } = await send('GET', CONFIG_MAPS, undefined, { transport: as('bob') });
    expect(status).toBe(403);
    expect(body.message).toBe('configmaps is forbidden: User "bob" cannot list resource "configmaps" in API group "" in the namespace "default"');
  });

  test('a role binding takes effect', async () => {
    await send('POST', '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings', {
      metadata: { name: 'view-eve' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'eve' }],
    });
    await expect.poll(async () => (await send('GET', CONFIG_MAPS, undefined, { transport: as('eve') })).status).toBe(200);
  });

  test('nobody grants rights they do not hold', async () => {
    await send('POST', '/apis/rbac.authorization.k8s.io/v1/clusterroles', { metadata: { name: 'role-maker' }, rules: [{ apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'], verbs: ['create'] }] });
    await send('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      metadata: { name: 'role-maker' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'role-maker' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'mallory' }],
    });
    const role = { metadata: { name: 'secrets' }, rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }] };
    const path = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles';
    const attempt = async (): Promise<string | undefined> => (await send('POST', path, role, { transport: as('mallory') })).body.message;
    await expect.poll(attempt).toContain('is attempting to grant RBAC permissions not currently held');
  });

  test('a node reads secrets of its own pods only', async () => {
    const node = as('system:node:n1', ['system:nodes']);
    await send('POST', '/api/v1/namespaces/default/secrets', { metadata: { name: 'mine' } });
    const { status, body } = await send('GET', '/api/v1/namespaces/default/secrets/mine', undefined, { transport: node });
    expect(status).toBe(403);
    expect(body.message).toContain("no relationship found between node 'n1' and this object");
  });
});

describe('in process', () => {
  test('objects come shared with the cache when asked for', async () => {
    await send('POST', CONFIG_MAPS, configMap('shared', { k: 'v' }));
    const response = await server.transport.fetch({ method: 'GET', path: `${CONFIG_MAPS}/shared`, headers: { accept: OBJECT_MEDIA_TYPE } });
    expect(response.object).toMatchObject({ kind: 'ConfigMap', data: { k: 'v' } });
    expect(Object.isFrozen(response.object)).toBe(true);
  });

  test('a watch delivers a change and ends with its signal', async () => {
    const abort = new AbortController();
    const response = await server.transport.fetch({ method: 'GET', path: `${CONFIG_MAPS}?watch=true&fieldSelector=metadata.name%3Dwatched`, headers: { accept: OBJECT_MEDIA_TYPE }, signal: abort.signal });
    const events = response.events?.[Symbol.asyncIterator]();
    await send('POST', CONFIG_MAPS, configMap('watched'));
    expect((await events?.next())?.value).toMatchObject([{ type: 'ADDED', object: { metadata: { name: 'watched' } } }]);
    const pending = events?.next();
    abort.abort(new Error('enough'));
    await expect(pending).rejects.toThrow('enough');
  });
});
