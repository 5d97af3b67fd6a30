import { execFile } from 'node:child_process';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DriverCallOptions, MachineSpec, MachineState, NodeConnection, NodeDriver } from '../driver.ts';
import { MachineDirectory } from '../machine-directory.ts';
import { clusterAddress, clusterMac } from '../node-network.ts';
import { processUsage } from '../process-record.ts';
import { provisionAgent } from '../provision/agent-provisioner.ts';
import { socketDirectory } from '../run-directory.ts';
import { LearningSwitch } from '../switch/learning-switch.ts';
import { chooseAccelerator, installedQemu, thisMachine } from './accelerator.ts';
import { qemuCommandLine, qemuProgram } from './command-line.ts';
import type { QemuHost, QemuMachine } from './command-line.ts';
import { prepareMachineFiles, removeUnusedImages } from './machine-files.ts';
import type { MachineFiles, NodeImageFiles } from './machine-files.ts';
import { RunningMachine, freePort } from './running-machine.ts';
import { hostMac, writeSeedDisk } from './seed-disk.ts';

const run = promisify(execFile);
const powerOffLimitMs = 15_000;
/** Another program may take the SSH port between our choice and QEMU's start. */
const spawnAttempts = 3;
/** `-netdev stream` came with it. */
const oldestQemu = { major: 7, minor: 2 };

export interface QemuDriverOptions {
  readonly dataDirectory: string;
  /** What images/node/build.ts made. */
  readonly image: NodeImageFiles;
  readonly agentBundle: string;
  /** Milliseconds since the epoch, given to VMs at boot. */
  readonly now?: () => number;
}

/** Nodes as QEMU virtual machines: a kernel booted directly, an overlay over the shared image, a seed disk, one switch for all. */
export class QemuDriver implements NodeDriver {
  readonly name = 'qemu';
  readonly capabilities = { runsContainers: true, needsRoot: false, snapshots: false };
  readonly #options: QemuDriverOptions;
  readonly #machines: MachineDirectory;
  readonly #running = new Map<string, RunningMachine>();
  readonly #phases = new Map<string, { readonly phase: MachineState['phase']; readonly message?: string }>();
  /** While a disk is being made, its image is not yet known to be in use. */
  #creating = 0;
  #host: Promise<QemuHost> | undefined;
  #switch: Promise<LearningSwitch> | undefined;

  constructor(options: QemuDriverOptions) {
    this.#options = options;
    this.#machines = new MachineDirectory(join(options.dataDirectory, 'qemu'));
  }

