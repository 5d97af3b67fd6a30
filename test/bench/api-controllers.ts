import type { ApiTransport } from '../../agent/api-transport.ts';
import { setTimeout as wait } from 'node:timers/promises';
import { exchange } from './load.ts';
import { printTable, seconds } from './markdown.ts';
import { processCost } from './process-cost.ts';

const namespace = 'controlled';
const podsPath = `/api/v1/namespaces/${namespace}/pods`;
const replicas = 500;
const nodeCount = 1000;
const podCount = 3000;
const limitMs = 180_000;

/** How fast the control loops are: a Deployment's pods, and pods onto nodes that exist as objects only. */
export async function benchControllers(transport: ApiTransport, daemonPid: number): Promise<void> {
  const post = (path: string, object: object) => exchange(transport, { method: 'POST', path, body: JSON.stringify(object) });
  await post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  await wait(1000); // Its service account.
  const labels = { app: 'big' };
  const spec = { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { schedulerName: 'nobody', terminationGracePeriodSeconds: 0, automountServiceAccountToken: false, containers: [{ name: 'c', image: 'pause' }] } } };
  const deployment = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  const grown = await untilPods(transport, { daemonPid, query: '', count: (total) => total === replicas, begin: () => post(deployment, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'big' }, spec }) });
  const shrink = () => exchange(transport, { method: 'PATCH', path: `${deployment}/big`, type: 'application/merge-patch+json', body: JSON.stringify({ spec: { replicas: 0 } }) });
  const shrunk = await untilPods(transport, { daemonPid, query: '', count: (total) => total === 0, begin: shrink });
  await inParallel(nodeCount, (i) => post('/api/v1/nodes', node(i)));
  await inParallel(nodeCount, (i) => exchange(transport, { method: 'PATCH', path: `/api/v1/nodes/bench-${i}`, type: 'application/merge-patch+json', body: '{"spec":{"taints":null}}' }));
  const pod = (i: number) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: `p-${i}`, labels: { app: 'load' } }, spec: { automountServiceAccountToken: false, containers: [{ name: 'c', image: 'pause', resources: { requests: { cpu: '100m', memory: '200Mi' } } }] } });
  const unbound = '&fieldSelector=spec.nodeName%3D';
  const scheduled = await untilPods(transport, { daemonPid, query: unbound, count: (total) => total === 0, begin: () => inParallel(podCount, (i) => post(podsPath, pod(i))) });
  const rate = (count: number, { ms }: Cost) => `${Math.round((count * 1000) / ms)}/s`;
  printTable(['control loops', 'took', 'rate', 'daemon CPU ms a pod', 'reference, its limits lifted'], [
    [`Deployment of ${replicas} replicas, all pods exist`, seconds(grown.ms), rate(replicas, grown), (grown.cpuMs / replicas).toFixed(2), '828–897/s'],
    [`the same to 0`, seconds(shrunk.ms), rate(replicas, shrunk), (shrunk.cpuMs / replicas).toFixed(2), '1.4 s'],
    [`${podCount} pods created and bound on ${nodeCount} nodes`, seconds(scheduled.ms), rate(podCount, scheduled), (scheduled.cpuMs / podCount).toFixed(2), '272–295/s'],
  ]);
}

interface Cost {
  readonly ms: number;
  readonly cpuMs: number;
}

/** Looks with lists of metadata of one pod that say how many there are beside it; a selector has all of them listed, which is short at the end. */
async function untilPods(
  transport: ApiTransport,
  { daemonPid, query, count, begin }: { readonly daemonPid: number; readonly query: string; readonly count: (total: number) => boolean; readonly begin: () => Promise<unknown> },
): Promise<Cost> {
  const before = await processCost(daemonPid);
  const started = performance.now();
  await begin();
  for (;;) {
    const { text } = await exchange(transport, { method: 'GET', path: `${podsPath}?limit=1${query}`, keepText: true });
    const { metadata, items } = JSON.parse(text) as { metadata: { remainingItemCount?: number; continue?: string }; items: readonly unknown[] };
    const total = items.length + (metadata.remainingItemCount ?? (metadata.continue ? 1 : 0));
    const ms = performance.now() - started;
    if (count(total)) return { ms, cpuMs: ((await processCost(daemonPid)).cpuSeconds - before.cpuSeconds) * 1000 };
    if (ms > limitMs) throw new Error(`after ${limitMs / 1000} s there are ${total} pods`);
    await wait(20);
  }
}

async function inParallel(total: number, work: (turn: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: 32 }, async () => {
    while (next < total) await work(next++);
  }));
}

function node(i: number): object {
  const resources = { cpu: '32', memory: '256Gi', pods: '110' };
  const time = new Date().toISOString().replace(/\.\d+Z$/u, 'Z');
  const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'bench', lastHeartbeatTime: time, lastTransitionTime: time }];
  return { apiVersion: 'v1', kind: 'Node', metadata: { name: `bench-${i}`, labels: { 'kubernetes.io/hostname': `bench-${i}`, 'kubernetes.io/os': 'linux', 'topology.kubernetes.io/zone': `zone-${i % 3}` } }, status: { capacity: resources, allocatable: resources, conditions } };
}
