import type { CallHandlers } from '../bridge/bridge-server.ts';
import type { ClusterStatus } from '../bridge/contract.ts';
import type { Cluster } from '../cluster/cluster.ts';

type ClusterCalls = Pick<CallHandlers, 'cluster.start' | 'cluster.stop' | 'cluster.resume' | 'daemon.shutdown' | 'node.add' | 'node.remove' | 'node.stop' | 'node.start' | 'image.load' | 'image.list'>;

export function clusterCalls({ cluster, shutdown }: { cluster: Cluster; shutdown: () => void }): ClusterCalls {
  return {
    'cluster.start': () => cluster.start(),
    'cluster.stop': () => cluster.stop(),
    'cluster.resume': (_args, signal) => cluster.resume(signal),
    'daemon.shutdown': async () => shutdown(),
    'node.add': async (request, signal) => ({ names: await cluster.addNodes(request, signal) }),
    'node.remove': ({ name }, signal) => cluster.removeNode(name, signal),
    'node.stop': ({ name }, signal) => cluster.stopNode(name, signal),
    'node.start': ({ name }, signal) => cluster.startNode(name, signal),
    'image.load': async ({ path }) => ({ names: [...(await cluster.loadImage(path))] }),
    'image.list': async () => ({ images: [...(await cluster.listImages())] }),
  };
}

/** Steps of starting come in bursts; more than this many updates a second help nobody. */
const minIntervalMs = 40;

/** The status now, then after each change, never faster than a person can see. */
export async function* clusterStatusStream(cluster: Cluster, signal: AbortSignal): AsyncGenerator<ClusterStatus> {
  let changed = Promise.withResolvers<void>();
  using subscription = cluster.onChange(() => changed.resolve());
  const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  void subscription;
  while (!signal.aborted) {
    yield cluster.status();
    await Promise.race([changed.promise, aborted]);
    changed = Promise.withResolvers<void>();
    await Promise.race([new Promise((resolve) => setTimeout(resolve, minIntervalMs)), aborted]);
  }
}
