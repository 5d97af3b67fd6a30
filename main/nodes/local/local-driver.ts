import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, open, readFile, rm, writeFile, copyFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { DriverCallOptions, MachineSpec, MachineState, NodeConnection, NodeDriver } from '../driver.ts';
import { MachineDirectory } from '../machine-directory.ts';
import { clusterAddress, hostAddress, hostPorts } from '../node-network.ts';
import { recordProcess } from '../process-record.ts';
import type { ProcessRecord } from '../process-record.ts';
import { agentConfigurationFile, agentPaths, provisionAgent } from '../provision/agent-provisioner.ts';
import { containerdConfiguration, registryHosts } from '../provision/containerd-configuration.ts';
import { startHostRelay } from './host-relay.ts';
import { LocalConnection } from './local-connection.ts';
import { LocalNetwork } from './local-network.ts';
import { cgroupUsage, removeCgroups } from './node-cgroups.ts';

const run = promisify(execFile);
const startLimitMs = 60_000;
const gracefulStopMs = 5_000;

export interface LocalDriverOptions {
  /** Holds one folder per node. */
  readonly dataDirectory: string;
  /** What images/runtime/build.ts made. */
  readonly runtimeDirectory: string;
  readonly agentBundle: string;
  /** A Node 24 binary for the nodes' agents; this process's own by default. */
  readonly nodeBinary?: string;
}

interface RunningNode {
  readonly machine: MachineSpec;
  readonly initPid: number;
  readonly records: readonly ProcessRecord[];
  readonly resources: AsyncDisposableStack;
}

/** Nodes directly on a Linux host, each in namespaces and control groups of its own. Needs root. */
export class LocalDriver implements NodeDriver {
  readonly name = 'local';
  readonly capabilities = { runsContainers: true, needsRoot: true, snapshots: false };
  readonly #options: LocalDriverOptions;
  readonly #machines: MachineDirectory;
  readonly #clusterId: string;
  readonly #network: LocalNetwork;
  readonly #running = new Map<string, RunningNode>();
  readonly #phases = new Map<string, { readonly phase: MachineState['phase']; readonly message?: string }>();

  constructor(options: LocalDriverOptions) {
    this.#options = options;
    this.#machines = new MachineDirectory(join(options.dataDirectory, 'local'));
    this.#clusterId = createHash('sha256').update(resolve(options.dataDirectory)).digest('hex').slice(0, 8);
    this.#network = new LocalNetwork(this.#clusterId);
  }

