import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container, Pod, Secret } from '../../kube/api/generated/core/v1.ts';
import type { PodSandboxConfig } from '../runtime/cri-types.ts';
import { containerConfig } from './container-config.ts';
import { ContainerConfigError, containerEnvironment } from './environment.ts';
import { containerFieldPath } from './events.ts';
import { hostsFile } from './hosts-file.ts';
import { ImageError } from './images/image-manager.ts';
import type { KubeletContext } from './kubelet-context.ts';
import { runHook } from './lifecycle-hook.ts';
import { latestContainer } from './runtime-pod.ts';
import type { RuntimePod } from './runtime-pod.ts';
import { violatesNonRoot } from './security-context.ts';
import { containerMounts } from './volumes/container-mounts.ts';
import type { MountedVolumes } from './volumes/volume-manager.ts';

export interface StartContainerOptions {
  readonly pod: Pod;
  readonly container: Container;
  readonly runtimePod: RuntimePod;
  readonly podIPs: readonly string[];
  readonly sandboxId: string;
  readonly sandboxConfig: PodSandboxConfig;
  readonly volumes: MountedVolumes;
  readonly pullSecrets: readonly Secret[];
  readonly isEphemeral: boolean;
  readonly signal: AbortSignal;
}

/** Why a container did not start; `reason` becomes its waiting reason. */
export class StartError extends Error {
  readonly reason: string;
  readonly retryAfterMs: number | undefined;
  constructor(options: { readonly reason: string; readonly message: string; readonly retryAfterMs?: number; readonly cause?: unknown }) {
    super(options.message, { cause: options.cause });
    this.reason = options.reason;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Pull, create, start, postStart (upstream: kuberuntime_container.go startContainer). Rejects with StartError. */
export async function startContainer(context: KubeletContext, options: StartContainerOptions): Promise<string> {
  const { pod, container, signal } = options;
  const note = (type: 'Normal' | 'Warning', reason: string, message: string): void => context.events.pod(pod, { type, reason, message, fieldPath: containerFieldPath(pod, container.name) });
  const image = await pullImage(context, options).catch((error: unknown) => {
    if (error instanceof StartError) note('Warning', 'Failed', `Error: ${error.reason}`);
    throw error;
  });
  const config = await buildConfig(context, options, image).catch((error: unknown) => {
    if (signal.aborted) throw signal.reason;
    const message = error instanceof Error ? error.message : String(error);
    note('Warning', 'Failed', `Error: ${message}`);
    throw new StartError({ reason: 'CreateContainerConfigError', message, retryAfterMs: CONFIG_RETRY_MS, cause: error });
  });
  let id: string;
  try {
    id = await context.runtime.createContainer({ podSandboxId: options.sandboxId, config, sandboxConfig: options.sandboxConfig });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    note('Warning', 'Failed', `Error: ${message}`);
    throw new StartError({ reason: 'CreateContainerError', message, cause: error });
  }
  note('Normal', 'Created', 'Container created');
  try {
    await context.runtime.startContainer(id);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    note('Warning', 'Failed', `Error: ${message}`);
    throw new StartError({ reason: 'RunContainerError', message, cause: error });
  }
  note('Normal', 'Started', 'Container started');
  await postStart(context, options, id);
  return id;
}

const CONFIG_RETRY_MS = 5000;

async function postStart(context: KubeletContext, { pod, container, podIPs, signal }: StartContainerOptions, id: string): Promise<void> {
  const handler = container.lifecycle?.postStart;
  if (handler === undefined) return;
  const failure = await runHook(context, { handler, pod, container, containerId: id, podIP: podIPs[0], timeoutMs: undefined, signal });
  signal.throwIfAborted();
  if (failure === undefined) return;
  context.events.pod(pod, { type: 'Warning', reason: 'FailedPostStartHook', message: `PostStartHook failed`, fieldPath: containerFieldPath(pod, container.name) });
  context.events.pod(pod, { type: 'Normal', reason: 'Killing', message: `FailedPostStartHook`, fieldPath: containerFieldPath(pod, container.name) });
  await context.runtime.stopContainer(id, pod.spec.terminationGracePeriodSeconds ?? 30);
  throw new StartError({ reason: 'PostStartHookError', message: failure });
}

interface PulledImage { readonly imageRef: string; readonly uid?: number; readonly username?: string }

async function pullImage(context: KubeletContext, { pod, container, sandboxConfig, pullSecrets, signal }: StartContainerOptions): Promise<PulledImage> {
  try {
    const { imageRef, image } = await context.imageManager.ensureImage({ pod, container, sandboxConfig, secrets: pullSecrets, signal });
    const uid = image?.uid?.value;
    // containerd answers no uid for root images: neither uid nor name means root.
    return { imageRef, uid: uid ?? (image !== undefined && image.username === '' ? 0 : undefined), username: image?.username };
  } catch (error) {
    if (error instanceof ImageError) throw new StartError({ reason: error.reason, message: error.message, retryAfterMs: error.retryAfterMs, cause: error });
    throw error;
  }
}

async function buildConfig(context: KubeletContext, options: StartContainerOptions, image: PulledImage) {
  const { pod, container, runtimePod, podIPs, volumes, isEphemeral } = options;
  const namespace = pod.metadata.namespace ?? '';
  const refusal = violatesNonRoot(pod, container, image);
  if (refusal !== undefined) throw new ContainerConfigError(refusal);
  const environment = await containerEnvironment(pod, container, {
    facts: { ...context.facts, podIPs: pod.spec.hostNetwork === true ? context.facts.hostIPs : podIPs },
    services: context.services.list(),
    configMap: (name) => context.objects.configMap(namespace, name),
    secret: (name) => context.objects.secret(namespace, name),
  });
  const restartCount = nextAttempt(runtimePod, pod, container.name);
  const variables = new Map(environment.map(({ name, value }) => [name, value]));
  const { hosts, termination } = await prepareFiles(context, options, restartCount);
  const mounts = await containerMounts({ pod, container, volumes, lookup: (name) => variables.get(name), hostsFile: hosts, terminationFile: termination });
  await mkdir(join(options.sandboxConfig.logDirectory, container.name), { recursive: true });
  return containerConfig({
    pod, container, restartCount, imageRef: image.imageRef, imageUser: image.uid === 0 && container.securityContext?.runAsUser === undefined ? {} : image, environment, mounts,
    memoryCapacityBytes: context.memoryCapacityBytes, cgroupVersion: await context.cgroups.version(), terminationFile: termination, ...(isEphemeral && targetOf(options)),
  });
}

function targetOf({ container, runtimePod }: StartContainerOptions): { targetId?: string } {
  const name = (container as { readonly targetContainerName?: string }).targetContainerName;
  if (name === undefined || name === '') return {};
  const target = latestContainer(runtimePod, name);
  if (target === undefined) throw new ContainerConfigError(`unable to find target container ${name}`);
  return { targetId: target.id };
}

/** One more than the last attempt known to the runtime, or to the API when the runtime has forgotten it. */
function nextAttempt(runtimePod: RuntimePod, pod: Pod, name: string): number {
  const latest = latestContainer(runtimePod, name);
  if (latest !== undefined) return latest.metadata.attempt + 1;
  const reported = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])].find((status) => status.name === name);
  return reported?.containerID ? reported.restartCount + 1 : 0;
}

async function prepareFiles(context: KubeletContext, { pod, container, podIPs }: StartContainerOptions, attempt: number): Promise<{ hosts: string; termination: string }> {
  const directory = join(context.paths.podsDirectory, pod.metadata.uid ?? '');
  const hosts = join(directory, 'etc-hosts');
  const termination = join(directory, 'containers', container.name, `termination-${attempt}`);
  await mkdir(join(directory, 'containers', container.name), { recursive: true });
  const hostText = pod.spec.hostNetwork === true ? await readFile('/etc/hosts', 'utf8').catch(() => '') : '';
  await writeFile(hosts, hostsFile({ pod, podIPs, hostFile: hostText, clusterDomain: context.config.clusterDomain }));
  await chmod(hosts, 0o644);
  await writeFile(termination, '');
  // Any user that the container runs as may write it.
  await chmod(termination, 0o666);
  return { hosts, termination };
}
