import { systemClock } from '../../main/etcd/system-clock.ts';
import { startTestApiServer, type TestApiServer } from '../../main/apiserver/testing.ts';
import { startControllerManager } from '../../main/controller-manager/start-controller-manager.ts';
import { SimulatedNodeDriver } from '../../main/nodes/simulated/simulated-node-driver.ts';
import { runScheduler } from '../../main/scheduler/scheduler.ts';
import { SeededRandom } from '../../kube/apimachinery/seeded-random.ts';
import type { Client } from '../../kube/client/client.ts';
import { ClientEventRecorder } from '../../kube/client/event-recorder.ts';
import type { InformerFactory } from '../../kube/client/informer.ts';
import { RestClient } from '../../kube/client/rest-client.ts';
import { SharedInformerFactory } from '../../kube/client/shared-informer-factory.ts';

export interface SimulatedCluster extends AsyncDisposable {
  readonly api: TestApiServer;
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly driver: SimulatedNodeDriver;
  /** What components logged as an error. */
  readonly problems: readonly unknown[];
  addNodes(count: number): Promise<void>;
  /** Polls the informer-free way: asks until it holds. */
  until<T>(what: string, probe: () => Promise<T | undefined | false>, timeoutMs?: number): Promise<T>;
}

/** API server, controllers, scheduler and simulated nodes in one process, wired as cluster.ts wires the product. */
export async function startSimulatedCluster(options: { readonly scheduler?: boolean; readonly signer?: { readonly certificate: string; readonly privateKey: string } } = {}): Promise<SimulatedCluster> {
  const stack = new AsyncDisposableStack();
  const stop = new AbortController();
  const api = stack.use(await startTestApiServer());
  const clock = systemClock;
  const random = new SeededRandom(1);
  const problems: unknown[] = [];
  const client = new RestClient({ transport: api.transport, userAgent: 'simulated-cluster', acceptObjects: true });
  const onError = (error: unknown): void => void problems.push(error);
  const informers = stack.use(new SharedInformerFactory({ client, clock, random, onError }));
  const recorderFor = (component: string): ClientEventRecorder => stack.use(new ClientEventRecorder({ client, clock, random, source: { component }, onError }));
  const log = (message: string, fields: Readonly<Record<string, unknown>>): void => void problems.push({ message, ...fields });
  const { signal } = stop;
  stack.use(
    startControllerManager({
      client, informers, clock, random, log, signal,
      options: {
        clusterCIDR: '10.244.0.0/16', nodeCIDRMaskSize: 24, rootCA: api.certificates.ca,
        checkTypes: (policy) => api.apiServer.checkTypes(policy),
        signer: options.signer ?? { certificate: '', privateKey: '' },
      },
    }),
  );
  const driver = stack.use(new SimulatedNodeDriver({ client, informers, clock, onError }));
  informers.start(signal);
  if (options.scheduler !== false) {
    const running = runScheduler({ client, informers, clock, random, recorder: recorderFor('default-scheduler'), log, signal });
    stack.defer(() => running);
  }
  stack.defer(() => stop.abort(new DOMException('The simulated cluster was stopped', 'AbortError')));
  return {
    api, client, informers, driver, problems,
    async addNodes(count) {
      const agent = { labels: {} } as never;
      const indexes = Array.from({ length: count }, (_, i) => i + 1).values();
      const register = async (): Promise<void> => {
        for (const index of indexes) {
          const name = `sim-${index}`;
          await driver.create({ name, index, cpus: 32, memoryMiB: 262_144, diskGiB: 100, agent });
          await driver.start(name, { signal });
        }
      };
      await Promise.all(Array.from({ length: 16 }, register));
    },
    async until(what, probe, timeoutMs = 15_000) {
      const deadline = clock.monotonicMs() + timeoutMs;
      for (;;) {
        const result = await probe();
        if (result !== undefined && result !== false) return result;
        if (clock.monotonicMs() > deadline) throw new Error(`Timed out waiting until ${what}; problems: ${problems.map(describe).join('\n')}`);
        await clock.sleep(20, signal);
      }
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function describe(problem: unknown): string {
  if (problem instanceof Error) return problem.stack ?? problem.message;
  return JSON.stringify(problem, (_key, value: unknown) => (value instanceof Error ? value.stack : value));
}