  async unavailable(): Promise<string | undefined> {
    if (process.platform !== 'linux') return 'driver "local" runs on Linux only; use driver "qemu"';
    if (process.getuid?.() !== 0) return 'driver "local" needs root; run coracle as root or use driver "qemu"';
    for (const tool of ['nsenter', 'unshare', 'ip']) {
      if (!await run(tool, ['--version']).catch(() => run(tool, ['-V'])).catch(() => undefined)) return `driver "local" needs the program "${tool}" (Debian: util-linux, iproute2)`;
    }
    const missing = await access(join(this.#options.runtimeDirectory, 'bin', 'containerd')).then(() => undefined, () => 'is not built');
    return missing && `driver "local" needs the container runtime in "${this.#options.runtimeDirectory}", which ${missing}`;
  }

  async create(machine: MachineSpec, options: DriverCallOptions): Promise<void> {
    options.signal.throwIfAborted();
    clusterAddress(machine.index);
    await this.#machines.saveMachine(machine);
    if (!this.#phases.has(machine.name)) this.#phases.set(machine.name, { phase: 'Stopped' });
  }

  async start(name: string, options: DriverCallOptions): Promise<void> {
    const machine = await this.#machines.machine(name);
    if (!machine) throw new Error(`Cannot start node "${name}": it was not created`);
    const running = this.#running.get(name);
    if (running) {
      await using connection = this.#connection(running);
      await provisionAgent(connection, { bundlePath: this.#options.agentBundle, configuration: machine.agent, signal: options.signal });
      return;
    }
    this.#phases.set(name, { phase: 'Starting' });
    const resources = new AsyncDisposableStack();
    try {
      await this.#boot(machine, resources, options);
      this.#phases.set(name, { phase: 'Running' });
    } catch (cause) {
      await resources.disposeAsync();
      this.#running.delete(name);
      this.#phases.set(name, { phase: 'Failed', message: (cause as Error).message });
      throw new Error(`Cannot start node "${name}": ${(cause as Error).message}`, { cause });
    }
  }

  async connect(name: string, signal: AbortSignal): Promise<NodeConnection> {
    signal.throwIfAborted();
    const running = this.#running.get(name);
    if (!running) throw new Error(`Cannot connect to node "${name}": it is not running`);
    return this.#connection(running);
  }

  async inspect(name: string): Promise<MachineState> {
    if (!await this.#machines.machine(name)) return { name, phase: 'Absent' };
    const { phase, message } = this.#phases.get(name) ?? { phase: 'Stopped' as const };
    const disk = await run('du', ['-sm', this.#machines.path(name)]).catch((cause: { stdout?: string }) => ({ stdout: cause.stdout ?? '' }));
    const diskMiB = Number.parseInt(disk.stdout, 10) || 0;
    const running = this.#running.get(name);
    if (!running) return { name, phase, message, diskMiB };
    return { name, phase, message, diskMiB, pid: running.records[0]?.pid, ...await cgroupUsage(this.#cgroup(name)) };
  }

  async stop(name: string, options: DriverCallOptions): Promise<void> {
    const running = this.#running.get(name);
    if (!running) return;
    this.#phases.set(name, { phase: 'Stopping' });
    options.progress?.('asking programs to end');
    await this.#endGracefully(running, options.signal);
    this.#running.delete(name);
    await running.resources.disposeAsync();
    this.#phases.set(name, { phase: 'Stopped' });
  }

  async delete(name: string, options: DriverCallOptions): Promise<void> {
    await this.stop(name, options);
    await this.#machines.remove(name);
    this.#phases.delete(name);
  }

  async recover(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const name of await this.#machines.names()) {
      if (this.#running.has(name)) continue;
      const ended = await this.#machines.endProcesses(name);
      if (ended > 0) found.push(`ended ${ended} processes that node "${name}" had left behind`);
      await removeCgroups(this.#cgroup(name));
    }
    if (this.#running.size === 0) for (const namespace of await this.#network.removeAll()) found.push(`removed network namespace "${namespace}"`);
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const signal = AbortSignal.timeout(gracefulStopMs);
    const stops = await Promise.allSettled([...this.#running.keys()].map((name) => this.stop(name, { signal })));
    await this.#network.removeAll();
    await removeCgroups(`coracle-${this.#clusterId}`);
    await rm(this.#runDirectory(), { recursive: true, force: true });
    const failure = stops.find((stop) => stop.status === 'rejected');
    if (failure) throw failure.reason;
  }

  async #boot(machine: MachineSpec, resources: AsyncDisposableStack, { signal, progress }: DriverCallOptions): Promise<void> {
    const { name, index, agent } = machine;
    await this.#machines.endProcesses(name);
    resources.defer(() => removeCgroups(this.#cgroup(name)));
    progress?.('setting up the network');
    resources.defer(() => this.#network.removeNode(name));
    await this.#network.addNode(name, index);
    await this.#writeNodeFiles(machine);
    const records: ProcessRecord[] = [];
    resources.defer(async () => { await this.#machines.endProcesses(name); });
    const keep = async (child: ChildProcess): Promise<ProcessRecord> => {
      const record = await recordProcess(child.pid ?? -1);
      if (!record) throw new Error(`${child.spawnfile} ended at once; see ${this.#machines.path(name, 'console.log')}`);
      records.push(record);
      await this.#machines.saveProcesses(name, records);
      return record;
    };
    const ports = hostPorts(agent);
    resources.use(await startHostRelay({ socketPath: this.#socket(name, 'host'), ports }));
    progress?.('starting the node');
    const init = await this.#spawn(name, ['sh', join(import.meta.dirname, 'node-init.sh'), 'launch'], this.#initEnvironment(machine));
    resources.defer(() => endedChild(init));
    const initRecord = await keep(init);
    const forwarder = await this.#startForwarder(name, ports);
    resources.defer(() => endedChild(forwarder));
    await keep(forwarder);
    const initPid = await waitUntil(() => readyInitPid(initRecord.pid), { signal, child: init, what: 'the node to boot' });
    const running = { machine, initPid, records, resources };
    progress?.('waiting for the agent');
    await waitUntil(() => agentPid(initPid), { signal, child: init, what: 'the agent to run' });
    this.#running.set(name, running);
  }

  /** Everything a node reads at boot is in place before, so nothing has to be uploaded. */
  async #writeNodeFiles({ name, agent }: MachineSpec): Promise<void> {
    const write = async (path: string, content: string | Buffer, mode = 0o644): Promise<void> => {
      const target = this.#machines.path(name, 'root', path);
      await mkdir(join(target, '..'), { recursive: true });
      await writeFile(target, content, { mode });
    };
    const containerd = containerdConfiguration({ imageMirror: agent.imageMirror, cniBinDirectory: '/opt/coracle/runtime/cni', runtimeBinary: 'runc', sharedKernel: true });
    await write('etc/containerd/config.toml', containerd);
    if (agent.imageMirror) await write('etc/containerd/certs.d/_default/hosts.toml', registryHosts(agent.imageMirror));
    await write(agentPaths.configuration, agentConfigurationFile(agent), 0o600);
    await mkdir(this.#machines.path(name, 'root', 'opt', 'coracle'), { recursive: true });
    await copyFile(this.#options.agentBundle, this.#machines.path(name, 'root', agentPaths.bundle));
  }

  #initEnvironment({ name, index }: MachineSpec): Readonly<Record<string, string>> {
    return {
      NODE_NAME: name, NODE_ROOT: this.#machines.path(name, 'root'), NODE_CGROUP: this.#cgroup(name), NODE_NETNS: this.#network.namespacePath(name),
      RUNTIME: this.#options.runtimeDirectory, NODE_BINARY: this.#options.nodeBinary ?? process.execPath, CLUSTER_ADDRESS: clusterAddress(index),
    };
  }

  async #startForwarder(name: string, ports: readonly number[]): Promise<ChildProcess> {
    const settings = JSON.stringify({ address: hostAddress, ports, hostSocket: this.#socket(name, 'host'), nodeSocket: this.#socket(name, 'node') });
    const node = this.#options.nodeBinary ?? process.execPath;
    const command = [`--net=${this.#network.namespacePath(name)}`, '--', node, '--max-old-space-size=64', fileURLToPath(new URL('./forwarder.ts', import.meta.url)), settings];
    const child = spawn('nsenter', command, { stdio: ['pipe', 'pipe', 'inherit'], detached: true, env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', NODE_OPTIONS: '' } });
    child.stdin?.on('error', () => undefined);
    await new Promise<void>((resolve, reject) => {
      child.stdout?.once('data', () => resolve());
      child.once('error', reject).once('exit', (code) => reject(new Error(`the forwarder ended with code ${code}`)));
    });
    child.stdout?.resume();
    return child;
  }

  async #spawn(name: string, [program = '', ...args]: readonly string[], env: Readonly<Record<string, string>>): Promise<ChildProcess> {
    const log = await open(this.#machines.path(name, 'console.log'), 'w', 0o600);
    try {
      const child = spawn(program, args, { stdio: ['ignore', log.fd, log.fd], detached: true, env: { PATH: process.env.PATH, ...env } });
      await new Promise<void>((resolve, reject) => { child.once('spawn', resolve).once('error', reject); });
      return child;
    } finally {
      await log.close();
    }
  }

  /** As a machine does before it powers off: every program is asked to end, and given a moment. */
  async #endGracefully(running: RunningNode, signal: AbortSignal): Promise<void> {
    await using connection = this.#connection(running);
    // Containers are the processes in pid namespaces below the node's own; everything else is ours and dies with the node.
    const script = 'own=$(readlink /proc/1/ns/pid); kill -TERM -1; for i in $(seq 40); do readlink /proc/[0-9]*/ns/pid | grep -qvF "$own" || exit 0; sleep 0.1; done';
    const limit = AbortSignal.any([signal, AbortSignal.timeout(gracefulStopMs)]);
    // Power-off follows in any case, so a node that does not answer is no error here.
    await connection.exec(['sh', '-c', `trap '' TERM; ${script}`], { signal: limit }).catch(() => undefined);
  }

  #connection(running: RunningNode): LocalConnection {
    return new LocalConnection({ initPid: running.initPid, nodeSocket: this.#socket(running.machine.name, 'node') });
  }

  /** Socket paths may have 107 bytes only, so they do not live in the data directory. */
  #runDirectory(): string {
    return `/run/coracle-${this.#clusterId}`;
  }

  #socket(name: string, side: 'host' | 'node'): string {
    return join(this.#runDirectory(), `${name}.${side}.sock`);
  }

  #cgroup(name: string): string {
    return `coracle-${this.#clusterId}/${name}`;
  }
}

/** The node's PID 1 as the host numbers it, once it has built its root; undefined before. */
async function readyInitPid(launcherPid: number): Promise<number | undefined> {
  const children = await readFile(`/proc/${launcherPid}/task/${launcherPid}/children`, 'utf8').catch(() => '');
  const pid = Number.parseInt(children, 10);
  if (!pid) return undefined;
  return access(`/proc/${pid}/root/run/coracle-ready`).then(() => pid, () => undefined);
}

/** The agent's pid inside the node, once the node's program has replaced the shell that waits for it. */
async function agentPid(initPid: number): Promise<number | undefined> {
  const pid = Number.parseInt(await readFile(`/proc/${initPid}/root${agentPaths.pidFile}`, 'utf8').catch(() => ''), 10);
  if (!pid) return undefined;
  const command = await readFile(`/proc/${initPid}/root/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return command.includes(agentPaths.bundle) ? pid : undefined;
}

async function waitUntil<T>(probe: () => Promise<T | undefined>, options: { readonly signal: AbortSignal; readonly child: ChildProcess; readonly what: string }): Promise<T> {
  const deadline = performance.now() + startLimitMs;
  for (;;) {
    options.signal.throwIfAborted();
    const value = await probe();
    if (value !== undefined) return value;
    if (options.child.exitCode !== null) throw new Error(`the node ended with code ${options.child.exitCode} while waiting for ${options.what}`);
    if (performance.now() > deadline) throw new Error(`waited ${startLimitMs / 1000} s for ${options.what}`);
    await delay(20, undefined, { signal: options.signal });
  }
}

async function endedChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => { child.once('exit', () => resolve()); });
  child.kill('SIGKILL');
  await ended;
}
