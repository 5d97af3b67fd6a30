import { afterAll, beforeAll, expect, test } from 'vitest';
import { configmaps, type ConfigMap } from '../../kube/api/generated/core/v1.ts';
import { horizontalpodautoscalers } from '../../kube/api/generated/autoscaling/v1.ts';
import { SeededRandom } from '../../kube/apimachinery/seeded-random.ts';
import { RestClient } from '../../kube/client/rest-client.ts';
import { SharedInformerFactory } from '../../kube/client/shared-informer-factory.ts';
import { systemClock } from '../etcd/system-clock.ts';
import { startTestApiServer, type TestApiServer } from './testing.ts';

let server: TestApiServer;
let client: RestClient;
beforeAll(async () => {
  server = await startTestApiServer();
  client = new RestClient({ transport: server.transport, userAgent: 'test/1', acceptObjects: true });
});
afterAll(() => server[Symbol.asyncDispose]());

const configMap = (name: string): ConfigMap => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default', labels: { a: 'b' } }, data: { k: '}"{' } });

test('a list of metadata alone has the metadata of the objects, and nothing else', async () => {
  const created = await client.create(configmaps, configMap('listed'));
  const { items } = await client.list(configmaps, { namespace: 'default', fieldSelector: 'metadata.name=listed', metadataOnly: true });
  expect(items).toEqual([{ apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata: created.metadata }]);
});

test('a watch of metadata alone follows every change with its resourceVersion', async () => {
  const stop = new AbortController();
  const created = await client.create(configmaps, configMap('watched'));
  const { resourceVersion } = created.metadata;
  const events = client.watch(configmaps, { namespace: 'default', resourceVersion, metadataOnly: true, signal: stop.signal })[Symbol.asyncIterator]();
  const updated = await client.update(configmaps, { ...created, data: { k: 'new' } });
  expect((await events.next()).value).toEqual({ type: 'MODIFIED', object: { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata: updated.metadata } });
  await client.delete(configmaps, { namespace: 'default', name: 'watched' });
  expect((await events.next()).value).toMatchObject({ type: 'DELETED', object: { metadata: { name: 'watched' } } });
  stop.abort();
});

test('metadata of a version that is converted is that of the version', async () => {
  const spec = { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' }, maxReplicas: 3, targetCPUUtilizationPercentage: 50 };
  const created = await client.create(horizontalpodautoscalers, { apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler', metadata: { name: 'h', namespace: 'default' }, spec });
  const { items } = await client.list(horizontalpodautoscalers, { metadataOnly: true });
  expect(items.map(({ metadata }) => metadata)).toEqual([created.metadata]);
});

test('an informer of metadata alone keeps kind and metadata without managedFields', async () => {
  await client.create(configmaps, configMap('informed'));
  await using factory = new SharedInformerFactory({ client, clock: systemClock, random: new SeededRandom(1) });
  const informer = factory.informer(configmaps, { metadataOnly: true });
  const stop = new AbortController();
  factory.start(stop.signal);
  await informer.waitForSync(stop.signal);
  const { metadata, ...rest } = informer.lister.get('default/informed') as ConfigMap;
  expect(rest).toEqual({ apiVersion: 'v1', kind: 'ConfigMap' });
  expect(metadata).toMatchObject({ name: 'informed', labels: { a: 'b' }, uid: expect.any(String) });
  expect(metadata).not.toHaveProperty('managedFields');
  stop.abort();
});

test('an informer of whole objects serves those who need metadata alone', async () => {
  await using factory = new SharedInformerFactory({ client, clock: systemClock, random: new SeededRandom(1) });
  const whole = factory.informer(configmaps);
  expect(factory.informer(configmaps, { metadataOnly: true })).toBe(whole);
});
