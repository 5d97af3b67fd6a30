import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer } from './testing.ts';
import { requestsTo } from './testing-requests.ts';

let server: TestApiServer;
const send = requestsTo(() => server);
beforeAll(async () => {
  server = await startTestApiServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const owners = (metadata: Record<string, unknown>): unknown => (metadata['managedFields'] as readonly { manager: string; operation: string; subresource?: string; fieldsV1: object }[]).map(
  ({ manager, operation, subresource = '', fieldsV1 }) => [manager, operation, subresource, Object.keys(fieldsV1)],
);

test('the rules of an aggregating role belong to its controller, though nobody has started it', async () => {
  const { body } = await send('GET', '/apis/rbac.authorization.k8s.io/v1/clusterroles/view');
  expect(body['rules']).toContainEqual(expect.objectContaining({ resources: expect.arrayContaining(['configmaps']) as unknown }));
  expect(owners(body.metadata)).toEqual([
    ['clusterrole-aggregation-controller', 'Apply', '', ['f:rules']],
    ['kube-apiserver', 'Update', '', ['f:aggregationRule', 'f:metadata']],
  ]);
});

test('the range of Services is ready from the beginning', async () => {
  const { body } = await send('GET', '/apis/networking.k8s.io/v1/servicecidrs/kubernetes');
  expect(body['status']).toMatchObject({ conditions: [{ type: 'Ready', status: 'True', message: 'Kubernetes default Service CIDR is ready' }] });
  expect(owners(body.metadata)).toEqual([
    ['kubernetes-service-cidr-controller', 'Apply', 'status', ['f:status']],
    ['kube-apiserver', 'Update', '', ['f:spec']],
  ]);
});
