import type { Container, ContainerConfig, ContainerEvent, ContainerState, ContainerStatus, Filter, Image, PodSandbox, PodSandboxConfig, PodSandboxStatus } from './cri-types.ts';
import { GRPC_NOT_FOUND, RuntimeError } from './runtime-service.ts';
import type { ImageService, RuntimeService } from './runtime-service.ts';

interface FakeSandbox { readonly id: string; readonly config: PodSandboxConfig; readonly createdAt: number; ip: string; ready: boolean }
interface FakeContainer { readonly id: string; readonly podSandboxId: string; readonly config: ContainerConfig; state: ContainerState; readonly createdAt: number; startedAt: number; finishedAt: number; exitCode: number; reason: string }

/**
 * A container runtime in memory that passes the same contract as containerd. Containers run until they are stopped or a test ends them
 * with {@link exitContainer}; execSync answers what a test set with `onExec`.
 */
export class FakeRuntime implements RuntimeService, ImageService {
  readonly sandboxes = new Map<string, FakeSandbox>();
  readonly containers = new Map<string, FakeContainer>();
  readonly present = new Map<string, Image>();
  /** Called in order with each call's name and main argument. */
  readonly calls: string[] = [];
  onExec: (containerId: string, command: readonly string[]) => { exitCode: number; stdout?: string; stderr?: string } = () => ({ exitCode: 0 });
  onPull: (image: string) => void = () => undefined;
  readonly #nowMs: () => number;
  readonly #listeners = new Set<(event: ContainerEvent) => void>();
  #nextId = 1;

  constructor(options: { readonly nowMs?: () => number; readonly images?: readonly string[] } = {}) {
    this.#nowMs = options.nowMs ?? Date.now;
    for (const image of options.images ?? []) this.addImage(image);
  }

  addImage(name: string): void {
    const id = `sha256:${Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64)}`;
    this.present.set(id, { id, repoTags: [name], repoDigests: [], size: 1000, uid: { value: 0 }, username: '', pinned: false });
  }

