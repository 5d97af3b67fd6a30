/**
 * `npm run bench [-- budgets api vm]`: what Coracle costs and how fast it is, as Markdown, against its budgets. Everything is measured in one
 * run on one machine: compare ratios, since machines and hours differ. Not a test; test/bench/store.bench.ts looks at the store alone.
 */
import { arch, cpus, release } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { ClusterUnderTest } from '../cluster-under-test.ts';
import { connectClient } from '../connect-client.ts';
import { benchApi } from './api-load.ts';
import { exchange } from './load.ts';
import { median, megabytes, printTable, seconds } from './markdown.ts';
import { processCost } from './process-cost.ts';

const parts: Readonly<Record<string, () => Promise<void>>> = { budgets, api: () => benchApi(3), vm };
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => parts[name] === undefined);
if (unknown.length > 0) {
  console.error(`npm run bench: there is no part "${unknown.join('", "')}"; there are ${Object.keys(parts).join(', ')}`);
  process.exit(2);
}
console.log(`${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${process.platform} ${release()} ${arch()}, Node ${process.version}`);
for (const [name, run] of Object.entries(parts)) if (wanted.length === 0 || wanted.includes(name)) await run();

async function budgets(): Promise<void> {
  const first: number[] = [];
  const again: number[] = [];
  for (let i = 0; i < 3; i++) {
    await using cluster = await ClusterUnderTest.create();
    first.push(await timed(() => cluster.up('--workers', '0')));
    await cluster.stop();
    again.push(await timed(() => cluster.up('--workers', '0')));
  }
  await using cluster = await ClusterUnderTest.start('--workers', '0');
  const { daemonPid } = await cluster.status();
  await wait(10_000); // Idle is what remains when the start's garbage is gone.
  const idle = await processCost(daemonPid);
  await wait(10_000);
  const later = await processCost(daemonPid);
  await createObjects(cluster, 10_000);
  await wait(10_000);
  const full = await processCost(daemonPid);
  const reopened = await restartedCost(cluster);
  printTable(['what', 'measured', 'budget'], [
    ['`up --workers 0`, new cluster, to ready (median of 3)', seconds(median(first)), '1.50 s'],
    ['`up --workers 0`, existing cluster', seconds(median(again)), '1.50 s'],
    ['daemon, idle: resident (anonymous)', `${megabytes(later.residentMB)} (${megabytes(later.anonymousMB)})`, '250 MB'],
    ['daemon, idle: CPU', `${(((later.cpuSeconds - idle.cpuSeconds) / 10) * 100).toFixed(1)} % of a core`, '–'],
    ['daemon after 10,000 ConfigMaps of 1 KiB were created', `${megabytes(full.residentMB)} (${megabytes(full.anonymousMB)})`, '–'],
    ['daemon restarted with these 10,000', `${megabytes(reopened.residentMB)} (${megabytes(reopened.anonymousMB)}), up in ${seconds(reopened.ms)}`, '–'],
  ]);
}

async function restartedCost(cluster: ClusterUnderTest): Promise<{ readonly residentMB: number; readonly anonymousMB: number; readonly ms: number }> {
  await cluster.stop();
  const ms = await timed(() => cluster.up('--workers', '0'));
  await wait(10_000);
  const { daemonPid } = await cluster.status();
  return { ...(await processCost(daemonPid)), ms };
}

async function createObjects(cluster: ClusterUnderTest, count: number): Promise<void> {
  await using api = await connectClient(cluster.kubeconfig);
  let next = 0;
  await Promise.all(Array.from({ length: 32 }, async () => {
    while (next < count) {
      const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `c-${next++}` }, data: { filler: 'x'.repeat(900) } });
      const { good } = await exchange(api.transport, { method: 'POST', path: '/api/v1/namespaces/default/configmaps', body });
      if (!good) throw new Error('a ConfigMap was not created');
    }
  }));
}

/** From nothing to a Ready worker, and the second start of the same machine. */
async function vm(): Promise<void> {
  await using cluster = await ClusterUnderTest.create();
  const first = await timed(() => cluster.up('--workers', '1', '--driver', 'qemu'));
  const machine = (await cluster.status()).phases.map(({ name, durationMs = 0 }) => `${name} ${seconds(durationMs)}`).join(', ');
  await cluster.stop();
  const again = await timed(() => cluster.up());
  printTable(['what', 'measured', 'budget'], [
    ['`up --workers 1 --driver qemu`, new machine, to node Ready', seconds(first), '30 s under emulation'],
    ['the same machine again', seconds(again), '30 s under emulation'],
  ]);
  console.log(`\nPhases of the first start: ${machine}`);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
