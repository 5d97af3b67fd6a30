import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { nodes } from '../../kube/api/generated/core/v1.ts';
import { isNotFound } from '../../kube/apimachinery/status.ts';
import { MetricsRegistry } from '../../kube/apimachinery/metrics/metrics-registry.ts';
import type { Client } from '../../kube/client/client.ts';
import { RestClient } from '../../kube/client/rest-client.ts';
import type { Transport } from '../../kube/client/transport.ts';
import { newServiceUnavailable } from '../../kube/apimachinery/status-errors.ts';
import type { ApiServer } from '../apiserver/api-server.ts';
import { versionInfo } from '../apiserver/version.ts';
import type { ClusterStatus, DriverName } from '../bridge/contract.ts';
import { openSqliteStore } from '../etcd/sqlite-store.ts';
import { type Store, StoreUnavailableError } from '../etcd/store.ts';
import type { ImageRegistry } from '../image-registry/registry.ts';
import { addresses, defaultApiPort } from './addresses.ts';
import { writeFileAtomic } from './atomic-file.ts';
import { openAudit } from './audit.ts';
import { startCompaction } from './compaction.ts';
import { ensureClusterObjects } from './cluster-objects.ts';
import { startLoops } from './control-loops.ts';
import { adminTransport, startApiServer } from './control-plane.ts';
import type { DataDirectory } from './data-directory.ts';
import { drainNode } from './drain-node.ts';
import { openDriver } from './drivers.ts';
import { encryptionConfiguration } from './encryption.ts';
import { freePort } from './free-port.ts';
import { startRegistry } from './image-registry.ts';
import { nodeAgentConfiguration } from './join-configuration.ts';
import { mergeKubeconfigFile, renderKubeconfig } from './kubeconfig.ts';
import type { Log } from './log.ts';
import { MachineRecords } from './machine-records.ts';
import { Machines } from './machines.ts';
import { NodeDialer } from './node-dialer.ts';
import { PhaseError, PhaseTracker } from './phases.ts';
import { ensurePki } from './pki.ts';
import type { ClusterPki } from './pki.ts';
import { readAuthenticationFiles, readAuthorizationFiles } from './authentication-files.ts';
import { followConfiguration } from './reload-configuration.ts';
import { registerStoreSize } from './store-size.ts';
import { readStaticTokens } from './static-tokens.ts';
import { systemClock } from './system-clock.ts';
import { systemRandom } from './system-random.ts';
import { waitForReadyNodes } from './wait-for-nodes.ts';

export interface ClusterOptions {
  readonly directory: DataDirectory;
  readonly log: Log;
  readonly workers?: number;
  readonly workersGiven?: boolean;
  readonly driver?: DriverName;
  readonly apiPort?: number;
  readonly kubeconfig?: string;
  readonly cpus?: number;
  readonly memoryMiB?: number;
  /** As upstream's --controllers; absent: all of them. */
  readonly controllers?: readonly string[];
  /** Absent: it runs. */
  readonly scheduler?: boolean;
}

/** What lives from start to stop. */
interface Running {
  readonly lifetime: AsyncDisposableStack;
  readonly abort: AbortController;
  readonly store: Store;
  readonly server: ApiServer;
  readonly port: number;
  readonly machines: Machines;
  readonly dialer: NodeDialer;
  readonly registry: ImageRegistry;
  readonly admin: Client;
}

const phase = {
  keys: 'Keys and certificates',
  store: 'Store',
  api: 'API server',
  loops: 'Controllers and scheduler',
  registry: 'Image registry',
  machines: 'Worker machines',
  nodes: 'Nodes ready',
} as const;

const defaults = { cpus: 2, memoryMiB: 1024 } as const;

