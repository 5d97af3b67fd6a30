import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../testing.ts';
import { requestsTo } from '../testing-requests.ts';

let server: TestApiServer;
const send = requestsTo(() => server);
beforeAll(async () => {
  server = await startTestApiServer();
});
afterAll(() => server[Symbol.asyncDispose]());

describe('DELETE', () => {
  test('answers a Status for most kinds, and the object at the revision of its end for some', async () => {
    await send('POST', '/api/v1/namespaces/default/configmaps', { body: { metadata: { name: 'plain' } } });
    expect((await send('DELETE', '/api/v1/namespaces/default/configmaps/plain')).body).toMatchObject({ kind: 'Status', details: { name: 'plain', kind: 'configmaps' } });
    const created = await send('POST', '/apis/storage.k8s.io/v1/storageclasses', { body: { metadata: { name: 'whole' }, provisioner: 'p.io/x' } });
    const { body } = await send('DELETE', '/apis/storage.k8s.io/v1/storageclasses/whole');
    expect(body).toMatchObject({ kind: 'StorageClass', metadata: { name: 'whole' } });
    expect(Number(body.metadata['resourceVersion'])).toBeGreaterThan(Number(created.body.metadata['resourceVersion']));
  });

  test('of a Job keeps its pods unless told otherwise, and says so', async () => {
    const job = { metadata: { name: 'kept' }, spec: { suspend: true, template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } } } };
    await send('POST', '/apis/batch/v1/namespaces/default/jobs', { body: job });
    const { body, headers } = await send('DELETE', '/apis/batch/v1/namespaces/default/jobs/kept');
    expect(body).toMatchObject({ kind: 'Job', metadata: { finalizers: ['orphan'] } });
    expect(String(headers['warning'])).toContain('child pods are preserved by default when jobs are deleted');
  });

  test.each([
    { options: 'propagationPolicy=Foreground', finalizers: ['foregroundDeletion'] },
    { options: 'propagationPolicy=Orphan', finalizers: ['orphan'] },
    { options: 'orphanDependents=false', finalizers: ['foregroundDeletion'] },
    { options: 'propagationPolicy=Background', finalizers: undefined },
    { options: '', finalizers: undefined },
  ])('of a namespace with "$options" leaves the finalizers $finalizers', async ({ options, finalizers }) => {
    const { body: { metadata } } = await send('POST', '/api/v1/namespaces', { body: { metadata: { generateName: 'gone-' } } });
    const { body } = await send('DELETE', `/api/v1/namespaces/${String(metadata['name'])}?${options}`);
    expect(body).toMatchObject({ kind: 'Namespace', status: { phase: 'Terminating' } });
    expect(body.metadata['finalizers']).toEqual(finalizers);
  });

  test('of a namespace makes it Terminating in the answer, even of a dry run', async () => {
    await send('POST', '/api/v1/namespaces', { body: { metadata: { name: 'ending' } } });
    expect((await send('DELETE', '/api/v1/namespaces/ending?dryRun=All')).body['status']).toMatchObject({ phase: 'Terminating' });
    const { body } = await send('DELETE', '/api/v1/namespaces/ending', { body: { preconditions: { uid: 'x' } } });
    expect(body.message).toMatch(/^Operation cannot be fulfilled on namespaces "ending": Precondition failed: UID in precondition: x, UID in object meta: /);
  });
});

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

test('a dry run shows what the deletion would leave', async () => {
  await send('POST', CONFIG_MAPS, { body: { metadata: { name: 'dry' } } });
  const { body } = await send('DELETE', `${CONFIG_MAPS}/dry`, { body: { dryRun: ['All'], propagationPolicy: 'Orphan' } });
  expect(Object.keys(body.metadata).slice(3, 8)).toEqual(['resourceVersion', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'finalizers']);
  expect((await send('GET', `${CONFIG_MAPS}/dry`)).body.metadata).not.toHaveProperty('finalizers');
});

test('a deletion of some of a collection tells how many remain, as a list does', async () => {
  for (const name of ['r1', 'r2', 'r3']) await send('POST', '/api/v1/namespaces/kube-public/configmaps', { body: { metadata: { name } } });
  const before = (await send('GET', '/api/v1/namespaces/kube-public/configmaps')).body['items'] as readonly unknown[];
  const { body } = await send('DELETE', '/api/v1/namespaces/kube-public/configmaps?limit=1&dryRun=All', { headers: { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' } });
  expect(body).toMatchObject({ kind: 'Table', metadata: { remainingItemCount: before.length - 1 } });
});
