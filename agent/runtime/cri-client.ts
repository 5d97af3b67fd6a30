import grpc from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { CRI_SCHEMA } from './cri-schema.ts';
import type { Container, ContainerEvent, ContainerStats, ContainerStatus, ExecSyncResult, Filter, FilesystemUsage, Image, PodSandbox, PodSandboxStatus, RuntimeCondition, RuntimeHandler, RuntimeVersion } from './cri-types.ts';
import { GRPC_NOT_FOUND, RuntimeError } from './runtime-service.ts';
import type { ImageService, RuntimeService } from './runtime-service.ts';

const RUNTIME = '/runtime.v1.RuntimeService/';
const IMAGES = '/runtime.v1.ImageService/';
/** Upstream's --runtime-request-timeout. */
const REQUEST_TIMEOUT_MS = 120_000;
/** RunPodSandbox gets twice the time, as upstream. */
const SANDBOX_TIMEOUT_MS = 240_000;
/** A pull may take long; only its caller ends it. */
const PULL_TIMEOUT_MS = 3_600_000;
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

interface CallOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface CriClient extends Disposable {
  readonly runtime: RuntimeService;
  readonly images: ImageService;
}

/** Connects lazily; a runtime that is away fails calls with code 14 and is tried again at the next call. */
export function createCriClient(endpoint: string): CriClient {
  const channel = new CriChannel(endpoint);
  return { runtime: runtimeService(channel), images: imageService(channel), [Symbol.dispose]: () => channel.close() };
}

class CriChannel {
  readonly #client: grpc.Client;
  readonly #types = new Map<string, protobuf.Type>();
  readonly #root: protobuf.Root;

  constructor(endpoint: string) {
    this.#root = protobuf.parse(CRI_SCHEMA).root;
    this.#client = new grpc.Client(endpoint, grpc.credentials.createInsecure(), {
      'grpc.default_authority': 'localhost',
      'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 3000,
    });
  }

  call<Response>(method: string, types: readonly [string, string], request: object, { timeoutMs = REQUEST_TIMEOUT_MS, signal }: CallOptions = {}): Promise<Response> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise<Response>((resolve, reject) => {
      const abort = (): void => call.cancel();
      const call = this.#client.makeUnaryRequest(method, this.#encoder(types[0]), this.#decoder<Response>(types[1]), request, new grpc.Metadata(), { deadline: Date.now() + timeoutMs }, (error, response) => {
        signal?.removeEventListener('abort', abort);
        if (error === null && response !== undefined) resolve(response);
        else if (signal?.aborted) reject(signal.reason);
        else reject(new RuntimeError(error?.code ?? 2, error?.details ?? 'no response', { cause: error }));
      });
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  async *stream<Response>(method: string, types: readonly [string, string], signal: AbortSignal): AsyncGenerator<Response> {
    const call = this.#client.makeServerStreamRequest(method, this.#encoder(types[0]), this.#decoder<Response>(types[1]), {}, new grpc.Metadata());
    const abort = (): void => call.cancel();
    signal.addEventListener('abort', abort, { once: true });
    try {
      for await (const message of call) yield message as Response;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const { code, details } = error as Partial<grpc.ServiceError>;
      throw new RuntimeError(code ?? 2, details ?? String(error), { cause: error });
    } finally {
      signal.removeEventListener('abort', abort);
      call.cancel();
    }
  }

  close(): void {
    this.#client.close();
  }

  #encoder(name: string): (message: object) => Buffer {
    const type = this.#type(name);
    return (message) => Buffer.from(type.encode(type.fromObject(message)).finish());
  }

  #decoder<Response>(name: string): (bytes: Buffer) => Response {
    const type = this.#type(name);
    return (bytes) => type.toObject(type.decode(bytes), { enums: String, longs: Number, defaults: true, arrays: true, objects: true }) as Response;
  }

  #type(name: string): protobuf.Type {
    let type = this.#types.get(name);
    if (type === undefined) this.#types.set(name, (type = this.#root.lookupType(`runtime.v1.${name}`)));
    return type;
  }
}