  /** The process of a container ends by itself. */
  exitContainer(id: string, exitCode: number, reason = exitCode === 0 ? 'Completed' : 'Error'): void {
    const container = this.#container(id);
    Object.assign(container, { state: 'CONTAINER_EXITED', exitCode, reason, finishedAt: this.#now() });
    this.#emit(container, 'CONTAINER_STOPPED_EVENT');
  }

  /** The machine was switched off and on: nothing runs, all is remembered. */
  reboot(): void {
    for (const sandbox of this.sandboxes.values()) sandbox.ready = false;
    for (const container of this.containers.values()) {
      if (container.state === 'CONTAINER_RUNNING') Object.assign(container, { state: 'CONTAINER_EXITED', exitCode: 255, reason: 'Unknown', finishedAt: this.#now() });
    }
  }

  async version() {
    return { runtimeName: 'fake', runtimeVersion: '1.0.0', runtimeApiVersion: 'v1' };
  }
  async status() {
    return { conditions: ['RuntimeReady', 'NetworkReady'].map((type) => ({ type, status: true, reason: '', message: '' })), handlers: [] };
  }
  async updatePodCIDR(): Promise<void> {}

  async runPodSandbox(config: PodSandboxConfig): Promise<string> {
    this.calls.push(`runPodSandbox ${config.metadata.name}`);
    const id = this.#id('sandbox');
    const ip = config.linux.securityContext.namespaceOptions.network === 'NODE' ? '' : `10.244.0.${this.sandboxes.size + 2}`;
    this.sandboxes.set(id, { id, config, createdAt: this.#now(), ip, ready: true });
    return id;
  }
  async stopPodSandbox(id: string): Promise<void> {
    this.calls.push(`stopPodSandbox ${id}`);
    const sandbox = this.sandboxes.get(id);
    if (sandbox === undefined) return;
    for (const container of this.containers.values()) if (container.podSandboxId === id) this.#kill(container, 137);
    sandbox.ready = false;
  }
  async removePodSandbox(id: string): Promise<void> {
    await this.stopPodSandbox(id);
    for (const container of this.containers.values()) if (container.podSandboxId === id) this.containers.delete(container.id);
    this.sandboxes.delete(id);
  }
  async podSandboxStatus(id: string): Promise<PodSandboxStatus> {
    const sandbox = this.sandboxes.get(id);
    if (sandbox === undefined) throw new RuntimeError(GRPC_NOT_FOUND, `an error occurred when try to find sandbox: not found`);
    const options = sandbox.config.linux.securityContext.namespaceOptions;
    return { ...toSandbox(sandbox), network: { ip: sandbox.ready ? sandbox.ip : '', additionalIps: [] }, linux: { namespaces: { options } } };
  }
  async listPodSandbox(filter: Filter = {}): Promise<readonly PodSandbox[]> {
    return [...this.sandboxes.values()].map(toSandbox).filter(({ id, labels }) => (filter.id === undefined || filter.id === id) && hasLabels(labels, filter));
  }

  async createContainer({ podSandboxId, config }: { readonly podSandboxId: string; readonly config: ContainerConfig }): Promise<string> {
    this.calls.push(`createContainer ${config.metadata.name}`);
    if (!this.sandboxes.has(podSandboxId)) throw new RuntimeError(GRPC_NOT_FOUND, `failed to find sandbox id "${podSandboxId}": not found`);
    const id = this.#id('container');
    this.containers.set(id, { id, podSandboxId, config, state: 'CONTAINER_CREATED', createdAt: this.#now(), startedAt: 0, finishedAt: 0, exitCode: 0, reason: '' });
    return id;
  }
  async startContainer(id: string): Promise<void> {
    const container = this.#container(id);
    this.calls.push(`startContainer ${container.config.metadata.name}`);
    Object.assign(container, { state: 'CONTAINER_RUNNING', startedAt: this.#now() });
    this.#emit(container, 'CONTAINER_STARTED_EVENT');
  }
  async stopContainer(id: string, timeoutSeconds: number): Promise<void> {
    const container = this.containers.get(id);
    this.calls.push(`stopContainer ${container?.config.metadata.name ?? id} ${timeoutSeconds}`);
    if (container !== undefined) this.#kill(container, 143);
  }
  async removeContainer(id: string): Promise<void> {
    this.containers.delete(id);
  }
  async listContainers(filter: Filter = {}): Promise<readonly Container[]> {
    return [...this.containers.values()].map(toContainer).filter((container) =>
      (filter.id === undefined || filter.id === container.id) && (filter.podSandboxId === undefined || filter.podSandboxId === container.podSandboxId) && hasLabels(container.labels, filter));
  }
  async containerStatus(id: string): Promise<ContainerStatus> {
    const container = this.#container(id);
    const { startedAt, finishedAt, exitCode, reason, config } = container;
    return { ...toContainer(container), startedAt, finishedAt, exitCode, reason, message: '', mounts: config.mounts, logPath: config.logPath };
  }
  async updateContainerResources(id: string): Promise<void> {
    this.#container(id);
  }
  async reopenContainerLog(id: string): Promise<void> {
    this.#container(id);
  }
  async execSync({ containerId, command }: { readonly containerId: string; readonly command: readonly string[] }) {
    this.#container(containerId);
    const { exitCode, stdout = '', stderr = '' } = this.onExec(containerId, command);
    return { exitCode, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr) };
  }
  async exec({ containerId }: { readonly containerId: string }): Promise<string> {
    return `http://127.0.0.1:1/exec/${this.#container(containerId).id}`;
  }
  async attach({ containerId }: { readonly containerId: string }): Promise<string> {
    return `http://127.0.0.1:1/attach/${this.#container(containerId).id}`;
  }
  async portForward(podSandboxId: string): Promise<string> {
    return `http://127.0.0.1:1/portforward/${podSandboxId}`;
  }
  async listContainerStats() {
    return [...this.containers.values()].map(({ id, config }) => ({ attributes: { id, metadata: config.metadata, labels: config.labels } }));
  }
  async *containerEvents(signal: AbortSignal): AsyncGenerator<ContainerEvent> {
    const queue: ContainerEvent[] = [];
    let wake = (): void => undefined;
    const listen = (event: ContainerEvent): void => {
      queue.push(event);
      wake();
    };
    this.#listeners.add(listen);
    try {
      while (!signal.aborted) {
        const event = queue.shift();
        if (event !== undefined) yield event;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
            signal.addEventListener('abort', () => resolve(), { once: true });
          });
        }
      }
    } finally {
      this.#listeners.delete(listen);
    }
  }

  async listImages(): Promise<readonly Image[]> {
    return [...this.present.values()];
  }
  async imageStatus(image: string): Promise<Image | undefined> {
    return this.present.get(image) ?? [...this.present.values()].find(({ repoTags }) => repoTags.includes(image));
  }
  async pullImage({ image }: { readonly image: string }): Promise<string> {
    this.calls.push(`pullImage ${image}`);
    this.onPull(image);
    this.addImage(image);
    return (await this.imageStatus(image))?.id ?? image;
  }
  async removeImage(image: string): Promise<void> {
    const found = await this.imageStatus(image);
    if (found !== undefined) this.present.delete(found.id);
  }
  async imageFsInfo() {
    return [];
  }

  #kill(container: FakeContainer, exitCode: number): void {
    if (container.state === 'CONTAINER_RUNNING') this.exitContainer(container.id, exitCode);
  }
  #container(id: string): FakeContainer {
    const container = this.containers.get(id);
    if (container === undefined) throw new RuntimeError(GRPC_NOT_FOUND, `an error occurred when try to find container "${id}": not found`);
    return container;
  }
  #emit(container: FakeContainer, containerEventType: ContainerEvent['containerEventType']): void {
    const sandbox = this.sandboxes.get(container.podSandboxId);
    for (const listener of this.#listeners) listener({ containerId: container.id, containerEventType, podSandboxStatus: sandbox === undefined ? null : toSandbox(sandbox) });
  }
  /** Nanoseconds, never twice the same, so that attempts have an order. */
  #now(): number {
    return this.#nowMs() * 1e6 + this.#nextId * 1000;
  }
  #id(kind: string): string {
    return `${kind}-${this.#nextId++}`;
  }
}

function toSandbox({ id, config, createdAt, ready }: FakeSandbox): PodSandbox {
  return { id, metadata: config.metadata, state: ready ? 'SANDBOX_READY' : 'SANDBOX_NOTREADY', createdAt, labels: config.labels, annotations: config.annotations };
}

function toContainer({ id, podSandboxId, config, state, createdAt }: FakeContainer): Container {
  return { id, podSandboxId, metadata: config.metadata, image: config.image, imageRef: config.image.image, imageId: config.image.image, state, createdAt, labels: config.labels, annotations: config.annotations };
}

function hasLabels(labels: Readonly<Record<string, string>>, { labelSelector = {} }: Filter): boolean {
  return Object.entries(labelSelector).every(([key, value]) => labels[key] === value);
}
