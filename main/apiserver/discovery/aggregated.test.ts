import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readBody } from '../../../kube/client/watch-frames.ts';
import { startTestApiServer, type TestApiServer } from '../testing.ts';

let server: TestApiServer;
beforeAll(async () => {
  server = await startTestApiServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const AGGREGATED = 'as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io';

async function get(path: string, headers: Record<string, string>): Promise<{ readonly text: string; readonly etag: unknown }> {
  const response = await server.transport.fetch({ method: 'GET', path, headers });
  return { text: await readBody(response.body), etag: response.headers['etag'] };
}

test('aggregated discovery is indented for those who ask for it, and for curl', async () => {
  const accept = `application/json;${AGGREGATED}`;
  const plain = await get('/apis', { accept });
  expect(plain.text).toMatch(/^\{"kind"/);
  for (const asked of [await get('/apis?pretty=true', { accept }), await get('/apis', { accept, 'user-agent': 'curl/8.9' }), await get('/apis', { accept: `${accept};pretty=1` })]) {
    expect(asked.text).toMatch(/^\{\n {2}"kind"/);
    expect(JSON.parse(asked.text)).toEqual(JSON.parse(plain.text));
    expect(asked.etag).toBe(plain.etag);
  }
});

test('its ETag is of the content alone, in whatever form, as upstream makes it', async () => {
  const { text, etag } = await get('/api', { accept: `application/json;${AGGREGATED}` });
  const content = text.trim().replace('"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2",', '');
  expect(etag).toBe(`"${createHash('sha512').update(content).digest('hex').toUpperCase()}"`);
  expect((await get('/api', { accept: `application/vnd.kubernetes.protobuf;${AGGREGATED}` })).etag).toBe(etag);
});

test('OpenAPI 3 is escaped for HTML, OpenAPI 2 is not', async () => {
  const accept = 'application/json';
  expect((await get('/openapi/v3/apis/apps/v1', { accept })).text).toContain(String.raw`\u003cstatefulsetname\u003e`);
  expect((await get('/openapi/v2', { accept })).text).toContain('<statefulsetname>');
});
