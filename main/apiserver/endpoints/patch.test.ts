import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../testing.ts';
import { requestsTo } from '../testing-requests.ts';

let server: TestApiServer;
const send = requestsTo(() => server);
beforeAll(async () => {
  server = await startTestApiServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const JSON_PATCH = { 'content-type': 'application/json-patch+json' };
const STRATEGIC = { 'content-type': 'application/strategic-merge-patch+json' };

async function create(name: string): Promise<string> {
  await send('POST', CONFIG_MAPS, { body: { metadata: { name }, data: { k: 'v' } } });
  return `${CONFIG_MAPS}/${name}`;
}

describe('a patch', () => {
  test('may replace a member that is not there, as the library lets it', async () => {
    const { status, body } = await send('PATCH', await create('replaced'), { body: [{ op: 'replace', path: '/data/new', value: '1' }], headers: JSON_PATCH });
    expect([status, body['data']]).toEqual([200, { k: 'v', new: '1' }]);
  });

  test.each([['application/merge-patch+json', '{"immutable":2.0}'], ['application/json-patch+json', '[{"op":"add","path":"/immutable","value":2.0}]']])('as %s keeps numbers as they are written', async (type, body) => {
    const { status, body: { message } } = await send('PATCH', await create(`literal-${type.slice(12, 16)}`), { body, headers: { 'content-type': type } });
    expect([status, message]).toEqual([422, expect.stringMatching(/\\"immutable\\":2\.0.*cannot unmarshal number into Go struct field ConfigMap\.immutable of type bool$/)]);
  });

  test('that takes the kind away means the kind of the path', async () => {
    expect((await send('PATCH', await create('kindless'), { body: { kind: null } })).body['kind']).toBe('ConfigMap');
  });

  test('that takes the version away leaves nothing that has a name', async () => {
    const { status, body, headers } = await send('PATCH', await create('versionless'), { body: { apiVersion: null } });
    expect([status, body.message]).toEqual([400, 'the name of the object (versionless based on URL) was undeterminable: name must be provided']);
    expect(headers['warning']).toEqual(['299 - "unknown field \\"data\\""', '299 - "unknown field \\"metadata\\""']);
  });

  test('that changes the kind is decoded as what it says first', async () => {
    const { body } = await send('PATCH', await create('other-kind'), { body: { kind: 'Secret' } });
    expect(body.message).toMatch(/: illegal base64 data at input byte 0$/);
  });

  test('names unknown fields in order, those of the patch itself first', async () => {
    const body = '{"zz":1,"data":{"a":"1","a":"2"},"bogus":2}';
    const { headers } = await send('PATCH', await create('unknown'), { body });
    expect(headers['warning']).toEqual(['299 - "duplicate field \\"data.a\\""', '299 - "unknown field \\"bogus\\""', '299 - "unknown field \\"zz\\""']);
  });

  test('of bytes that are none says how they were decoded', async () => {
    const { body } = await send('PATCH', await create('bytes'), { body: { binaryData: { b: 'zz' } }, headers: STRATEGIC });
    expect(body.message).toMatch(/: error decoding from json: illegal base64 data at input byte 0$/);
  });
});

describe('owners that are there twice', () => {
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'n', uid: 'u' };

  test('are taken out of what is created, with a warning', async () => {
    const { body, headers } = await send('POST', CONFIG_MAPS, { body: { metadata: { name: 'owned', ownerReferences: [owner, owner] } } });
    expect(body.metadata['ownerReferences']).toHaveLength(1);
    expect(String(headers['warning'])).toContain('.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+');
  });

  test('are found after admission when a patch brings them', async () => {
    const { headers } = await send('PATCH', await create('patched-owner'), { body: { metadata: { ownerReferences: [owner, owner] } } });
    expect(String(headers['warning'])).toContain('contains duplicate entries after mutating admission happens; API server dedups');
  });
});
