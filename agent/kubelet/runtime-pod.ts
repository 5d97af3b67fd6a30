import type { ContainerStatus, PodSandboxStatus } from '../runtime/cri-types.ts';
import { isRuntimeNotFound } from '../runtime/runtime-service.ts';
import type { RuntimeService } from '../runtime/runtime-service.ts';
import { CONTAINER_NAME_LABEL, POD_NAMESPACE_LABEL, POD_NAME_LABEL, POD_UID_LABEL } from './runtime-labels.ts';

export interface RuntimeContainer extends ContainerStatus {
  readonly podSandboxId: string;
}

/** What the runtime holds for one pod: all attempts, newest first. */
export interface RuntimePod {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly sandboxes: readonly PodSandboxStatus[];
  readonly containers: readonly RuntimeContainer[];
  /** Of the newest sandbox when it is ready and not on the host's network. */
  readonly ips: readonly string[];
}

/** Reads afresh from the runtime; objects that vanish meanwhile are left out. */
export async function readRuntimePod(runtime: RuntimeService, uid: string): Promise<RuntimePod> {
  const filter = { labelSelector: { [POD_UID_LABEL]: uid } };
  const [sandboxList, containerList] = await Promise.all([runtime.listPodSandbox(filter), runtime.listContainers(filter)]);
  const [sandboxes, containers] = await Promise.all([
    collect(sandboxList.map((sandbox) => runtime.podSandboxStatus(sandbox.id))),
    collect(containerList.map(async (container) => ({ ...(await runtime.containerStatus(container.id)), podSandboxId: container.podSandboxId }))),
  ]);
  sandboxes.sort((a, b) => b.createdAt - a.createdAt || b.metadata.attempt - a.metadata.attempt);
  containers.sort((a, b) => b.createdAt - a.createdAt);
  const labels = sandboxes[0]?.labels ?? containers[0]?.labels ?? {};
  return { uid, name: labels[POD_NAME_LABEL] ?? '', namespace: labels[POD_NAMESPACE_LABEL] ?? '', sandboxes, containers, ips: sandboxIPs(sandboxes[0]) };
}

export function sandboxIPs(sandbox: PodSandboxStatus | undefined): readonly string[] {
  if (sandbox === undefined || sandbox.state !== 'SANDBOX_READY' || !sandbox.network?.ip) return [];
  return [sandbox.network.ip, ...sandbox.network.additionalIps.map(({ ip }) => ip)];
}

export function containerNameOf(container: { readonly labels: Readonly<Record<string, string>>; readonly metadata: { readonly name: string } }): string {
  return container.labels[CONTAINER_NAME_LABEL] ?? container.metadata.name;
}

/** The newest attempt of a container. */
export function latestContainer(pod: RuntimePod, name: string): RuntimeContainer | undefined {
  return pod.containers.find((container) => containerNameOf(container) === name);
}

async function collect<T>(reads: readonly Promise<T>[]): Promise<T[]> {
  const found: T[] = [];
  for (const result of await Promise.allSettled(reads)) {
    if (result.status === 'fulfilled') found.push(result.value);
    else if (!isRuntimeNotFound(result.reason)) throw result.reason;
  }
  return found;
}
