import type { Clock } from '../../kube/apimachinery/clock.ts';
import type { NodeAgentConfiguration } from '../../kube/api/coracle/v1/node-agent-configuration.ts';
import type { DriverName, MachineStatus } from '../bridge/contract.ts';
import type { MachineState, NodeConnection, NodeDriver } from '../nodes/driver.ts';
import type { Log } from './log.ts';
import type { MachineRecord, MachineRecords } from './machine-records.ts';
import { PhaseError } from './phases.ts';

export interface MachinesOptions {
  readonly records: MachineRecords;
  /** Made at the first use of a driver. */
  readonly openDriver: (name: DriverName) => Promise<NodeDriver>;
  /** What a machine's agent is told; a fresh bootstrap token each time. */
  readonly agentConfiguration: (record: MachineRecord) => Promise<NodeAgentConfiguration>;
  readonly clock: Clock;
  readonly log: Log;
  readonly changed: () => void;
}

export interface NewMachines {
  readonly driver: DriverName;
  readonly count: number;
  readonly cpus: number;
  readonly memoryMiB: number;
}

/** What a machine is expected to need; a stuck one fails instead of waiting for ever. */
const startLimitMs = 300_000;
/** Booting machines compete for the host's cores: more at once is slower for all. Simulated nodes cost nothing. */
const startAtOnce: Readonly<Record<DriverName, number>> = { qemu: 2, local: 4, simulated: 64 };
const inspectIntervalMs = 5_000;

/** The machines of this cluster: remembers them, starts and stops them through their drivers, knows the state of each. */
export class Machines implements AsyncDisposable {
  readonly #options: MachinesOptions;
  readonly #drivers = new Map<DriverName, Promise<NodeDriver>>();
  readonly #states = new Map<string, MachineState>();
  #inspection: Disposable | undefined;

  constructor(options: MachinesOptions) {
    this.#options = options;
  }

