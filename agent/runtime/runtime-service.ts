import type {
  AuthConfig, Container, ContainerConfig, ContainerEvent, ContainerStats, ContainerStatus, ExecSyncResult, Filter, FilesystemUsage, Image, LinuxContainerResources,
  PodSandbox, PodSandboxConfig, PodSandboxStatus, RuntimeStatus, RuntimeVersion,
} from './cri-types.ts';

/**
 * The Container Runtime Interface's RuntimeService (k8s.io/cri-api runtime.v1). Stop and remove are idempotent: an unknown id resolves.
 * Everything else rejects with RuntimeError; `code` is the gRPC code (5 NotFound, 12 Unimplemented, 4 DeadlineExceeded …).
 */
export interface RuntimeService {
  version(): Promise<RuntimeVersion>;
  status(): Promise<RuntimeStatus>;
  updatePodCIDR(podCIDR: string): Promise<void>;
  runPodSandbox(config: PodSandboxConfig, options?: { readonly runtimeHandler?: string; readonly signal?: AbortSignal }): Promise<string>;
  stopPodSandbox(id: string): Promise<void>;
  removePodSandbox(id: string): Promise<void>;
  podSandboxStatus(id: string): Promise<PodSandboxStatus>;
  listPodSandbox(filter?: Filter): Promise<readonly PodSandbox[]>;
  createContainer(request: { readonly podSandboxId: string; readonly config: ContainerConfig; readonly sandboxConfig: PodSandboxConfig; readonly signal?: AbortSignal }): Promise<string>;
  startContainer(id: string): Promise<void>;
  /** SIGTERM (or the image's stop signal), after timeoutSeconds SIGKILL; resolves when the container is dead. */
  stopContainer(id: string, timeoutSeconds: number): Promise<void>;
  removeContainer(id: string): Promise<void>;
  listContainers(filter?: Filter): Promise<readonly Container[]>;
  containerStatus(id: string): Promise<ContainerStatus>;
  updateContainerResources(id: string, resources: LinuxContainerResources): Promise<void>;
  reopenContainerLog(id: string): Promise<void>;
  /** Rejects with code 4 when the command runs longer than timeoutSeconds (0: no limit). */
  execSync(request: { readonly containerId: string; readonly command: readonly string[]; readonly timeoutSeconds: number; readonly signal?: AbortSignal }): Promise<ExecSyncResult>;
  /** The three below answer the URL of the runtime's streaming server. */
  exec(request: { readonly containerId: string; readonly cmd: readonly string[]; readonly tty: boolean; readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean }): Promise<string>;
  attach(request: { readonly containerId: string; readonly tty: boolean; readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean }): Promise<string>;
  portForward(podSandboxId: string, ports: readonly number[]): Promise<string>;
  listContainerStats(filter?: Filter): Promise<readonly ContainerStats[]>;
  /** Ends or rejects when the runtime goes away or does not know the call; there may be gaps, so relist now and then. */
  containerEvents(signal: AbortSignal): AsyncIterable<ContainerEvent>;
}

export interface ImageService {
  listImages(): Promise<readonly Image[]>;
  /** Undefined when the image is not there. */
  imageStatus(image: string): Promise<Image | undefined>;
  /** Resolves with the reference by which the image is stored. */
  pullImage(request: { readonly image: string; readonly auth?: AuthConfig; readonly sandboxConfig?: PodSandboxConfig; readonly signal?: AbortSignal }): Promise<string>;
  removeImage(image: string): Promise<void>;
  imageFsInfo(): Promise<readonly FilesystemUsage[]>;
}

export const GRPC_DEADLINE_EXCEEDED = 4;
export const GRPC_NOT_FOUND = 5;
export const GRPC_UNIMPLEMENTED = 12;
export const GRPC_UNAVAILABLE = 14;

const CODE_NAMES: Readonly<Record<number, string>> = {
  1: 'Canceled', 2: 'Unknown', 3: 'InvalidArgument', 4: 'DeadlineExceeded', 5: 'NotFound', 6: 'AlreadyExists', 7: 'PermissionDenied', 8: 'ResourceExhausted',
  9: 'FailedPrecondition', 10: 'Aborted', 11: 'OutOfRange', 12: 'Unimplemented', 13: 'Internal', 14: 'Unavailable', 16: 'Unauthenticated',
};

/** The message is spelled as Go's gRPC does, since it ends up in events and container states. */
export class RuntimeError extends Error {
  readonly code: number;
  readonly description: string;
  constructor(code: number, description: string, options?: ErrorOptions) {
    super(`rpc error: code = ${CODE_NAMES[code] ?? 'Unknown'} desc = ${description}`, options);
    this.name = 'RuntimeError';
    this.code = code;
    this.description = description;
  }
}

export function isRuntimeNotFound(error: unknown): boolean {
  return error instanceof RuntimeError && error.code === GRPC_NOT_FOUND;
}
