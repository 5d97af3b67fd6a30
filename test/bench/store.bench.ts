/**
 * How fast the store and the watch cache are: `node --expose-gc test/bench/store.bench.ts`. Prints one line a measurement; the sizes are
 * those of the reference (a pod is 7.5 KB as served).
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ObjectMeta } from '../../kube/apimachinery/object-meta.ts';
import { parseLabelSelector } from '../../kube/apimachinery/label-selector-parser.ts';
import { jsonHead } from '../../main/apiserver/storage/json-head.ts';
import { jsonListChunks } from '../../main/apiserver/storage/json-list.ts';
import type { ObjectStorage, ObjectWatch } from '../../main/apiserver/storage/object-storage.ts';
import { openObjectStorage } from '../../main/apiserver/storage/store-object-storage.ts';
import { openSqliteStore } from '../../main/etcd/sqlite-store.ts';
import type { Store } from '../../main/etcd/store.ts';
import { systemClock } from '../../main/etcd/system-clock.ts';

interface BenchPod {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: unknown;
  status: unknown;
}
const head = jsonHead({ apiVersion: 'v1', kind: 'Pod' });

/** About 7.5 KB of JSON, in the shape of a pod: nested, mostly short strings, no two objects alike. */
function benchPod(i: number): BenchPod {
  const container = (n: number) => ({
    name: `c${n}`,
    image: `registry.example/app-${n}:1.${i}`,
    env: Array.from({ length: 32 }, (_, e) => ({ name: `VARIABLE_${e}`, value: `value-${i}-${e}` })),
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '1', memory: '256Mi' } },
    volumeMounts: [{ name: 'token', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true }],
    terminationMessagePath: '/dev/termination-log',
    imagePullPolicy: 'IfNotPresent',
  });
  const fields = Object.fromEntries(Array.from({ length: 30 }, (_, f) => [`f:field-${f}`, { '.': {}, 'f:value': {}, 'f:name': {} }]));
  const conditions = ['Ready', 'Initialized', 'ContainersReady', 'PodScheduled'].map((type) => ({ type, status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `pod-${String(i).padStart(5, '0')}`,
      namespace: 'default',
      uid: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
      labels: { app: `app-${i % 50}`, tier: 'web' },
      managedFields: [{ manager: 'bench', operation: 'Update', fieldsV1: fields }],
    },
    spec: { nodeName: `node-${i % 10}`, containers: [container(0), container(1), container(2)] },
    status: { phase: 'Running', podIP: `10.244.${i >> 8}.${i & 255}`, conditions },
  };
}

function report(what: string, value: string): void {
  console.log(`${what.padEnd(58)} ${value}`);
}
async function timed(work: () => Promise<unknown>): Promise<{ readonly ms: number; readonly cpuMs: number }> {
  const start = performance.now();
  const cpu = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { ms: performance.now() - start, cpuMs: (user + system) / 1000 };
}
async function writers(count: number, total: number, write: (i: number) => Promise<unknown>): Promise<string> {
  let next = 0;
  const { ms } = await timed(() =>
    Promise.all(
      Array.from({ length: count }, async () => {
        while (next < total) await write(next++);
      }),
    ),
  );
  return `${Math.round((total / ms) * 1000)}/s`;
}

async function benchStore(store: Store): Promise<void> {
  const put = (i: number) => store.txn({ compare: [], success: [{ type: 'put', key: `/bench/${i % 5000}`, value: new Uint8Array(1024) }] });
  report('store: put 1 KiB, 1 writer', await writers(1, 1000, put));
  report('store: put 1 KiB, 64 writers', await writers(64, 30_000, put));
  await store.txn({ compare: [], success: [{ type: 'delete', range: { start: '/bench/', end: '/bench0' } }] });
  await store.compact(store.revision);
}

