import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../testing.ts';
import { createTestCertificates } from '../testing-certificates.ts';

let server: TestApiServer;
let webhook: ReturnType<typeof createServer>;
let answer: (spec: { readonly token: string; readonly audiences: readonly string[] }) => object;
let reviews = 0;

beforeAll(async () => {
  const certificates = await createTestCertificates(Date.now());
  webhook = createServer({ cert: certificates.server.certificate, key: certificates.server.key }, (request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      reviews++;
      const review = JSON.parse(Buffer.concat(parts).toString()) as { spec: Parameters<typeof answer>[0] };
      response.end(JSON.stringify({ ...review, status: answer(review.spec) }));
    });
  });
  webhook.listen(0, '127.0.0.1');
  await once(webhook, 'listening');
  const kubeconfig = `
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:${(webhook.address() as AddressInfo).port}/review", certificate-authority-data: ${Buffer.from(certificates.ca).toString('base64')}}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
users: [{name: u, user: {}}]
current-context: x
`;
  server = await startTestApiServer({ authentication: { tokenWebhook: kubeconfig } });
});
beforeEach(() => {
  reviews = 0;
  answer = ({ token }) => (token.startsWith('good') ? { authenticated: true, user: { username: 'jane', uid: '7', groups: ['devs'], extra: { a: ['b'] } } } : { authenticated: false });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  webhook.closeAllConnections();
  webhook.close();
});

async function tokenReview(token: string, audiences?: readonly string[]): Promise<unknown> {
  const response = await server.transport.fetch({ method: 'POST', path: '/apis/authentication.k8s.io/v1/tokenreviews', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ spec: { token, audiences } }) });
  return (JSON.parse(Buffer.from(response.body as Uint8Array).toString()) as { status: unknown }).status;
}

test('the webhook says whose token it is, and is asked once', async () => {
  const jane = { authenticated: true, audiences: ['https://kubernetes.default.svc'], user: { username: 'jane', uid: '7', groups: ['devs', 'system:authenticated'], extra: { a: ['b'] } } };
  expect(await tokenReview('good-1')).toEqual(jane);
  expect(await tokenReview('good-1')).toEqual(jane);
  expect(reviews).toBe(1);
});

test('tokens that the server knows itself are not shown to the webhook', async () => {
  expect(await tokenReview(server.token)).toMatchObject({ user: { username: 'admin' } });
  expect(reviews).toBe(0);
});

test.each([
  { name: 'does not know', answered: { authenticated: false }, error: 'invalid bearer token' },
  { name: 'refuses with a reason', answered: { authenticated: false, error: 'revoked' }, error: '[invalid bearer token, revoked]' },
  { name: 'knows for another audience', answered: { authenticated: true, user: { username: 'jane' }, audiences: ['vault'] }, error: 'invalid bearer token' },
])('a token that the webhook $name is refused', async ({ answered, error }) => {
  answer = () => answered;
  expect(await tokenReview(`bad-${error}-${JSON.stringify(answered)}`)).toEqual({ user: {}, error });
});

test('a kubeconfig that names no server is told of at the start', async () => {
  await expect(startTestApiServer({ authentication: { tokenWebhook: 'kind: Config' } })).rejects.toThrow('Cannot use the kubeconfig of the token webhook: the current context must name a cluster whose server is an https URL');
});
