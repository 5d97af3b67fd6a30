import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../testing.ts';
import { requestsTo, type TestAnswer } from '../testing-requests.ts';

let server: TestApiServer;
const send = requestsTo(() => server);
const core = '/api/v1/namespaces/default';
beforeAll(async () => {
  server = await startTestApiServer();
  await send('POST', `${core}/serviceaccounts`, { body: { metadata: { name: 'default' } } });
});
afterAll(() => server[Symbol.asyncDispose]());

function ownedByServer({ body }: TestAnswer): unknown[] {
  const entries = body.metadata['managedFields'] as { manager: string; subresource?: string; fieldsV1: unknown }[];
  return entries.filter(({ manager }) => manager === 'kube-apiserver').map(({ subresource, fieldsV1 }) => [subresource, fieldsV1]);
}

test('what a create is charged to a quota belongs to the API server', async () => {
  await send('POST', `${core}/resourcequotas`, { body: { metadata: { name: 'q' }, spec: { hard: { configmaps: '5' } } } });
  await send('PATCH', `${core}/resourcequotas/q/status`, { body: { status: { hard: { configmaps: '5' }, used: { configmaps: '0' } } } });
  await send('POST', `${core}/configmaps`, { body: { metadata: { name: 'c' } } });
  const quota = await send('GET', `${core}/resourcequotas/q`);
  expect(quota.body['status']).toEqual({ hard: { configmaps: '5' }, used: { configmaps: '1' } });
  expect(ownedByServer(quota)).toEqual([['status', { 'f:status': { 'f:used': { 'f:configmaps': {} } } }]]);
});

test('so does what an eviction takes from a budget', async () => {
  const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
  await send('POST', `${core}/pods`, { body: { metadata: { name: 'p', labels: { a: 'b' } }, spec: { nodeName: 'n', automountServiceAccountToken: false, containers: [{ name: 'c', image: 'x' }] } } });
  await send('PATCH', `${core}/pods/p/status`, { body: { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } } });
  await send('POST', budgets, { body: { metadata: { name: 'b' }, spec: { maxUnavailable: 1, selector: { matchLabels: { a: 'b' } } } } });
  await send('PATCH', `${budgets}/b/status`, { body: { status: { disruptionsAllowed: 1, currentHealthy: 1, desiredHealthy: 0, expectedPods: 1, observedGeneration: 1 } } });
  expect((await send('POST', `${core}/pods/p/eviction`, { body: { metadata: { name: 'p' } } })).status).toBe(201);
  expect(ownedByServer(await send('GET', `${budgets}/b`))).toEqual([['status', { 'f:status': { 'f:disruptedPods': { '.': {}, 'f:p': {} }, 'f:disruptionsAllowed': {} } }]]);
});

test('a list whose items lack their key leaves nobody the owner of anything', async () => {
  await send('POST', `${core}/serviceaccounts`, { body: { metadata: { name: 'keyless' } } });
  const { body } = await send('PATCH', `${core}/serviceaccounts/keyless`, { body: { secrets: [{ namespace: 'x' }], automountServiceAccountToken: false } });
  expect([body['automountServiceAccountToken'], body.metadata['managedFields']]).toEqual([false, undefined]);
});
