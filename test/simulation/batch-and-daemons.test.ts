import { afterAll, beforeAll, expect, test } from 'vitest';
import { controllerrevisions, type DaemonSet, daemonsets, deployments, replicasets } from '../../kube/api/generated/apps/v1.ts';
import { type Job, jobs } from '../../kube/api/generated/batch/v1.ts';
import { endpoints, pods, type Service, services } from '../../kube/api/generated/core/v1.ts';
import { endpointslices } from '../../kube/api/generated/discovery/v1.ts';
import { RUN_SECONDS, EXIT_CODE } from '../../main/nodes/simulated/plan-pod.ts';
import { startSimulatedCluster, type SimulatedCluster } from './simulated-cluster.ts';

let cluster: SimulatedCluster;
const namespace = 'default';
beforeAll(async () => {
  cluster = await startSimulatedCluster();
  await cluster.addNodes(3);
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

function podTemplate(labels: Record<string, string>, annotations: Record<string, string> = {}) {
  return { metadata: { name: '', labels, annotations }, spec: { containers: [{ name: 'main', image: 'busybox' }], restartPolicy: 'Never' } };
}

function newJob(name: string, spec: Partial<Job['spec']>, annotations: Record<string, string>): Job {
  const labels = { job: name };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, namespace }, spec: { manualSelector: true, selector: { matchLabels: labels }, template: podTemplate(labels, annotations), ...spec } };
}

test('a DaemonSet runs on every node, and its update leaves a revision behind', async () => {
  const labels = { app: 'agent' };
  const template = { ...podTemplate(labels), spec: { containers: [{ name: 'main', image: 'agent:1' }] } };
  const daemonSet: DaemonSet = { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'agent', namespace }, spec: { selector: { matchLabels: labels }, template } };
  await cluster.client.create(daemonsets, daemonSet);
  const isDone = async (): Promise<boolean> => {
    const { status, metadata } = await cluster.client.get(daemonsets, { namespace, name: 'agent' });
    return status?.numberAvailable === 3 && status.updatedNumberScheduled === 3 && status.observedGeneration === metadata.generation;
  };
  await cluster.until('the daemons run', isDone);
  const { items } = await cluster.client.list(pods, { namespace, labelSelector: 'app=agent' });
  expect(new Set(items.map(({ spec }) => spec.nodeName)).size).toBe(3);
  const patch = { spec: { template: { spec: { containers: [{ name: 'main', image: 'agent:2' }] } } } };
  await cluster.client.patch(daemonsets, { namespace, name: 'agent' }, { type: 'strategic', patch });
  await cluster.until('the new daemons run', isDone);
  const revisions = await cluster.client.list(controllerrevisions, { namespace });
  expect(revisions.items.map(({ revision }) => revision).toSorted()).toEqual([1, 2]);
});

test('a Job of three completions finishes', async () => {
  await cluster.client.create(jobs, newJob('three', { completions: 3, parallelism: 2 }, { [RUN_SECONDS]: '0' }));
  const job = await cluster.until('it is complete', async () => {
    const found = await cluster.client.get(jobs, { namespace, name: 'three' });
    return found.status?.conditions?.some(({ type, status }) => type === 'Complete' && status === 'True') === true && found;
  });
  expect(job.status).toMatchObject({ succeeded: 3, ready: 0, terminating: 0 });
  expect(job.status?.conditions?.map(({ type, reason }) => [type, reason])).toEqual([['SuccessCriteriaMet', 'CompletionsReached'], ['Complete', 'CompletionsReached']]);
});

test('a Job that is suspended lets its pods go without counting them as failed, however many', async () => {
  await cluster.client.create(jobs, newJob('paused', { completions: 4, parallelism: 4, backoffLimit: 1 }, {}));
  const found = async (): Promise<Job> => cluster.client.get(jobs, { namespace, name: 'paused' });
  await cluster.until('its pods are there', async () => (await found()).status?.active === 4);
  await cluster.client.patch(jobs, { namespace, name: 'paused' }, { type: 'merge', patch: { spec: { suspend: true } } });
  await cluster.until('they are gone', async () => (await cluster.client.list(pods, { namespace, labelSelector: 'job=paused' })).items.length === 0);
  const { status } = await cluster.until('it is at rest', async () => {
    const job = await found();
    return job.status?.terminating === 0 && job;
  });
  expect([status?.failed, status?.active, status?.conditions?.map(({ type }) => type)]).toEqual([undefined, undefined, ['Suspended']]);
});

test('a Job whose pod fails too often fails', async () => {
  await cluster.client.create(jobs, newJob('broken', { backoffLimit: 0 }, { [RUN_SECONDS]: '0', [EXIT_CODE]: '3' }));
  const job = await cluster.until('it has failed', async () => {
    const found = await cluster.client.get(jobs, { namespace, name: 'broken' });
    return found.status?.conditions?.some(({ type, status }) => type === 'Failed' && status === 'True') === true && found;
  });
  expect(job.status?.failed).toBe(1);
  expect(job.status?.conditions?.map(({ type, reason }) => [type, reason])).toEqual([['FailureTarget', 'BackoffLimitExceeded'], ['Failed', 'BackoffLimitExceeded']]);
});

test('an indexed Job completes every index', async () => {
  await cluster.client.create(jobs, newJob('indexed', { completions: 4, parallelism: 4, completionMode: 'Indexed' }, { [RUN_SECONDS]: '0' }));
  const job = await cluster.until('it is complete', async () => {
    const found = await cluster.client.get(jobs, { namespace, name: 'indexed' });
    return found.status?.conditions?.some(({ type, status }) => type === 'Complete' && status === 'True') === true && found;
  });
  expect(job.status).toMatchObject({ succeeded: 4, completedIndexes: '0-3' });
});

test('a Service gets endpoints, old and new, and deleting a Deployment takes all it owns', async () => {
  const labels = { app: 'served' };
  const template = { metadata: { name: '', labels }, spec: { containers: [{ name: 'web', image: 'nginx', ports: [{ name: 'http', containerPort: 8080 }] }] } };
  await cluster.client.create(deployments, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'served', namespace }, spec: { replicas: 3, selector: { matchLabels: labels }, template } });
  const service: Service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'served', namespace }, spec: { selector: labels, ports: [{ port: 80, targetPort: 'http' }] } };
  await cluster.client.create(services, service);
  const slice = await cluster.until('the slice is full', async () => {
    const { items } = await cluster.client.list(endpointslices, { namespace, labelSelector: 'kubernetes.io/service-name=served' });
    return items.length === 1 && items[0]?.endpoints?.filter(({ conditions }) => conditions?.ready === true).length === 3 && items[0];
  });
  expect(slice.ports).toEqual([{ name: '', port: 8080, protocol: 'TCP' }]);
  await cluster.until('the legacy endpoints are there', async () => {
    const found = await cluster.client.list(endpoints, { namespace });
    return found.items.find(({ metadata }) => metadata.name === 'served')?.subsets?.[0]?.addresses?.length === 3;
  });
  await cluster.client.delete(deployments, { namespace, name: 'served' }, { propagationPolicy: 'Background' });
  await cluster.until('its ReplicaSet and pods are gone', async () => {
    const sets = await cluster.client.list(replicasets, { namespace, labelSelector: 'app=served' });
    const left = await cluster.client.list(pods, { namespace, labelSelector: 'app=served' });
    return sets.items.length + left.items.length === 0;
  });
  expect(cluster.problems).toEqual([]);
});
