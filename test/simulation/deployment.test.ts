import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Deployment, deployments, replicasets } from '../../kube/api/generated/apps/v1.ts';
import { configmaps, events, namespaces, nodes, pods, serviceaccounts } from '../../kube/api/generated/core/v1.ts';
import { startSimulatedCluster, type SimulatedCluster } from './simulated-cluster.ts';

let cluster: SimulatedCluster;
beforeAll(async () => {
  cluster = await startSimulatedCluster();
  await cluster.addNodes(3);
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

function newDeployment(name: string, options: { readonly replicas: number; readonly image?: string; readonly namespace?: string }): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: options.namespace ?? 'default' },
    spec: {
      replicas: options.replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { name: '', labels: { app: name } }, spec: { containers: [{ name: 'web', image: options.image ?? 'nginx:1' }] } },
    },
  };
}

async function untilComplete(name: string, namespace = 'default'): Promise<Deployment> {
  return cluster.until(`deployment ${name} is complete`, async () => {
    const deployment = await cluster.client.get(deployments, { namespace, name });
    const { replicas } = deployment.spec;
    const { status, metadata } = deployment;
    const done = status?.updatedReplicas === replicas && status?.availableReplicas === replicas && status?.replicas === replicas && status?.observedGeneration === metadata.generation;
    return done && deployment;
  });
}

test('nodes get pod CIDRs and lose their not-ready taint', async () => {
  await cluster.until('all nodes are ready', async () => {
    const { items } = await cluster.client.list(nodes);
    return items.length === 3 && items.every(({ spec }) => spec?.podCIDR !== undefined && (spec.taints ?? []).length === 0);
  });
});

test('every namespace gets its default ServiceAccount and root CA', async () => {
  await cluster.until('they exist', async () => {
    const accounts = await cluster.client.list(serviceaccounts);
    const maps = await cluster.client.list(configmaps);
    const { items } = await cluster.client.list(namespaces);
    const has = (list: readonly { metadata: { name: string; namespace?: string } }[], name: string, namespace: string): boolean =>
      list.some(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
    return items.every(({ metadata }) => has(accounts.items, 'default', metadata.name) && has(maps.items, 'kube-root-ca.crt', metadata.name));
  });
});

test('a Deployment rolls out, rolls over to a new image and scales', async () => {
  await cluster.client.create(deployments, newDeployment('web', { replicas: 4 }));
  const first = await untilComplete('web');
  expect(first.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('1');
  const running = await cluster.client.list(pods, { namespace: 'default', labelSelector: 'app=web' });
  expect(running.items.map(({ status }) => status?.phase)).toEqual(['Running', 'Running', 'Running', 'Running']);
  expect(new Set(running.items.map(({ spec }) => spec.nodeName)).size).toBe(3);

  const container = { name: 'web', image: 'nginx:2' };
  const patch = { spec: { template: { spec: { containers: [container] } } } };
  await cluster.client.patch(deployments, { namespace: 'default', name: 'web' }, { type: 'strategic', patch });
  const second = await untilComplete('web');
  expect(second.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('2');
  const sets = await cluster.client.list(replicasets, { namespace: 'default', labelSelector: 'app=web' });
  expect(sets.items.map(({ spec }) => spec.replicas).toSorted()).toEqual([0, 4]);

  await cluster.client.patch(deployments, { namespace: 'default', name: 'web' }, { type: 'merge', patch: { spec: { replicas: 1 } } });
  await untilComplete('web');
  await cluster.until('one pod is left', async () => (await cluster.client.list(pods, { namespace: 'default', labelSelector: 'app=web' })).items.length === 1);
});

test('the scheduler says why a pod fits nowhere', async () => {
  const huge = newDeployment('huge', { replicas: 1 });
  const [container] = huge.spec.template.spec?.containers ?? [];
  Object.assign(container ?? {}, { resources: { requests: { cpu: '1000' } } });
  await cluster.client.create(deployments, huge);
  const event = await cluster.until('the event is there', async () => {
    const { items } = await cluster.client.list(events, { namespace: 'default' });
    return items.find(({ reason, message }) => reason === 'FailedScheduling' && message?.includes('Insufficient') === true);
  });
  expect(event.message).toBe(
    '0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.',
  );
});

test('a deleted namespace takes its content along', async () => {
  await cluster.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'gone' }, spec: {} });
  await cluster.until('its ServiceAccount exists', async () => (await cluster.client.list(serviceaccounts, { namespace: 'gone' })).items.length === 1);
  await cluster.client.create(deployments, newDeployment('web', { replicas: 2, namespace: 'gone' }));
  await untilComplete('web', 'gone');
  await cluster.client.delete(namespaces, { name: 'gone' });
  await cluster.until('the namespace is gone', async () => !(await cluster.client.list(namespaces)).items.some(({ metadata }) => metadata.name === 'gone'));
  expect((await cluster.client.list(pods, { namespace: 'gone' })).items).toEqual([]);
});

test('500 replicas are created fast', async () => {
  await cluster.addNodes(8);
  const startMs = performance.now();
  await cluster.client.create(deployments, newDeployment('many', { replicas: 500 }));
  await cluster.until('all pods exist', async () => (await cluster.client.list(pods, { namespace: 'default', labelSelector: 'app=many' })).items.length === 500);
  const existMs = performance.now() - startMs;
  await untilComplete('many');
  console.log(`500 replicas: pods exist after ${Math.round(existMs)} ms, all ready after ${Math.round(performance.now() - startMs)} ms`);
});
