import type { ApiTransport } from '../../agent/api-transport.ts';
import { ClusterUnderTest } from '../cluster-under-test.ts';
import { connectClient } from '../connect-client.ts';
import { benchControllers } from './api-controllers.ts';
import { benchLists } from './api-lists.ts';
import { benchWatch } from './api-watch.ts';
import { exchange, load } from './load.ts';
import type { LoadResult } from './load.ts';
import { printTable } from './markdown.ts';
import { processCost } from './process-cost.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const filler = 'x'.repeat(900);
const configMap = (name: string, value: string) => JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { value, filler } });
const deployment = (name: string, image: string) => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec: { replicas: 0, selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image, env: Array.from({ length: 10 }, (_, i) => ({ name: `V${i}`, value: `${i}` })) }] } } } });

interface Case {
  readonly name: string;
  readonly workers: number;
  /** What Kubernetes 1.36.2 with etcd reached on two cores, in requests a second; its floor is 5270. */
  readonly reference: number;
  /** Which earlier case made the objects that this one uses up. */
  readonly uses?: string;
  readonly send: (transport: ApiTransport, turn: number) => Promise<{ readonly good: boolean }>;
}

const objects = 2000;
const some = (turn: number) => `kept-${turn % objects}`;
const cases: readonly Case[] = [
  { name: 'GET /version (the floor)', workers: 64, reference: 5270, send: (to) => exchange(to, { method: 'GET', path: '/version' }) },
  { name: 'create ConfigMap 1 KiB', workers: 1, reference: 401, send: (to, turn) => exchange(to, { method: 'POST', path: configMaps, body: configMap(`one-${turn}`, '') }) },
  { name: 'create ConfigMap 1 KiB', workers: 16, reference: 1160, send: (to, turn) => exchange(to, { method: 'POST', path: configMaps, body: configMap(`some-${turn}`, '') }) },
  { name: 'create ConfigMap 1 KiB', workers: 64, reference: 1340, send: (to, turn) => exchange(to, { method: 'POST', path: configMaps, body: configMap(`many-${turn}`, '') }) },
  { name: 'GET ConfigMap', workers: 1, reference: 650, send: (to, turn) => exchange(to, { method: 'GET', path: `${configMaps}/${some(turn)}` }) },
  { name: 'GET ConfigMap', workers: 64, reference: 2988, send: (to, turn) => exchange(to, { method: 'GET', path: `${configMaps}/${some(turn)}` }) },
  { name: 'PUT ConfigMap', workers: 16, reference: 848, send: (to, turn) => exchange(to, { method: 'PUT', path: `${configMaps}/${some(turn)}`, body: configMap(some(turn), `${turn}`) }) },
  { name: 'merge patch ConfigMap', workers: 16, reference: 1113, send: (to, turn) => exchange(to, { method: 'PATCH', path: `${configMaps}/${some(turn)}`, type: 'application/merge-patch+json', body: JSON.stringify({ data: { value: `m${turn}` } }) }) },
  { name: 'strategic patch Deployment', workers: 16, reference: 473, send: (to, turn) => exchange(to, { method: 'PATCH', path: `/apis/apps/v1/namespaces/default/deployments/d-${turn % 100}`, type: 'application/strategic-merge-patch+json', body: JSON.stringify({ metadata: { labels: { turn: `${turn}` } } }) }) },
  { name: 'JSON patch ConfigMap', workers: 16, reference: 909, send: (to, turn) => exchange(to, { method: 'PATCH', path: `${configMaps}/${some(turn)}`, type: 'application/json-patch+json', body: JSON.stringify([{ op: 'add', path: '/data/value', value: `j${turn}` }]) }) },
  { name: 'server-side apply Deployment', workers: 16, reference: 319, send: (to, turn) => exchange(to, { method: 'PATCH', path: `/apis/apps/v1/namespaces/default/deployments/d-${turn % 100}?fieldManager=bench&force=true`, type: 'application/apply-patch+yaml', body: JSON.stringify(deployment(`d-${turn % 100}`, `nginx:${turn}`)) }) },
  { name: 'server-side apply ConfigMap', workers: 16, reference: 865, send: (to, turn) => exchange(to, { method: 'PATCH', path: `${configMaps}/applied-${turn % 500}?fieldManager=bench&force=true`, type: 'application/apply-patch+yaml', body: configMap(`applied-${turn % 500}`, `${turn}`) }) },
  { name: 'delete ConfigMap', workers: 16, reference: 1187, uses: 'create ConfigMap 1 KiB, 64', send: (to, turn) => exchange(to, { method: 'DELETE', path: `${configMaps}/many-${turn}` }) },
];
const floor = 5270;

/** Throughput over TLS and HTTP/2; client and server share the machine, as they did for the reference. */
export async function benchApi(secondsPerCase: number): Promise<void> {
  await using cluster = await ClusterUnderTest.start('--workers', '0', '--no-ui');
  const { daemonPid } = await cluster.status();
  await using connections = new AsyncDisposableStack();
  const transports = await Promise.all([1, 2, 3, 4].map(async () => connections.use(await connectClient(cluster.kubeconfig)).transport));
  const transport = (turn: number): ApiTransport => transports[turn % transports.length] as ApiTransport;
  for (let i = 0; i < objects; i++) await exchange(transport(i), { method: 'POST', path: configMaps, body: configMap(some(i), '') });
  for (let i = 0; i < 100; i++) await exchange(transport(i), { method: 'POST', path: '/apis/apps/v1/namespaces/default/deployments', body: JSON.stringify(deployment(`d-${i}`, 'nginx')) });
  const rows: string[][] = [];
  const counts = new Map<string, number>();
  let ownFloor = Number.NaN;
  for (const { name, workers, reference, uses, send } of cases) {
    const before = await processCost(daemonPid);
    const result = await load({ workers, seconds: secondsPerCase, limit: uses === undefined ? undefined : counts.get(uses), send: async (turn) => (await send(transport(turn), turn)).good });
    const cpuMs = (((await processCost(daemonPid)).cpuSeconds - before.cpuSeconds) * 1000) / result.count;
    counts.set(`${name}, ${workers}`, result.count);
    if (Number.isNaN(ownFloor)) ownFloor = result.perSecond;
    rows.push(row({ name, workers, reference, result, cpuMs, ownFloor }));
  }
  printTable(['request', 'workers', 'per second', 'p50 / p99 ms', 'daemon CPU ms', 'share of the floor', 'reference: per second, share'], rows);
  await benchLists(transport(0), daemonPid);
  await benchWatch(transports, daemonPid);
  await benchControllers(transport(0), daemonPid);
  const after = await processCost(daemonPid);
  console.log(`\nDaemon after all of this: ${after.residentMB.toFixed(0)} MB resident (${after.anonymousMB.toFixed(0)} anonymous).`);
}

function row({ name, workers, reference, result, cpuMs, ownFloor }: { name: string; workers: number; reference: number; result: LoadResult; cpuMs: number; ownFloor: number }): string[] {
  const failed = result.failures === 0 ? '' : ` (${result.failures} of ${result.count} failed)`;
  return [
    name + failed, String(workers), result.perSecond.toFixed(0), `${result.p50Ms.toFixed(1)} / ${result.p99Ms.toFixed(1)}`, cpuMs.toFixed(2),
    (result.perSecond / ownFloor).toFixed(2), `${reference}, ${(reference / floor).toFixed(2)}`,
  ];
}
