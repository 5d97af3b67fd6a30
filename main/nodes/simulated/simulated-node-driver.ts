import { isNotFound } from '../../../kube/apimachinery/status.ts';
import { leases } from '../../../kube/api/generated/coordination/v1.ts';
import { nodes } from '../../../kube/api/generated/core/v1.ts';
import type { DriverCallOptions, MachineSpec, MachineState, NodeConnection, NodeDriver } from '../driver.ts';
import { SimulatedKubelets, type SimulatedKubeletsOptions } from './simulated-kubelets.ts';

/** Nodes without machines, for tests and lessons: their pods become Running, and nothing runs. */
export class SimulatedNodeDriver implements NodeDriver {
  readonly name = 'simulated';
  readonly capabilities = { runsContainers: false, needsRoot: false, snapshots: false };
  readonly #options: SimulatedKubeletsOptions;
  readonly #kubelets: SimulatedKubelets;
  readonly #machines = new Map<string, MachineSpec>();

  constructor(options: SimulatedKubeletsOptions) {
    this.#options = options;
    this.#kubelets = new SimulatedKubelets(options);
  }

  async unavailable(): Promise<undefined> {
    return undefined;
  }

  async create(machine: MachineSpec): Promise<void> {
    this.#machines.set(machine.name, machine);
  }

  async start(name: string, { signal, progress }: DriverCallOptions): Promise<void> {
    const machine = this.#machines.get(name);
    if (machine === undefined) throw new Error(`Cannot start node "${name}": it was not created`);
    if (this.#kubelets.has(name)) return;
    progress?.('registering');
    await this.#kubelets.add({ name, index: machine.index, labels: machine.agent?.labels }, signal);
  }

  async connect(name: string): Promise<NodeConnection> {
    throw new Error(`Cannot connect to node "${name}": a simulated node runs no commands`);
  }

  async inspect(name: string): Promise<MachineState> {
    if (!this.#machines.has(name)) return { name, phase: 'Absent' };
    return { name, phase: this.#kubelets.has(name) ? 'Running' : 'Stopped' };
  }

  async stop(name: string): Promise<void> {
    this.#kubelets.remove(name);
  }

  /** Takes the Node object along: no kubelet is left that could. */
  async delete(name: string, { signal }: DriverCallOptions): Promise<void> {
    this.#kubelets.remove(name);
    this.#machines.delete(name);
    const { client } = this.#options;
    const gone = (error: unknown): void => {
      if (!isNotFound(error)) throw error;
    };
    await client.delete(nodes, { name }, { signal }).catch(gone);
    await client.delete(leases, { namespace: 'kube-node-lease', name }, { signal }).catch(gone);
  }

  async recover(): Promise<readonly string[]> {
    return [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#kubelets[Symbol.asyncDispose]();
  }
}
