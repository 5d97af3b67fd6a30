import { test, vi } from 'vitest';
import { nodes } from '../../../kube/api/generated/core/v1.ts';
import { SeededRandom } from '../../../kube/apimachinery/seeded-random.ts';
import { VirtualClock } from '../../../kube/apimachinery/virtual-clock.ts';
import { RestClient } from '../../../kube/client/rest-client.ts';
import { SharedInformerFactory } from '../../../kube/client/shared-informer-factory.ts';
import { startTestApiServer } from '../../apiserver/testing.ts';
import { systemClock } from '../../etcd/system-clock.ts';
import { SimulatedKubelets } from './simulated-kubelets.ts';

test('a node that was given up while nothing could be written is ready again soon after', async () => {
  await using api = await startTestApiServer();
  const client = new RestClient({ transport: api.transport, userAgent: 'test', acceptObjects: true });
  await using informers = new SharedInformerFactory({ client, clock: systemClock, random: new SeededRandom(1), onError: (error) => { throw error; } });
  const clock = new VirtualClock();
  const stop = new AbortController();
  await using kubelets = new SimulatedKubelets({ client, informers, clock });
  informers.start(stop.signal);
  await kubelets.add({ name: 'sim-1', index: 1 }, stop.signal);
  const given = { status: { conditions: [{ type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.' }] } };
  await client.patch(nodes, { name: 'sim-1' }, { type: 'merge', patch: given }, { subresource: 'status' });
  await vi.waitUntil(() => informers.informer(nodes).lister.get('sim-1')?.status?.conditions?.[0]?.status === 'Unknown');
  await clock.advance(20_000);
  await vi.waitUntil(async () => (await client.get(nodes, { name: 'sim-1' })).status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true);
  stop.abort();
});
