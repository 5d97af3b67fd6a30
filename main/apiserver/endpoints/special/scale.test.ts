import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../../testing.ts';
import { requestsTo } from '../../testing-requests.ts';

let server: TestApiServer;
const send = requestsTo(() => server);
beforeAll(async () => {
  server = await startTestApiServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';
const APPLY = { 'content-type': 'application/apply-patch+yaml' };
const SCALE_OWNER = { apiVersion: 'apps/v1', fieldsV1: { 'f:spec': { 'f:replicas': {} } }, subresource: 'scale' };

async function createDeployment(name: string): Promise<string> {
  const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const { status } = await send('POST', `${DEPLOYMENTS}?fieldManager=creator`, { body: { metadata: { name }, spec: { replicas: 1, selector: { matchLabels: { app: 'a' } }, template } } });
  expect(status).toBe(201);
  return `${DEPLOYMENTS}/${name}`;
}

const scale = (name: string, replicas: number) => ({ apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name }, spec: { replicas } });

describe('the scale subresource', () => {
  test('moves the replicas to whoever scales, under the path of the object', async () => {
    const path = await createDeployment('moved');
    await send('PATCH', `${path}/scale?fieldManager=scaler`, { body: { spec: { replicas: 3 } } });
    const { body } = await send('GET', path);
    const entries = body.metadata['managedFields'] as readonly Record<string, unknown>[];
    expect(entries.find(({ manager }) => manager === 'scaler')).toMatchObject({ ...SCALE_OWNER, operation: 'Update' });
    expect(JSON.stringify(entries.find(({ manager }) => manager === 'creator'))).not.toContain('f:replicas');
  });

  test('is taken by server-side apply, which finds the owner of the replicas in its way', async () => {
    const path = await createDeployment('applied');
    const conflict = await send('PATCH', `${path}/scale?fieldManager=applier`, { body: scale('applied', 4), headers: APPLY });
    expect([conflict.status, conflict.body.message]).toEqual([409, 'Apply failed with 1 conflict: conflict with "creator" using autoscaling/v1: .spec.replicas']);
    const forced = await send('PATCH', `${path}/scale?fieldManager=applier&force=true`, { body: scale('applied', 4), headers: APPLY });
    expect([forced.status, forced.body['spec']]).toEqual([200, { replicas: 4 }]);
    const { body } = await send('GET', path);
    expect(body).toMatchObject({ spec: { replicas: 4 }, metadata: { managedFields: expect.arrayContaining([expect.objectContaining({ manager: 'applier', operation: 'Apply' })]) } });
  });

  test('refuses the uid of another object, each verb in its words', async () => {
    const path = await createDeployment('other');
    const body = { ...scale('other', 2), metadata: { name: 'other', uid: 'x' } };
    const put = await send('PUT', `${path}/scale`, { body });
    expect(put.body.message).toMatch(/^Operation cannot be fulfilled on deployments\.apps "other": StorageError: invalid object, Code: 4, Key: \/registry\/deployments\/default\/other, /);
    const patch = await send('PATCH', `${path}/scale`, { body: { metadata: { uid: 'x' } } });
    expect([put.status, patch.status]).toEqual([409, 409]);
    expect(patch.body.message).toMatch(/Precondition failed: UID in precondition: x, UID in object meta: /);
  });
});
