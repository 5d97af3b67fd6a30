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
