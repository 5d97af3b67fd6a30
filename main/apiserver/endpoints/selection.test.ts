import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../testing.ts';

let server: TestApiServer;
beforeAll(async () => {
  server = await startTestApiServer();
  const involvedObject = { kind: 'Pod', name: 'p', namespace: 'default' };
  for (const [name, component] of [['a', 'test-controller'], ['b', 'other']] as const) {
    await ask('POST', '/api/v1/namespaces/default/events', { apiVersion: 'v1', kind: 'Event', metadata: { name }, involvedObject, reason: 'R', reportingComponent: component, type: 'Normal' });
  }
});
afterAll(() => server[Symbol.asyncDispose]());

async function ask(method: string, path: string, body?: unknown): Promise<{ readonly items?: { metadata: { name: string } }[]; readonly message?: string; readonly code?: number }> {
  const response = await server.transport.fetch({ method, path, headers: { 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  return JSON.parse(Buffer.from(response.body as Uint8Array).toString('utf8'));
}
const select = (path: string, selector: string) => ask('GET', `${path}/namespaces/default/events?fieldSelector=${encodeURIComponent(selector)}`);
const CORE = '/api/v1';
const EVENTS = '/apis/events.k8s.io/v1';

test.each([
  { path: CORE, selector: 'reportingComponent=test-controller' },
  { path: CORE, selector: 'source=test-controller,involvedObject.name=p' },
  { path: EVENTS, selector: 'reportingController=test-controller' },
  { path: EVENTS, selector: 'regarding.name=p,reportingController!=other,type=Normal' },
])('$path selects events by $selector', async ({ path, selector }) => {
  expect((await select(path, selector)).items?.map(({ metadata }) => metadata.name)).toEqual(['a']);
});

test.each([
  { path: CORE, field: 'reportingController' },
  { path: CORE, field: 'regarding.name' },
  { path: EVENTS, field: 'reportingComponent' },
  { path: EVENTS, field: 'involvedObject.name' },
  { path: EVENTS, field: 'source' },
])('$path does not know the field label $field of the other version', async ({ path, field }) => {
  expect(await select(path, `${field}=x`)).toMatchObject({ code: 400, message: `field label not supported: ${field}` });
});

test.each([
  { path: '/api/v1/nodes', message: 'field label not supported: metadata.namespace' },
  { path: '/apis/resource.k8s.io/v1/resourceslices', message: 'field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: metadata.namespace' },
])('$path has no field label for a namespace', async ({ path, message }) => {
  expect(await ask('GET', `${path}?fieldSelector=metadata.namespace%3Dn`)).toMatchObject({ code: 400, message });
});

test('a kind without field labels of its own has the two that all have', async () => {
  expect(await ask('GET', '/api/v1/persistentvolumes?fieldSelector=metadata.namespace%3Dn')).toMatchObject({ items: [] });
  expect(await ask('GET', '/api/v1/persistentvolumes?fieldSelector=name%3Dn')).toMatchObject({ code: 400, message: '"name" is not a known field selector: only "metadata.name", "metadata.namespace"' });
});

test('an IPAddress has no field labels but its name and namespace', async () => {
  const message = '"spec.parentRef.name" is not a known field selector: only "metadata.name", "metadata.namespace"';
  expect(await ask('GET', '/apis/networking.k8s.io/v1/ipaddresses?fieldSelector=spec.parentRef.name%3Dweb')).toMatchObject({ code: 400, message });
});