  async unavailable(): Promise<string | undefined> {
    const program = qemuProgram(thisMachine());
    const version = await installedQemu();
    if (!version) return `driver "qemu" needs the program "${program}"; install QEMU (Debian: qemu-system-x86 and qemu-utils)`;
    if (version.major < oldestQemu.major || (version.major === oldestQemu.major && version.minor < oldestQemu.minor)) {
      return `driver "qemu" needs QEMU ${oldestQemu.major}.${oldestQemu.minor} or later, and "${program}" is ${version.major}.${version.minor}`;
    }
    if (!await run('qemu-img', ['--version']).catch(() => undefined)) return 'driver "qemu" needs the program "qemu-img" (Debian: qemu-utils)';
    const built = await stat(this.#options.image.root).catch(() => undefined);
    return built ? undefined : `driver "qemu" needs the node image "${this.#options.image.root}", which is not built`;
  }

  async create(machine: MachineSpec, options: DriverCallOptions): Promise<void> {
    options.signal.throwIfAborted();
    clusterAddress(machine.index);
    this.#creating++;
    try {
      await this.#machines.saveMachine(machine);
      await prepareMachineFiles(this.#machines, machine.name, { image: this.#options.image, diskGiB: machine.diskGiB });
    } finally {
      this.#creating--;
    }
    if (!this.#phases.has(machine.name)) this.#phases.set(machine.name, { phase: 'Stopped' });
  }

  async start(name: string, options: DriverCallOptions): Promise<void> {
    const machine = await this.#machines.machine(name);
    if (!machine) throw new Error(`Cannot start node "${name}": it was not created`);
    const running = this.#running.get(name);
    if (running && !running.ended) {
      await provisionAgent(await running.ssh(options.signal), { bundlePath: this.#options.agentBundle, configuration: machine.agent, signal: options.signal });
      return;
    }
    this.#phases.set(name, { phase: 'Starting' });
    try {
      await this.#boot(machine, options);
      this.#phases.set(name, { phase: 'Running' });
      this.#running.get(name)?.onEnd((message) => this.#ended(name, message));
    } catch (cause) {
      await this.#running.get(name)?.kill();
      this.#running.delete(name);
      await this.#machines.endProcesses(name);
      this.#phases.set(name, { phase: 'Failed', message: (cause as Error).message });
      throw new Error(`Cannot start node "${name}": ${(cause as Error).message}`, { cause });
    }
  }

  async connect(name: string, signal: AbortSignal): Promise<NodeConnection> {
    const running = this.#running.get(name);
    if (!running) throw new Error(`Cannot connect to node "${name}": it is not running`);
    const ssh = await running.ssh(signal);
    // All callers share one SSH connection; giving a share back closes nothing.
    return {
      exec: (command, options) => ssh.exec(command, options), upload: (options) => ssh.upload(options), forward: (target) => ssh.forward(target),
      [Symbol.asyncDispose]: async () => undefined,
    };
  }

  async inspect(name: string): Promise<MachineState> {
    if (!await this.#machines.machine(name)) return { name, phase: 'Absent' };
    const { phase, message } = this.#phases.get(name) ?? { phase: 'Stopped' as const };
    const disk = await stat(this.#machines.path(name, 'disk.qcow2')).catch(() => undefined);
    const diskMiB = disk && Math.round(disk.blocks * 512 / (1 << 20));
    const running = this.#running.get(name);
    if (!running) return { name, phase, message, diskMiB };
    return { name, phase, message, diskMiB, pid: running.record.pid, ...await processUsage([running.record.pid]) };
  }

  async stop(name: string, options: DriverCallOptions): Promise<void> {
    const running = this.#running.get(name);
    if (!running) return;
    this.#phases.set(name, { phase: 'Stopping' });
    options.progress?.('powering off');
    try {
      await running.powerOff(powerOffLimitMs, options.signal);
    } finally {
      await running.kill();
      this.#running.delete(name);
      await this.#machines.endProcesses(name);
      this.#phases.set(name, { phase: 'Stopped' });
    }
  }

  async delete(name: string, options: DriverCallOptions): Promise<void> {
    const running = this.#running.get(name);
    await running?.kill();
    await this.stop(name, options);
    await this.#machines.endProcesses(name);
    await this.#machines.remove(name);
    this.#phases.delete(name);
    if (this.#creating === 0) await removeUnusedImages(this.#machines);
  }

  async recover(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const name of await this.#machines.names()) {
      if (this.#running.has(name)) continue;
      if (await this.#machines.endProcesses(name) > 0) found.push(`ended the VM that node "${name}" had left behind`);
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const signal = new AbortController().signal;
    const stops = await Promise.allSettled([...this.#running.keys()].map((name) => this.stop(name, { signal })));
    const clusterSwitch = await this.#switch?.catch(() => undefined);
    await clusterSwitch?.[Symbol.asyncDispose]();
    if (thisMachine().platform !== 'win32') await rm(await socketDirectory(this.#options.dataDirectory), { recursive: true, force: true });
    const failure = stops.find((stop) => stop.status === 'rejected');
    if (failure) throw failure.reason;
  }

  async #boot(machine: MachineSpec, { signal, progress }: DriverCallOptions): Promise<void> {
    const { name } = machine;
    await this.#machines.endProcesses(name);
    const files = await prepareMachineFiles(this.#machines, name, { image: this.#options.image, diskGiB: machine.diskGiB });
    const seedDisk = this.#machines.path(name, 'seed.tar');
    const agentBundle = await readFile(this.#options.agentBundle).catch((cause: Error) => { throw new Error(`the agent bundle cannot be read: ${cause.message}`, { cause }); });
    const nowSeconds = Math.floor((this.#options.now ?? Date.now)() / 1000);
    await writeSeedDisk(seedDisk, { machine, agentBundle, hostKey: files.hostKey.dropbearPrivateKey, authorizedKey: files.clientKey.publicKey, nowSeconds });
    const host = await this.#detectHost(files.kernel, signal, progress);
    progress?.(host.accelerator === 'tcg' ? 'booting (no hardware virtualisation: emulated)' : `booting (${host.accelerator})`);
    const started = await this.#spawn(machine, files, { host, seedDisk });
    this.#running.set(name, started);
    await this.#machines.saveProcesses(name, [started.record]);
    await started.waitForBoot(signal);
    progress?.('connecting');
    await started.ssh(signal);
  }

  async #spawn(machine: MachineSpec, files: MachineFiles, options: { readonly host: QemuHost; readonly seedDisk: string }): Promise<RunningMachine> {
    const { name, index } = machine;
    const serialLog = this.#machines.path(name, 'console.log');
    const sockets = await socketDirectory(this.#options.dataDirectory);
    for (let attempt = 1; ; attempt++) {
      const sshPort = await freePort();
      const description: QemuMachine = {
        name, cpus: machine.cpus, memoryMiB: machine.memoryMiB, kernel: files.kernel, rootDisk: files.disk, seedDisk: options.seedDisk, sshPort,
        hostMac: hostMac(index), clusterMac: clusterMac(index), clusterSwitch: (await this.#clusterSwitch()).address, serialLog, qmpSocket: join(sockets, `${name}.qmp`),
      };
      await writeFile(serialLog, '', { mode: 0o600 });
      try {
        return await RunningMachine.spawn(qemuCommandLine(description, options.host), { files, sshPort, serialLog, qemuLog: this.#machines.path(name, 'qemu.log') });
      } catch (cause) {
        if (attempt === spawnAttempts || !(cause as Error).message.includes('forwarding rule')) throw cause;
      }
    }
  }

  /** Asked once and shared, so that several nodes starting together do not all probe. */
  #detectHost(kernel: string, signal: AbortSignal, progress?: (step: string) => void): Promise<QemuHost> {
    this.#host ??= this.#probeHost(kernel, signal, progress).catch((cause: unknown) => { this.#host = undefined; throw cause; });
    return this.#host;
  }

  async #probeHost(kernel: string, signal: AbortSignal, progress?: (step: string) => void): Promise<QemuHost> {
    const version = await installedQemu();
    if (!version) throw new Error(await this.unavailable() ?? 'QEMU is not installed');
    progress?.('looking for hardware virtualisation');
    const accelerator = await chooseAccelerator({ version, kernel, memoryFile: join(this.#options.dataDirectory, 'accelerator.json'), signal });
    return { ...thisMachine(), version, accelerator };
  }

  #clusterSwitch(): Promise<LearningSwitch> {
    this.#switch ??= this.#startSwitch().catch((cause: unknown) => { this.#switch = undefined; throw cause; });
    return this.#switch;
  }

  async #startSwitch(): Promise<LearningSwitch> {
    if (thisMachine().platform === 'win32') return LearningSwitch.start({ host: '127.0.0.1', port: 0 });
    return LearningSwitch.start({ path: join(await socketDirectory(this.#options.dataDirectory), 'switch.sock') });
  }

  /** A VM that ends without being asked: a crash, or somebody's poweroff inside. */
  #ended(name: string, message: string): void {
    if (this.#phases.get(name)?.phase !== 'Running') return;
    this.#running.delete(name);
    this.#phases.set(name, { phase: 'Failed', message });
  }
}
