import type { Duplex } from 'node:stream';

/**
 * The machines behind Node objects. Call order: create, start, connect …, stop, delete. Each call is idempotent, may run concurrently
 * for different names (never for one name), takes an AbortSignal, and leaves nothing running when it rejects.
 */
export interface NodeDriver extends AsyncDisposable {
  readonly name: 'qemu' | 'local' | 'simulated';
  readonly capabilities: NodeDriverCapabilities;
  /** Explains why this machine cannot use the driver and what to do; undefined when it can. */
  unavailable(): Promise<string | undefined>;
  create(machine: MachineSpec, options: DriverCallOptions): Promise<void>;
  /** Resolves when the agent runs; the Node object's readiness is the kubelet's word, not the driver's. */
  start(name: string, options: DriverCallOptions): Promise<void>;
  connect(name: string, signal: AbortSignal): Promise<NodeConnection>;
  inspect(name: string): Promise<MachineState>;
  /** Graceful, then by force after a limit. */
  stop(name: string, options: DriverCallOptions): Promise<void>;
  delete(name: string, options: DriverCallOptions): Promise<void>;
  /** Ends processes and mounts that a crashed daemon left behind, from what is recorded on disk. */
  recover(): Promise<readonly string[]>;
}

export interface NodeDriverCapabilities {
  readonly runsContainers: boolean;
  readonly needsRoot: boolean;
  readonly snapshots: boolean;
}

export interface MachineSpec {
  readonly name: string;
  /** Position in the cluster from 1: gives the node address 10.89.0.(10+index), MACs and ports. Never reused while the machine exists. */
  readonly index: number;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly diskGiB: number;
  /** What the agent needs to join: see kube/api/coracle/v1/node-agent-configuration.ts */
  readonly agent: import('../../kube/api/coracle/v1/node-agent-configuration.ts').NodeAgentConfiguration;
}

export interface MachineState {
  readonly name: string;
  readonly phase: 'Absent' | 'Stopped' | 'Starting' | 'Running' | 'Stopping' | 'Failed';
  readonly message?: string;
  readonly pid?: number;
  /** What the machine costs the host now. */
  readonly residentMiB?: number;
  readonly cpuSeconds?: number;
  readonly diskMiB?: number;
}

export interface DriverCallOptions {
  readonly signal: AbortSignal;
  /** One short line per step, for the phases in the window. */
  readonly progress?: (step: string) => void;
}

export interface NodeConnection extends AsyncDisposable {
  exec(command: readonly string[], options?: { readonly signal?: AbortSignal; readonly stdin?: Uint8Array }): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
  upload(options: { readonly source: Uint8Array | string; readonly path: string; readonly mode: number; readonly signal?: AbortSignal }): Promise<void>;
  /** A byte stream to host:port as seen from inside the node (kubelet 10250, a pod's address, a cluster IP). */
  forward(target: { readonly host: string; readonly port: number; readonly signal?: AbortSignal }): Promise<Duplex>;
}
