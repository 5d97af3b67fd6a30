import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SharedInformerFactory } from '../../kube/client/shared-informer-factory.ts';
import type { Clock } from '../../kube/apimachinery/clock.ts';
import type { Random } from '../../kube/apimachinery/random.ts';
import type { ApiServer } from '../apiserver/api-server.ts';
import type { DriverName } from '../bridge/contract.ts';
import type { NodeDriver } from '../nodes/driver.ts';
import { QemuDriver } from '../nodes/qemu/qemu-driver.ts';
import { SimulatedNodeDriver } from '../nodes/simulated/simulated-node-driver.ts';
import { componentClient } from './control-plane.ts';
import { LocalDriver } from '../nodes/local/local-driver.ts';
import type { DataDirectory } from './data-directory.ts';
import { newestBuild } from './image-registry.ts';
import type { Log } from './log.ts';
import { PhaseError } from './phases.ts';

export interface DriverContext {
  readonly directory: DataDirectory;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** For simulated nodes, which are API clients of this process; absent when only cleaning up. */
  readonly server?: ApiServer;
}

export async function openDriver(name: DriverName, context: DriverContext): Promise<NodeDriver> {
  switch (name) {
    case 'local':
      return new LocalDriver({ dataDirectory: context.directory.drivers, runtimeDirectory: await requireBuild('runtime'), agentBundle: agentBundle() });
    case 'qemu': {
      const directory = await requireBuild('node');
      return new QemuDriver({ dataDirectory: context.directory.drivers, image: { directory, kernel: join(directory, 'vmlinux'), root: join(directory, 'root.ext4') }, agentBundle: agentBundle() });
    }
    case 'simulated':
      return simulatedDriver(context);
  }
}

/** Simulated kubelets are clients of this process, with an identity that may act for any node. */
function simulatedDriver({ server, clock, random, log }: DriverContext): NodeDriver {
  if (server === undefined) throw new Error('simulated nodes need a running API server');
  const client = componentClient(server, { name: 'system:coracle:simulated-kubelets', groups: ['system:masters', 'system:authenticated'] }, { userAgent: 'simulated-kubelet/v1.36' });
  const informers = new SharedInformerFactory({ client, clock, random, onError: (error, resource) => log.warn('simulated kubelet watch failed', { resource, error: String(error) }) });
  const stop = new AbortController();
  informers.start(stop.signal);
  const driver = new SimulatedNodeDriver({ client, informers, clock, onError: (error) => log.warn('simulated kubelet failed', { error: String(error) }) });
  const dispose = driver[Symbol.asyncDispose].bind(driver);
  driver[Symbol.asyncDispose] = async () => {
    await dispose();
    stop.abort(new DOMException('simulated nodes were stopped', 'AbortError'));
    await informers[Symbol.asyncDispose]();
  };
  return driver;
}

/** agent/build.ts puts it there; the packaged app carries it among its resources. */
function agentBundle(): string {
  return fileURLToPath(new URL('../../agent/dist/agent.mjs', import.meta.url));
}

async function requireBuild(kind: string): Promise<string> {
  const directory = await newestBuild(kind);
  if (directory === undefined) throw new PhaseError(`the ${kind === 'node' ? 'node image' : 'container runtime'} is not built`, 'run `npm run build` (needs the network once)');
  return directory;
}