/** One cluster, from its data directory to its machines. Wires every component by hand; decides nothing about Kubernetes. */
export class Cluster implements AsyncDisposable {
  readonly #options: ClusterOptions;
  readonly #phases: PhaseTracker;
  readonly #listeners = new Set<() => void>();
  #phase: ClusterStatus['phase'] = 'Stopped';
  #running: Running | undefined;
  #transition: Promise<void> = Promise.resolve();
  #windowURL: string | undefined;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#phases = new PhaseTracker({ clock: systemClock, changed: () => this.#changed() });
  }

  /** The API with the administrator's identity; answers 503 while the cluster does not run. */
  get adminTransport(): Transport {
    return { fetch: async (request) => {
      if (this.#running === undefined) throw newServiceUnavailable('the cluster is not running');
      return adminTransport(this.#running.server).fetch(request);
    } };
  }

  setWindowURL(url: string): void {
    this.#windowURL = url;
    this.#changed();
  }

  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  status(): ClusterStatus {
    const running = this.#running;
    const usage = process.resourceUsage();
    return {
      phase: this.#phase,
      version: versionInfo()['gitVersion'] ?? '',
      dataDirectory: this.#options.directory.root,
      daemonPid: process.pid,
      phases: this.#phases.phases.map((entry) => ({ ...entry })),
      machines: running?.machines.statuses ?? [],
      ...(this.#windowURL === undefined ? {} : { uiURL: this.#windowURL }),
      ...(running === undefined ? {} : {
        apiServerURL: `https://127.0.0.1:${running.port}`,
        kubeconfig: this.#options.directory.kubeconfig,
        controlPlane: {
          residentMiB: Math.round(process.memoryUsage.rss() / 2 ** 20),
          cpuSeconds: (usage.userCPUTime + usage.systemCPUTime) / 1e6,
          revision: running.store.revision,
        },
      }),
    };
  }

  /** Starts what is stopped or failed; a start or stop under way is waited for. Rejects with the failed phase's error. */
  start(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#phase === 'Running') return;
      this.#setPhase('Starting');
      const lifetime = new AsyncDisposableStack();
      try {
        this.#phases.reset(Object.values(phase));
        await this.#bringUp(lifetime);
        this.#setPhase('Running');
      } catch (error) {
        this.#running = undefined;
        await lifetime.disposeAsync().catch((cause: unknown) => this.#options.log.error('cleaning up after a failed start', { error: String(cause) }));
        this.#setPhase('Failed');
        throw error;
      }
    });
  }

  /** Stops machines, then the control plane; everything in the cluster is kept. */
  stop(): Promise<void> {
    this.#running?.abort.abort(new Error('the cluster is stopping'));
    return this.#inTurn(async () => {
      const running = this.#running;
      if (running === undefined) return this.#setPhase('Stopped');
      this.#setPhase('Stopping');
      await running.machines.stopAll(AbortSignal.timeout(60_000));
      this.#running = undefined;
      await running.lifetime.disposeAsync();
      this.#setPhase('Stopped');
    });
  }

  async addNodes(request: { driver?: DriverName; count?: number; cpus?: number; memoryMiB?: number }, signal: AbortSignal): Promise<string[]> {
    const driver = request.driver ?? this.#options.driver ?? 'qemu';
    const { machines } = this.#require();
    return machines.add({ driver, count: request.count ?? 1, cpus: request.cpus ?? defaults.cpus, memoryMiB: request.memoryMiB ?? defaults.memoryMiB }, signal);
  }

  async removeNode(name: string, signal: AbortSignal): Promise<void> {
    const { machines, dialer, admin } = this.#require();
    await drainNode(admin, name, { signal, clock: systemClock });
    await dialer.forget(name);
    await machines.remove(name, signal);
    await deleteNode(admin, name);
  }

  async stopNode(name: string, signal: AbortSignal): Promise<void> {
    const { machines, dialer } = this.#require();
    await dialer.forget(name);
    await machines.stop(name, { signal, keepWanted: false });
  }

  async startNode(name: string, signal: AbortSignal): Promise<void> {
    await this.#require().machines.start(name, signal);
  }

  /** After the computer slept: connections may be dead and the guests' clocks behind. */
  async resume(signal: AbortSignal): Promise<void> {
    const { machines, dialer } = this.#require();
    for (const machine of machines.statuses.filter((entry) => entry.driver === 'qemu' && entry.phase === 'Running')) {
      await dialer.forget(machine.name);
      await using connection = await machines.connect(machine.name, signal);
      await connection.exec(['date', '-u', '-s', `@${Math.floor(systemClock.now() / 1000)}`], { signal });
    }
  }

  loadImage(path: string): Promise<readonly string[]> {
    return this.#require().registry.load(path);
  }

  listImages(): Promise<readonly { name: string; digest: string }[]> {
    return this.#require().registry.list();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #bringUp(lifetime: AsyncDisposableStack): Promise<void> {
    const { directory, log } = this.#options;
    const abort = new AbortController();
    lifetime.defer(() => abort.abort(new Error('the cluster is stopping')));
    const run = <T>(name: string, limitMs: number, fix: string, work: (context: { signal: AbortSignal; step: (text: string) => void }) => Promise<T>) => this.#phases.run(name, { limitMs, fix, signal: abort.signal }, work);
    const clock = systemClock;
    const random = systemRandom;

    const port = await freePort(this.#options.apiPort ?? defaultApiPort);
    const pki = await run(phase.keys, 10_000, `check that ${directory.pki} is writable, or start over with \`coracle reset\``, () => this.#loadPki());
    const store = await run(phase.store, 30_000, `check the free space and permissions of ${directory.root}`, () => openStore(directory, log));
    lifetime.use(store);
    const isNew = store.revision <= 1;
    lifetime.use(startCompaction({ store, clock, log }));
    const records = await MachineRecords.open(directory.machines);
    // The API server and the machines know each other only through these two.
    let machines: Machines | undefined;
    const dialer = lifetime.use(new NodeDialer(async (name, signal) => {
      if (machines === undefined) throw new Error('the cluster is starting');
      return machines.connect(name, signal);
    }));
    const [staticTokens, authentication, authorizationFiles] = await Promise.all([readStaticTokens(directory.root), readAuthenticationFiles(directory.root), readAuthorizationFiles(directory.root)]);
    const audit = await openAudit(directory, { clock, log });
    for (const sink of audit?.sinks ?? []) lifetime.use(sink);
    const metrics = new MetricsRegistry();
    registerStoreSize(metrics, directory);
    const server = await run(phase.api, 20_000, 'see `coracle logs daemon`', async () => startApiServer({
      store, pki, port, clock, random, log, dialer, authentication, authorizationFiles, metrics, encryption: await encryptionConfiguration(directory),
      ...(staticTokens === undefined ? {} : { staticTokens }), ...(audit === undefined ? {} : { audit }),
    }));
    lifetime.use(server);
    lifetime.use(await followConfiguration({ directory, server, clock, log }));
    const admin = new RestClient({ transport: adminTransport(server), userAgent: 'coracle/v1', acceptObjects: true, clock });
    await run(phase.loops, 20_000, 'see `coracle logs daemon`', async () => {
      const { controllers, scheduler } = this.#options;
      lifetime.use(startLoops({ server, pki, clock, random, log, metrics, signal: abort.signal, ...(controllers === undefined ? {} : { controllers }), ...(scheduler === undefined ? {} : { scheduler }) }));
      await ensureClusterObjects(admin);
      if (isNew) await store.compact(store.revision); // A cluster's history begins when it is made: nobody can ask for less.
      await this.#writeKubeconfig(pki, port);
    });
    const registry = await run(phase.registry, 10_000, 'another program may hold the ports from 5001 up; see `coracle logs daemon`', () => startRegistry({ directory, signal: abort.signal }));
    lifetime.use(registry);
    machines = lifetime.use(new Machines({
      records, clock, log,
      openDriver: (name) => openDriver(name, { directory, clock, random, log, server }),
      agentConfiguration: (record) => nodeAgentConfiguration({ record, admin, pki, apiPort: port, registryPort: registry.port, now: clock.now() }),
      changed: () => this.#changed(),
    }));
    this.#running = { lifetime, abort, store, server, port, machines, dialer, registry, admin };
    await this.#startMachines({ machines, records, admin, run });
    machines.watchStates();
  }

  async #startMachines({ machines, records, admin, run }: { machines: Machines; records: MachineRecords; admin: Client; run: <T>(name: string, limitMs: number, fix: string, work: (context: { signal: AbortSignal; step: (text: string) => void }) => Promise<T>) => Promise<T> }): Promise<void> {
    const sinceMs = systemClock.now();
    const fix = 'see `coracle logs daemon` and the log of the machine; `coracle up --workers 0` starts without workers';
    await run(phase.machines, 600_000, fix, async ({ signal, step }) => {
      const ended = await machines.recover();
      if (ended.length > 0) this.#options.log.warn('ended what an earlier run left behind', { ended });
      const wanted = this.#options.workers ?? 1;
      const present = records.list().length;
      const none = this.#options.workersGiven === true && wanted === 0;
      if (!none) await machines.startWanted(signal, step);
      const missing = this.#options.workersGiven === true ? wanted - present : present === 0 ? wanted : 0;
      if (missing > 0) await this.#addWorkers(machines, missing, signal, step);
    });
    const expected = machines.statuses.filter((machine) => machine.phase === 'Running').map((machine) => machine.name);
    await run(phase.nodes, 300_000, fix, ({ signal, step }) => waitForReadyNodes({ client: admin, names: expected, sinceMs, signal, clock: systemClock, step }));
  }

  async #addWorkers(machines: Machines, count: number, signal: AbortSignal, step: (text: string) => void): Promise<void> {
    step(`${count} new ${count === 1 ? 'worker' : 'workers'}`);
    await machines.add({ driver: this.#options.driver ?? 'qemu', count, cpus: this.#options.cpus ?? defaults.cpus, memoryMiB: this.#options.memoryMiB ?? defaults.memoryMiB }, signal);
  }

  #loadPki(): Promise<ClusterPki> {
    const dns = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', `kubernetes.default.svc.${addresses.clusterDomain}`, 'localhost'];
    return ensurePki({ directory: this.#options.directory.pki, names: { dns, addresses: ['127.0.0.1', addresses.host, addresses.apiServerService] }, now: systemClock.now() });
  }

  async #writeKubeconfig(pki: ClusterPki, port: number): Promise<void> {
    const text = renderKubeconfig({ clusterName: 'coracle', server: `https://127.0.0.1:${port}`, authorityCertificate: pki.authority.certificate, admin: pki.admin });
    await writeFileAtomic(this.#options.directory.kubeconfig, text);
    if (this.#options.kubeconfig !== undefined) await mergeKubeconfigFile(join(this.#options.kubeconfig), text);
  }

  #require(): Running {
    if (this.#running === undefined || this.#phase !== 'Running') throw newServiceUnavailable('the cluster is not running');
    return this.#running;
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const next = this.#transition.then(work);
    this.#transition = next.catch(() => {}); // The caller gets the error; the next transition starts from the phase.
    return next;
  }

  #setPhase(next: ClusterStatus['phase']): void {
    this.#phase = next;
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

async function deleteNode(admin: Client, name: string): Promise<void> {
  await admin.delete(nodes, { name }).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
  });
}

async function openStore({ store, kubeconfig }: DataDirectory, log: Log): Promise<Store> {
  const fix = 'put a copy of that file in its place, or delete what is left of the cluster with `coracle reset`';
  // The kubeconfig is written by the first start: an empty cluster in the place of the old one would look like a loss of everything.
  const isLost = !existsSync(store) && existsSync(kubeconfig);
  if (isLost) throw new PhaseError(`Cannot read "${store}": it is missing, and there was a cluster`, fix);
  try {
    const onThreadDeath = (cause: unknown): void => log.error('the SQLite thread ended; the next write starts another', { error: String(cause) });
    return await openSqliteStore({ path: store, onThreadDeath });
  } catch (error) {
    if (!(error instanceof StoreUnavailableError && error.reason === 'damaged')) throw error;
    throw new PhaseError(error.message, fix, { cause: error });
  }
}
