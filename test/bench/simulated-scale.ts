import { type Deployment, deployments } from '../../kube/api/generated/apps/v1.ts';
import { pods } from '../../kube/api/generated/core/v1.ts';
import { startSimulatedCluster } from '../simulation/simulated-cluster.ts';

/** `node test/bench/simulated-scale.ts [REPLICAS] [NODES]`: a Deployment from nothing to running on simulated nodes, memory store. */
const replicas = Number(process.argv[2] ?? 500);
const nodes = Number(process.argv[3] ?? 10);
await using cluster = await startSimulatedCluster();
let startMs = performance.now();
await cluster.addNodes(nodes);
await cluster.until('nodes have CIDRs', async () => true);
console.log(`${nodes} nodes: ${Math.round(performance.now() - startMs)} ms`);
const count = { created: 0, scheduled: 0, running: 0 };
const { promise, resolve } = Promise.withResolvers<void>();
startMs = performance.now();
const at = { created: 0, scheduled: 0, running: 0 };
const tick = (name: keyof typeof count): void => {
  if (++count[name] === replicas) at[name] = Math.round(performance.now() - startMs);
  if (name === 'running' && count.running === replicas) resolve();
};
using _watch = cluster.informers.informer(pods).onEvent((event) => {
  if (event.type === 'delete' || event.object.metadata.labels?.['app'] !== 'many') return;
  const before = event.type === 'update' ? event.previous : undefined;
  if (event.type === 'add') tick('created');
  if (event.object.spec.nodeName && !before?.spec.nodeName) tick('scheduled');
  if (event.object.status?.phase === 'Running' && before?.status?.phase !== 'Running') tick('running');
});
const labels = { app: 'many' };
const deployment: Deployment = {
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'many', namespace: 'default' },
  spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { name: '', labels }, spec: { containers: [{ name: 'web', image: 'nginx', resources: { requests: { cpu: '10m', memory: '16Mi' } } }] } } },
};
await cluster.client.create(deployments, deployment);
await promise;
console.log(`${replicas} replicas: created ${at.created} ms, scheduled ${at.scheduled} ms, running ${at.running} ms; cpu ${Math.round(process.cpuUsage().user / 1000)} ms in all`);
const reasons = Map.groupBy(cluster.problems, (problem) => (problem instanceof Error ? problem.message : JSON.stringify(problem)).slice(0, 300));
for (const [reason, list] of reasons) console.log(`problem ×${list.length}: ${reason}`);