async function benchLists(pods: ObjectStorage<BenchPod>): Promise<void> {
  await pods.list();
  let size = 0;
  const list = async (): Promise<void> => {
    size = 0;
    for (const chunk of jsonListChunks(await pods.list(), { kind: 'PodList', apiVersion: 'v1' })) size += chunk.length;
  };
  await list();
  const runs = 10;
  const { cpuMs } = await timed(async () => {
    for (let i = 0; i < runs; i++) await list();
  });
  report('list of 5,000 pods as JSON', `${(cpuMs / runs).toFixed(1)} ms CPU, ${(size / 1e6).toFixed(1)} MB`);
  const labels = parseLabelSelector('app=none');
  const first = await timed(() => pods.list({ labels }));
  const again = await timed(() => pods.list({ labels }));
  report('label selector that matches nothing, first / again', `${first.ms.toFixed(1)} / ${again.ms.toFixed(1)} ms`);
}

async function drain(watch: ObjectWatch<BenchPod>, events: number): Promise<number> {
  let bytes = 0;
  let seen = 0;
  for await (const batch of watch) {
    for (const event of batch) if (event.type !== 'BOOKMARK') bytes += event.jsonFrame(head).length;
    seen += batch.length;
    if (seen >= events) break;
  }
  return bytes;
}

async function benchWatch(pods: ObjectStorage<BenchPod>): Promise<void> {
  const watchers = 100;
  const events = 5000;
  using stop = new DisposableStack();
  const abort = stop.adopt(new AbortController(), (controller) => controller.abort());
  const streams = await Promise.all(Array.from({ length: watchers }, () => pods.watch({ sendInitialEvents: false, signal: abort.signal })));
  const { ms } = await timed(async () => {
    const drains = streams.map((stream) => drain(stream, events));
    await writers(16, events, (i) =>
      pods.guaranteedUpdate({ namespace: 'default', name: benchPod(i).metadata.name }, (pod) => ({ ...pod, status: { phase: 'Running', tick: i, at: performance.now() } })),
    );
    await Promise.all(drains);
  });
  report(`watch: ${watchers} watchers × ${events} updates by 16 writers`, `${Math.round((watchers * events) / (ms / 1000))} events/s`);
}

function memory(): string {
  // As V8 does by itself after some idle seconds: gives back what the burst before has grown.
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  const mb = (bytes: number): string => (bytes / 1e6).toFixed(0);
  return `${mb(rss)} MB resident (heap ${mb(heapUsed)}, buffers ${mb(arrayBuffers)})`;
}

const openPods = (store: Store): ObjectStorage<BenchPod> =>
  openObjectStorage<BenchPod>({ store, clock: systemClock, resource: { group: '', resource: 'pods' }, apiVersion: 'v1', kind: 'Pod', namespaced: true, resourcePrefix: 'pods', indexedField: 'spec.nodeName' });

async function benchAll(path: string): Promise<void> {
  report('memory at start', memory());
  await using store = await openSqliteStore({ path });
  await benchStore(store);
  await using pods = openPods(store);
  await pods.list();
  const sizeBytes = Buffer.byteLength(JSON.stringify(benchPod(1)));
  report(`create pods of ${sizeBytes} B, 64 writers`, await writers(64, 5000, (i) => pods.create(benchPod(i))));
  await benchLists(pods);
  await benchWatch(pods);
  await writers(64, 5000, (i) => pods.create(benchPod(5000 + i)));
  await store.compact(store.revision);
  await systemClock.sleep(50);
  report('memory with 10,000 pods, after all of this', memory());
}

/** In a process of its own, as after a restart. */
async function benchReopen(path: string): Promise<void> {
  const start = performance.now();
  await using store = await openSqliteStore({ path });
  await using pods = openPods(store);
  await pods.list({ limit: 1 });
  report('opening 10,000 pods and a first list', `${(performance.now() - start).toFixed(0)} ms`);
  report('memory then', memory());
}

const reopenPath = process.argv[2];
if (reopenPath === undefined) {
  const directory = mkdtempSync(join(tmpdir(), 'coracle-bench-'));
  const path = join(directory, 'state.db');
  await benchAll(path);
  spawnSync(process.execPath, ['--expose-gc', fileURLToPath(import.meta.url), path], { stdio: 'inherit' });
  rmSync(directory, { recursive: true });
} else {
  await benchReopen(reopenPath);
}