  get statuses(): MachineStatus[] {
    return this.#options.records.list().map((record) => {
      const state = this.#states.get(record.name);
      return {
        name: record.name, driver: record.driver, cpus: record.cpus, memoryMiB: record.memoryMiB,
        phase: state?.phase ?? 'Stopped',
        ...(state?.message === undefined ? {} : { message: state.message }),
        ...(state?.residentMiB === undefined ? {} : { residentMiB: state.residentMiB }),
      };
    });
  }

  /** Ends what a crashed daemon left behind, for every driver that has a machine here. */
  async recover(): Promise<readonly string[]> {
    const names = new Set(this.#options.records.list().map((record) => record.driver));
    const ended = await Promise.all([...names].map(async (name) => (await this.#driver(name)).recover()));
    return ended.flat();
  }

  /** Records and starts new machines; rejects with the first failure after all have settled. */
  async add({ driver, count, cpus, memoryMiB }: NewMachines, signal: AbortSignal): Promise<string[]> {
    const problem = await (await this.#driver(driver)).unavailable();
    if (problem !== undefined) throw new PhaseError(problem, `choose another driver, for example --driver ${driver === 'simulated' ? 'qemu' : 'simulated'}`);
    const records: MachineRecord[] = [];
    for (let added = 0; added < count; added += 1) {
      const record: MachineRecord = { ...this.#options.records.next(driver), driver, cpus, memoryMiB, diskGiB: 20, wanted: true };
      await this.#options.records.put(record);
      records.push(record);
    }
    await this.#startAll(records, signal);
    return records.map((record) => record.name);
  }

  /** Starts every machine that was not stopped on purpose. */
  async startWanted(signal: AbortSignal, progress?: (step: string) => void): Promise<void> {
    await this.#startAll(this.#options.records.list().filter((record) => record.wanted), signal, progress);
  }

  async start(name: string, signal: AbortSignal, progress?: (step: string) => void): Promise<void> {
    const record = this.#record(name);
    await this.#options.records.put({ ...record, wanted: true });
    const driver = await this.#driver(record.driver);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(startLimitMs)]);
    this.#setState({ name, phase: 'Starting' });
    const step = (text: string) => {
      this.#setState({ name, phase: 'Starting', message: text });
      progress?.(`${name}: ${text}`);
    };
    try {
      const agent = await this.#options.agentConfiguration(record);
      await driver.create({ name, index: record.index, cpus: record.cpus, memoryMiB: record.memoryMiB, diskGiB: record.diskGiB, agent }, { signal: limit, progress: step });
      await driver.start(name, { signal: limit, progress: step });
      this.#setState({ name, phase: 'Running' });
    } catch (error) {
      this.#setState({ name, phase: 'Failed', message: error instanceof Error ? error.message : String(error) });
      throw error;
    }
  }

  /** Stops one machine; `keepWanted` when the whole cluster stops and it shall come back with it. */
  async stop(name: string, { signal, keepWanted }: { signal: AbortSignal; keepWanted: boolean }): Promise<void> {
    const record = this.#record(name);
    if (!keepWanted) await this.#options.records.put({ ...record, wanted: false });
    this.#setState({ name, phase: 'Stopping' });
    await (await this.#driver(record.driver)).stop(name, { signal });
    this.#setState({ name, phase: 'Stopped' });
  }

  async stopAll(signal: AbortSignal): Promise<void> {
    const running = this.#options.records.list().filter((record) => this.#states.get(record.name)?.phase !== undefined && this.#states.get(record.name)?.phase !== 'Stopped');
    const results = await Promise.allSettled(running.map((record) => this.stop(record.name, { signal, keepWanted: true })));
    for (const result of results) if (result.status === 'rejected') this.#options.log.error('machine did not stop cleanly', { error: String(result.reason) });
  }

  async remove(name: string, signal: AbortSignal): Promise<void> {
    const record = this.#record(name);
    const driver = await this.#driver(record.driver);
    await driver.stop(name, { signal });
    await driver.delete(name, { signal });
    await this.#options.records.remove(name);
    this.#states.delete(name);
    this.#options.changed();
  }

  async connect(name: string, signal: AbortSignal): Promise<NodeConnection> {
    return (await this.#driver(this.#record(name).driver)).connect(name, signal);
  }

  /** Keeps what each machine costs, and whether it still runs, up to date. */
  watchStates(): void {
    this.#inspection = this.#options.clock.setTimer(inspectIntervalMs, () => {
      this.#inspectAll()
        .catch((error: unknown) => this.#options.log.warn('cannot inspect machines', { error: String(error) }))
        .finally(() => this.#inspection !== undefined && this.watchStates());
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#inspection?.[Symbol.dispose]();
    this.#inspection = undefined;
    const drivers = await Promise.allSettled(this.#drivers.values());
    this.#drivers.clear();
    for (const driver of drivers) if (driver.status === 'fulfilled') await driver.value[Symbol.asyncDispose]();
  }

  async #inspectAll(): Promise<void> {
    for (const record of this.#options.records.list()) {
      const known = this.#states.get(record.name)?.phase;
      if (record.driver === 'simulated' || (known !== 'Running' && known !== 'Failed')) continue;
      this.#setState(await (await this.#driver(record.driver)).inspect(record.name));
    }
  }

  async #startAll(records: readonly MachineRecord[], signal: AbortSignal, progress?: (step: string) => void): Promise<void> {
    const queue = [...records];
    const failures: unknown[] = [];
    const worker = async () => {
      for (let record = queue.shift(); record !== undefined; record = queue.shift()) {
        await this.start(record.name, signal, progress).catch((error: unknown) => failures.push(error));
      }
    };
    const atOnce = Math.max(...records.map((record) => startAtOnce[record.driver]), 1);
    await Promise.all(Array.from({ length: Math.min(atOnce, records.length) }, worker));
    if (failures.length > 0) throw failures[0];
  }

  #record(name: string): MachineRecord {
    const record = this.#options.records.get(name);
    if (record === undefined) throw new Error(`there is no machine "${name}"; \`coracle status\` lists them`);
    return record;
  }

  #driver(name: DriverName): Promise<NodeDriver> {
    const existing = this.#drivers.get(name);
    if (existing !== undefined) return existing;
    const opening = this.#options.openDriver(name);
    this.#drivers.set(name, opening);
    opening.catch(() => this.#drivers.delete(name));
    return opening;
  }

  #setState(state: MachineState): void {
    this.#states.set(state.name, state);
    this.#options.changed();
  }
}
