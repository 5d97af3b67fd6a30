import type { ApiTransport } from '../../agent/api-transport.ts';
import { exchange } from './load.ts';
import { median, printTable } from './markdown.ts';
import { processCost } from './process-cost.ts';

const namespace = 'lists';
const podsPath = `/api/v1/namespaces/${namespace}/pods`;
const podCount = 5000;
const runs = 5;

/** 7.5 KB as served, no two alike; no scheduler takes it. */
function pod(name: string): string {
  const env = Array.from({ length: 6 }, (_, i) => ({ name: `SETTING_${i}`, value: `value-of-setting-${i}-abcdefgh` }));
  const container = (title: string) => ({
    name: title, image: `registry.example.com/team/${title}:v1.2.3`, args: ['--flag-one=1', '--flag-two=2', '--verbose'],
    env: [...env, { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }], ports: [{ name: `${title}-p`, containerPort: 8080 }],
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '500m', memory: '256Mi' } },
    readinessProbe: { httpGet: { path: '/readyz', port: 8080 } }, livenessProbe: { httpGet: { path: '/healthz', port: 8080 } },
    volumeMounts: [{ name: 'cfg', mountPath: '/etc/cfg' }, { name: 'tmp', mountPath: '/tmp' }], securityContext: { allowPrivilegeEscalation: false, runAsNonRoot: true, runAsUser: 1000 },
  });
  const metadata = { name, labels: { app: 'web', tier: 'front' }, annotations: { 'prometheus.io/scrape': 'true', checksum: crypto.randomUUID() } };
  const spec = { schedulerName: 'nobody', automountServiceAccountToken: false, containers: [container('app'), container('sidecar')], volumes: [{ name: 'cfg', configMap: { name: 'web' } }, { name: 'tmp', emptyDir: {} }] };
  return JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec });
}

interface ListCase {
  readonly name: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What Kubernetes 1.36.2 took, median in milliseconds. */
  readonly referenceMs: number;
}
const transformed = (kind: string) => ({ accept: `application/json;as=${kind};v=v1;g=meta.k8s.io,application/json` });
const cases: readonly ListCase[] = [
  { name: 'JSON', referenceMs: 484 },
  { name: 'gzip', headers: { 'accept-encoding': 'gzip' }, referenceMs: 526 },
  { name: 'Table', headers: transformed('Table'), referenceMs: 538 },
  { name: 'PartialObjectMetadata', headers: transformed('PartialObjectMetadataList'), referenceMs: 205 },
  { name: 'a label selector that matches nothing', query: '?labelSelector=app%3Dabsent', referenceMs: 5.5 },
];

/** Lists of 5,000 pods in every form, and the end of them. */
export async function benchLists(transport: ApiTransport, daemonPid: number): Promise<void> {
  await exchange(transport, { method: 'POST', path: '/api/v1/namespaces', body: JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }) });
  const created = await timed(daemonPid, createPods(transport));
  const rows = [row(`create a pod of 7.5 KB, 32 workers (each)`, { ms: created.ms / podCount, cpuMs: created.cpuMs / podCount, referenceMs: 1000 / 494 })];
  for (const { name, query = '', headers, referenceMs } of cases) {
    const list = () => exchange(transport, { method: 'GET', path: podsPath + query, headers });
    await list();
    const results = [];
    for (let i = 0; i < runs; i++) results.push(await timed(daemonPid, list));
    rows.push(row(name, { ms: median(results.map(({ ms }) => ms)), cpuMs: median(results.map(({ cpuMs }) => cpuMs)), referenceMs }));
  }
  rows.push(row('10 pages of 500', { ...(await timed(daemonPid, () => walk(transport))), referenceMs: 515 }));
  rows.push(row('deletecollection of all', { ...(await timed(daemonPid, () => exchange(transport, { method: 'DELETE', path: `${podsPath}?gracePeriodSeconds=0` }))), referenceMs: 21_300 }));
  printTable(['5,000 pods', 'ms', 'daemon CPU ms', 'reference ms', 'reference : ours'], rows);
}

const createPods = (transport: ApiTransport) => async (): Promise<void> => {
  let next = 0;
  await Promise.all(Array.from({ length: 32 }, async () => {
    while (next < podCount) await exchange(transport, { method: 'POST', path: podsPath, body: pod(`pod-${next++}`) });
  }));
};

async function walk(transport: ApiTransport): Promise<void> {
  let token = '';
  do {
    const { text } = await exchange(transport, { method: 'GET', path: `${podsPath}?limit=500&continue=${encodeURIComponent(token)}`, keepText: true });
    token = /"continue":"([^"]*)"/u.exec(text.slice(0, 2000))?.[1] ?? '';
  } while (token !== '');
}

async function timed(daemonPid: number, work: () => Promise<unknown>): Promise<{ readonly ms: number; readonly cpuMs: number }> {
  const before = await processCost(daemonPid);
  const started = performance.now();
  await work();
  const ms = performance.now() - started;
  return { ms, cpuMs: ((await processCost(daemonPid)).cpuSeconds - before.cpuSeconds) * 1000 };
}

function row(name: string, { ms, cpuMs, referenceMs }: { readonly ms: number; readonly cpuMs: number; readonly referenceMs: number }): string[] {
  return [name, ms.toFixed(1), cpuMs.toFixed(1), referenceMs.toFixed(1), (referenceMs / ms).toFixed(1)];
}
