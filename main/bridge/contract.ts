import type { Status } from '../../kube/apimachinery/status.ts';

/**
 * Between the window and the daemon: two verbs over two typed maps. A feature adds one entry here and one handler in `bridge-server.ts`.
 * Over Electron IPC and over the loopback WebSocket alike. Errors are Kubernetes Status objects. Aborting a call or ending a
 * subscription is itself a message, so that work stops on the other side.
 * The window is a Kubernetes client: what the Kubernetes API knows goes through kube.request and kube.watch.
 */
export interface Bridge {
  call<K extends keyof Calls>(name: K, args: Calls[K]['args'], signal?: AbortSignal): Promise<Calls[K]['result']>;
  subscribe<K extends keyof Streams>(name: K, args: Streams[K]['args'], handlers: StreamHandlers<Streams[K]['item']>): () => void;
}

export interface StreamHandlers<T> {
  next(item: T): void;
  /** Once, last: with a Status when it ended by an error. */
  end(status?: Status): void;
}

export interface Calls {
  'kube.request': {
    args: { method: string; path: string; headers?: Record<string, string>; body?: string };
    result: { status: number; headers: Record<string, string>; body: string };
  };
  'cluster.start': { args: Record<string, never>; result: void };
  'cluster.stop': { args: Record<string, never>; result: void };
  /** The computer woke up: sets the nodes' clocks and checks their connections. */
  'cluster.resume': { args: Record<string, never>; result: void };
  /** Stops the cluster and ends the daemon. */
  'daemon.shutdown': { args: Record<string, never>; result: void };
  'image.load': { args: { path: string }; result: { names: string[] } };
  'image.list': { args: Record<string, never>; result: { images: { name: string; digest: string }[] } };
  'node.add': { args: { driver?: DriverName; count?: number; cpus?: number; memoryMiB?: number }; result: { names: string[] } };
  /** Drains first, then deletes the Node and its machine. */
  'node.remove': { args: { name: string }; result: void };
  'node.stop': { args: { name: string }; result: void };
  'node.start': { args: { name: string }; result: void };
  'terminal.open': { args: { columns: number; rows: number }; result: { id: string } };
  'terminal.write': { args: { id: string; data: string }; result: void };
  'terminal.resize': { args: { id: string; columns: number; rows: number }; result: void };
  'terminal.close': { args: { id: string }; result: void };
  'settings.get': { args: Record<string, never>; result: Settings };
  'settings.set': { args: Partial<Settings>; result: Settings };
}

export interface Streams {
  /** The state now, then each change. */
  'cluster.status': { args: Record<string, never>; item: ClusterStatus };
  /** Batches of decoded watch events of an API path (`/api/v1/pods`); the first batches are the list as ADDED, then one item with synced: true. */
  'kube.watch': { args: { path: string }; item: { events: { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: unknown }[]; synced?: boolean; restarted?: boolean } };
  /** Text of a container's log, followed. */
  'pod.logs': { args: { namespace: string; pod: string; container?: string; tailLines?: number; previous?: boolean }; item: string };
  'terminal.output': { args: { id: string }; item: string };
}

export type DriverName = 'qemu' | 'local' | 'simulated';

export interface ClusterStatus {
  phase: 'Stopped' | 'Starting' | 'Running' | 'Stopping' | 'Failed';
  version: string;
  apiServerURL?: string;
  uiURL?: string;
  dataDirectory: string;
  kubeconfig?: string;
  daemonPid: number;
  phases: PhaseStatus[];
  machines: MachineStatus[];
  controlPlane?: { residentMiB: number; cpuSeconds: number; revision: number };
}

/** One step of starting, in order; shown as a list with times. */
export interface PhaseStatus {
  name: string;
  state: 'Pending' | 'Running' | 'Done' | 'Failed' | 'Skipped';
  startedAt?: string;
  durationMs?: number;
  /** What it does at this moment. */
  step?: string;
  failure?: { cause: string; fix: string };
}

export interface MachineStatus {
  name: string;
  driver: DriverName;
  phase: 'Absent' | 'Stopped' | 'Starting' | 'Running' | 'Stopping' | 'Failed';
  message?: string;
  cpus: number;
  memoryMiB: number;
  residentMiB?: number;
}

export interface Settings {
  workers: number;
  driver: DriverName;
  cpusPerNode: number;
  memoryMiBPerNode: number;
  theme: 'system' | 'light' | 'dark';
}
