import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../testing.ts';
import { requestsTo } from '../testing-requests.ts';

let server: TestApiServer;
const send = requestsTo(() => server);
beforeAll(async () => {
  server = await startTestApiServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

test.each([
  { query: 'limit=', code: 400, message: 'strconv.ParseInt: parsing "": invalid syntax' },
  { query: 'limit=1.5', code: 400, message: 'strconv.ParseInt: parsing "1.5": invalid syntax' },
  { query: 'watch=1&timeoutSeconds=', code: 400, message: 'strconv.ParseInt: parsing "": invalid syntax' },
  { query: 'limit=99999999999999999999', code: 400, message: 'strconv.ParseInt: parsing "99999999999999999999": value out of range' },
  { query: 'limit=-5', code: 200, message: undefined },
  { query: 'sendInitialEvents=', code: 422, message: 'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list' },
])('?$query is answered as upstream', async ({ query, code, message }) => {
  const { status, body } = await send('GET', `${CONFIG_MAPS}?${query}`);
  expect([status, body.message]).toEqual([code, message]);
});

test.each(['POST', 'PUT', 'PATCH', 'OPTIONS'])('%s on a watch path is not allowed', async (method) => {
  expect((await send(method, '/api/v1/watch/namespaces/default/configmaps', { body: {} })).status).toBe(405);
});

test('events are read as without a watch cache: a limit counts for any state, a state to come is refused at once', async () => {
  const EVENTS = '/api/v1/namespaces/default/events';
  for (const name of ['a', 'b']) await send('POST', EVENTS, { body: { metadata: { name }, involvedObject: { kind: 'Node', name: 'n', namespace: 'default' } } });
  const page = await send('GET', `${EVENTS}?resourceVersion=0&limit=1`);
  expect(page.body['items']).toHaveLength(1);
  expect(page.body.metadata).toMatchObject({ remainingItemCount: 1 });
  for (const path of [EVENTS, `${EVENTS}/a`]) {
    const { status, body, headers } = await send('GET', `${path}?resourceVersion=99999999`);
    expect([status, (body['details'] as object)]).toEqual([504, { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }] }]);
    expect(headers).not.toHaveProperty('retry-after');
  }
});
