import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../testing.ts';
import { requestsTo } from '../testing-requests.ts';

let server: TestApiServer;
const send = requestsTo(() => server);
beforeAll(async () => {
  server = await startTestApiServer();
});
afterAll(() => server[Symbol.asyncDispose]());

test('an annotation is no new generation, whatever the lists are written as', async () => {
  const slices = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
  await send('POST', slices, { body: { metadata: { name: 's' }, addressType: 'IPv4', endpoints: [{ addresses: ['192.0.2.1'], conditions: {} }], ports: [{ name: 'a', port: 1 }, { name: 'b' }] } });
  expect((await send('PATCH', `${slices}/s`, { body: { metadata: { annotations: { a: 'b' } } } })).body.metadata['generation']).toBe(1);
  await send('PATCH', `${slices}/s`, { body: { endpoints: null } });
  expect((await send('PATCH', `${slices}/s`, { body: { endpoints: [], metadata: { annotations: { a: 'c' } } } })).body.metadata['generation']).toBe(2);
});

test('where upstream tells an empty list from none, giving one is a new generation', async () => {
  const path = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
  await send('POST', path, { body: { metadata: { name: 'v' } } });
  expect((await send('PATCH', `${path}/v`, { body: { metadata: { annotations: { a: 'b' } } } })).body.metadata['generation']).toBe(1);
  expect((await send('PATCH', `${path}/v`, { body: { webhooks: [] } })).body.metadata['generation']).toBe(2);
});

test('a pod without containers is refused, and never an internal error', async () => {
  await send('POST', '/api/v1/namespaces/default/serviceaccounts', { body: { metadata: { name: 'default' } } });
  const { status, body } = await send('POST', '/api/v1/namespaces/default/pods', { body: { metadata: { name: 'p' }, spec: { automountServiceAccountToken: false } } });
  expect([status, body.message]).toEqual([422, 'Pod "p" is invalid: spec.containers: Required value']);
});

test('an immutable Secret without data cannot be given an empty one', async () => {
  const path = '/api/v1/namespaces/default/secrets';
  await send('POST', path, { body: { metadata: { name: 's' }, immutable: true } });
  const { status, body } = await send('PATCH', `${path}/s`, { body: { data: {} } });
  expect([status, body.message]).toEqual([422, 'Secret "s" is invalid: data: Forbidden: field is immutable when `immutable` is set']);
});

test('differences tell empty lists from absent ones', async () => {
  const path = '/api/v1/namespaces/default/persistentvolumeclaims';
  await send('POST', path, { body: { metadata: { name: 'c' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } } });
  expect((await send('PATCH', `${path}/c`, { body: { spec: { accessModes: [] } } })).body.message).toContain('+ "AccessModes": [],');
  expect((await send('PATCH', `${path}/c`, { body: { spec: { accessModes: null } } })).body.message).toContain('+ "AccessModes": null,');
});