function runtimeService(channel: CriChannel): RuntimeService {
  return {
    version: () => channel.call<RuntimeVersion>(`${RUNTIME}Version`, ['VersionRequest', 'VersionResponse'], { version: 'v1' }),
    status: async () => {
      const response = await channel.call<{ status: { conditions: RuntimeCondition[] } | null; runtimeHandlers: RuntimeHandler[] }>(`${RUNTIME}Status`, ['StatusRequest', 'StatusResponse'], {});
      return { conditions: response.status?.conditions ?? [], handlers: response.runtimeHandlers };
    },
    updatePodCIDR: async (podCidr) => {
      await channel.call(`${RUNTIME}UpdateRuntimeConfig`, ['UpdateRuntimeConfigRequest', 'Empty'], { runtimeConfig: { networkConfig: { podCidr } } });
    },
    ...sandboxCalls(channel),
    ...containerCalls(channel),
    ...streamingCalls(channel),
  };
}

type SandboxCalls = Pick<RuntimeService, 'runPodSandbox' | 'stopPodSandbox' | 'removePodSandbox' | 'podSandboxStatus' | 'listPodSandbox'>;
function sandboxCalls(channel: CriChannel): SandboxCalls {
  return {
    runPodSandbox: async (config, { runtimeHandler = '', signal } = {}) => {
      const types = ['RunPodSandboxRequest', 'PodSandboxIdResponse'] as const;
      return (await channel.call<{ podSandboxId: string }>(`${RUNTIME}RunPodSandbox`, types, { config, runtimeHandler }, { timeoutMs: SANDBOX_TIMEOUT_MS, signal })).podSandboxId;
    },
    stopPodSandbox: (podSandboxId) => ignoreNotFound(channel.call(`${RUNTIME}StopPodSandbox`, ['PodSandboxIdRequest', 'Empty'], { podSandboxId })),
    removePodSandbox: (podSandboxId) => ignoreNotFound(channel.call(`${RUNTIME}RemovePodSandbox`, ['PodSandboxIdRequest', 'Empty'], { podSandboxId })),
    podSandboxStatus: async (podSandboxId) => {
      const { status } = await channel.call<{ status: PodSandboxStatus | null }>(`${RUNTIME}PodSandboxStatus`, ['PodSandboxStatusRequest', 'PodSandboxStatusResponse'], { podSandboxId });
      if (status === null) throw new RuntimeError(GRPC_NOT_FOUND, `sandbox "${podSandboxId}" has no status`);
      return status;
    },
    listPodSandbox: async (filter) =>
      (await channel.call<{ items: PodSandbox[] }>(`${RUNTIME}ListPodSandbox`, ['ListPodSandboxRequest', 'ListPodSandboxResponse'], { filter })).items,
  };
}

