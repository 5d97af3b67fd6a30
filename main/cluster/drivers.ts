import { fileURLToPath } from 'node:url';
import type { Clock } from '../../kube/apimachinery/clock.ts';
import type { Random } from '../../kube/apimachinery/random.ts';
import type { ApiServer } from '../apiserver/api-server.ts';
import type { DriverName } from '../bridge/contract.ts';
import type { NodeDriver } from '../nodes/driver.ts';
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
      return new LocalDriver({ dataDirectory: context.directory.machines, runtimeDirectory: await requireBuild('runtime'), agentBundle: agentBundle() });
    case 'qemu':
      throw new Error('not wired yet');
    case 'simulated':
      throw new Error('not wired yet');
  }
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