type ContainerCalls = Pick<RuntimeService, 'createContainer' | 'startContainer' | 'stopContainer' | 'removeContainer' | 'listContainers' | 'containerStatus' | 'updateContainerResources' | 'reopenContainerLog' | 'listContainerStats'>;
function containerCalls(channel: CriChannel): ContainerCalls {
  return {
    createContainer: async ({ signal, ...request }) =>
      (await channel.call<{ containerId: string }>(`${RUNTIME}CreateContainer`, ['CreateContainerRequest', 'ContainerIdResponse'], request, { signal })).containerId,
    startContainer: async (containerId) => {
      await channel.call(`${RUNTIME}StartContainer`, ['ContainerIdRequest', 'Empty'], { containerId });
    },
    stopContainer: (containerId, timeoutSeconds) =>
      ignoreNotFound(channel.call(`${RUNTIME}StopContainer`, ['StopContainerRequest', 'Empty'], { containerId, timeout: timeoutSeconds }, { timeoutMs: REQUEST_TIMEOUT_MS + timeoutSeconds * 1000 })),
    removeContainer: (containerId) => ignoreNotFound(channel.call(`${RUNTIME}RemoveContainer`, ['ContainerIdRequest', 'Empty'], { containerId })),
    listContainers: async (filter) =>
      (await channel.call<{ containers: Container[] }>(`${RUNTIME}ListContainers`, ['ListContainersRequest', 'ListContainersResponse'], { filter })).containers,
    containerStatus: async (containerId) => {
      const { status } = await channel.call<{ status: ContainerStatus | null }>(`${RUNTIME}ContainerStatus`, ['ContainerStatusRequest', 'ContainerStatusResponse'], { containerId });
      if (status === null) throw new RuntimeError(GRPC_NOT_FOUND, `container "${containerId}" has no status`);
      return status;
    },
    updateContainerResources: async (containerId, linux) => {
      await channel.call(`${RUNTIME}UpdateContainerResources`, ['UpdateContainerResourcesRequest', 'Empty'], { containerId, linux });
    },
    reopenContainerLog: async (containerId) => {
      await channel.call(`${RUNTIME}ReopenContainerLog`, ['ContainerIdRequest', 'Empty'], { containerId });
    },
    listContainerStats: async (filter: Filter | undefined) =>
      (await channel.call<{ stats: ContainerStats[] }>(`${RUNTIME}ListContainerStats`, ['ListContainerStatsRequest', 'ListContainerStatsResponse'], { filter })).stats,
  };
}

type StreamingCalls = Pick<RuntimeService, 'execSync' | 'exec' | 'attach' | 'portForward' | 'containerEvents'>;
function streamingCalls(channel: CriChannel): StreamingCalls {
  const url = async (method: string, request: object): Promise<string> => (await channel.call<{ url: string }>(`${RUNTIME}${method}`, [`${method}Request`, 'UrlResponse'], request)).url;
  return {
    execSync: ({ containerId, command, timeoutSeconds, signal }) =>
      channel.call<ExecSyncResult>(`${RUNTIME}ExecSync`, ['ExecSyncRequest', 'ExecSyncResponse'], { containerId, cmd: command, timeout: timeoutSeconds },
        { timeoutMs: timeoutSeconds > 0 ? REQUEST_TIMEOUT_MS + timeoutSeconds * 1000 : PULL_TIMEOUT_MS, signal }),
    exec: (request) => url('Exec', request),
    attach: (request) => url('Attach', request),
    portForward: (podSandboxId, port) => url('PortForward', { podSandboxId, port }),
    containerEvents: (signal) => channel.stream<ContainerEvent>(`${RUNTIME}GetContainerEvents`, ['Empty', 'ContainerEventResponse'], signal),
  };
}

function imageService(channel: CriChannel): ImageService {
  return {
    listImages: async () => (await channel.call<{ images: Image[] }>(`${IMAGES}ListImages`, ['ListImagesRequest', 'ListImagesResponse'], {})).images,
    imageStatus: async (image) =>
      (await channel.call<{ image: Image | null }>(`${IMAGES}ImageStatus`, ['ImageStatusRequest', 'ImageStatusResponse'], { image: { image } })).image ?? undefined,
    pullImage: async ({ image, auth, sandboxConfig, signal }) => {
      const request = { image: { image }, auth, sandboxConfig };
      return (await channel.call<{ imageRef: string }>(`${IMAGES}PullImage`, ['PullImageRequest', 'PullImageResponse'], request, { timeoutMs: PULL_TIMEOUT_MS, signal })).imageRef;
    },
    removeImage: (image) => ignoreNotFound(channel.call(`${IMAGES}RemoveImage`, ['RemoveImageRequest', 'Empty'], { image: { image } })),
    imageFsInfo: async () => (await channel.call<{ imageFilesystems: FilesystemUsage[] }>(`${IMAGES}ImageFsInfo`, ['Empty', 'ImageFsInfoResponse'], {})).imageFilesystems,
  };
}

async function ignoreNotFound(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof RuntimeError && error.code === GRPC_NOT_FOUND)) throw error;
  }
}
