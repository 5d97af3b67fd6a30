import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatDuration } from '../../kube/apimachinery/duration.ts';
import type { Container, Pod, Secret } from '../../kube/api/generated/core/v1.ts';
import { runtimeclasses } from '../../kube/api/generated/node/v1.ts';
import type { PodSandboxConfig } from '../runtime/cri-types.ts';
import { containerHash } from './container-config.ts';
import { containerFieldPath } from './events.ts';
import { killContainer, killPod } from './kill-container.ts';
import type { KubeletContext } from './kubelet-context.ts';
import { computePodActions } from './pod-actions.ts';
import type { PodActions } from './pod-actions.ts';
import type { PodRuntimeState } from './pod-runtime-state.ts';
import { parseResolvConf, podDNS } from './resolv-conf.ts';
import { formatPod } from './runtime-labels.ts';
import { latestContainer, readRuntimePod, sandboxIPs } from './runtime-pod.ts';
import type { RuntimePod } from './runtime-pod.ts';
import { resizeContainers } from './resize-containers.ts';
import { sandboxConfig } from './sandbox-config.ts';
import { startContainer, StartError } from './start-container.ts';
import type { MountedVolumes } from './volumes/volume-manager.ts';

export interface SyncOptions {
  readonly pod: Pod;
  readonly runtimePod: RuntimePod;
  readonly state: PodRuntimeState;
  readonly signal: AbortSignal;
}
/** retryAfterMs: something is not as wanted; look again then. */
export interface SyncResult { readonly retryAfterMs?: number }

const SANDBOX_RETRY_MS = 2000;
/** Doubles: the ConfigMap of a new namespace's root CA is often only a moment late. */
const FIRST_VOLUME_RETRY_MS = 250;
const MAX_VOLUME_RETRY_MS = 10_000;
/** Upstream's pod worker tries again after 10 s, jittered. */
const START_RETRY_MS = 10_000;
/** After a failed pull the next look only reports the back-off; it comes soon, as upstream's does with the next event. */
const PULL_REPORT_MS = 1500;
/** A pod in back-off says so this often, not at every wake-up. */
const BACK_OFF_EVENT_MS = 10_000;

/** One step of a living pod towards its spec (upstream: kuberuntime_manager.go SyncPod): decide, then act. */
export async function syncPod(context: KubeletContext, options: SyncOptions): Promise<SyncResult> {
  const { pod, runtimePod, state, signal } = options;
  const volumes = await mountVolumes(context, options);
  if (volumes === undefined) return { retryAfterMs: Math.min(FIRST_VOLUME_RETRY_MS * 2 ** Math.min(state.mountFailures - 1, 10), MAX_VOLUME_RETRY_MS) };
  const actions = computePodActions({ pod, runtimePod, probes: context.probers });
  await applyKills(context, options, actions);
  signal.throwIfAborted();
  if (!actions.createSandbox && !actions.killPod) await resizeContainers(context, options);
  if (!actions.createSandbox && (actions.killPod || !hasStarts(actions))) return {};
  const cgroupParent = await context.cgroups.ensurePod(pod);
  const config = await buildSandboxConfig(context, pod, actions.attempt, cgroupParent);
  let sandboxId = actions.sandboxId ?? '';
  if (actions.createSandbox) {
    const created = await createSandbox(context, options, { config, actions });
    if (created === undefined) return { retryAfterMs: Math.min(SANDBOX_RETRY_MS * 2 ** Math.min(state.sandboxFailures - 1, 4), 30_000) };
    sandboxId = created;
  }
  signal.throwIfAborted();
  const current = await readRuntimePod(context.runtime, pod.metadata.uid ?? '');
  const podIPs = sandboxIPs(current.sandboxes.find((sandbox) => sandbox.id === sandboxId));
  const pullSecrets = await findPullSecrets(context, pod);
  const launch = { ...options, runtimePod: current, podIPs, sandboxId, sandboxConfig: config, volumes, pullSecrets };
  const retries: number[] = [];
  for (const container of actions.ephemeralToStart) retries.push(...await start(context, launch, container, true));
  for (const container of actions.initToStart) retries.push(...await start(context, launch, container, false));
  for (const container of actions.containersToStart) {
    signal.throwIfAborted();
    retries.push(...await start(context, launch, container, false));
  }
  return retries.length === 0 ? {} : { retryAfterMs: Math.min(...retries) };
}

function hasStarts(actions: PodActions): boolean {
  return actions.ephemeralToStart.length + actions.initToStart.length + actions.containersToStart.length > 0;
}

async function mountVolumes(context: KubeletContext, { pod, runtimePod, state }: SyncOptions): Promise<MountedVolumes | undefined> {
  try {
    const volumes = await context.volumes.mountAll(pod, {
      objects: context.objects,
      facts: { ...context.facts, podIPs: runtimePod.ips },
      token: (owner, request) => context.tokens.token(owner, request),
    });
    state.mountFailure = undefined;
    state.mountFailures = 0;
    return volumes;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (state.mountFailure !== message) context.events.pod(pod, { type: 'Warning', reason: 'FailedMount', message });
    state.mountFailure = message;
    state.mountFailures++;
    return undefined;
  }
}

async function applyKills(context: KubeletContext, { pod, runtimePod }: SyncOptions, actions: PodActions): Promise<void> {
  if (actions.killPod) {
    const hasAny = runtimePod.sandboxes.some((sandbox) => sandbox.state === 'SANDBOX_READY') || runtimePod.containers.some((container) => container.state === 'CONTAINER_RUNNING');
    if (actions.createSandbox && runtimePod.sandboxes.length > 0) context.events.pod(pod, { type: 'Normal', reason: 'SandboxChanged', message: 'Pod sandbox changed, it will be killed and re-created.' });
    if (hasAny || actions.createSandbox) await killPod(context, { pod, runtimePod });
    return;
  }
  await Promise.all(actions.containersToKill.map(({ container, spec, message, reason }) => {
    const probe = reason === 'LivenessProbe' ? spec.livenessProbe : reason === 'StartupProbe' ? spec.startupProbe : undefined;
    return killContainer(context, { pod, container, spec, runtimePod, message, probeGracePeriod: probe?.terminationGracePeriodSeconds });
  }));
}

async function buildSandboxConfig(context: KubeletContext, pod: Pod, attempt: number, cgroupParent: string): Promise<PodSandboxConfig> {
  const { config, paths } = context;
  const host = parseResolvConf(await readFile(paths.resolvConf, 'utf8').catch(() => ''));
  const dns = podDNS({ pod, host, clusterDNS: config.clusterDNS, clusterDomain: config.clusterDomain });
  const { namespace = '', name, uid = '' } = pod.metadata;
  const logDirectory = join(paths.logsDirectory, `${namespace}_${name}_${uid}`);
  await mkdir(logDirectory, { recursive: true });
  return sandboxConfig({ pod, attempt, dns, clusterDomain: config.clusterDomain, logDirectory, cgroupParent });
}

async function createSandbox(context: KubeletContext, { pod, state, signal }: SyncOptions, { config }: { config: PodSandboxConfig; actions: PodActions }): Promise<string | undefined> {
  try {
    const id = await context.runtime.runPodSandbox(config, { signal, runtimeHandler: await runtimeHandler(context, pod) });
    state.sandboxFailures = 0;
    return id;
  } catch (error) {
    signal.throwIfAborted();
    state.sandboxFailures++;
    const message = `Failed to create pod sandbox: ${error instanceof Error ? error.message : String(error)}`;
    context.events.pod(pod, { type: 'Warning', reason: 'FailedCreatePodSandBox', message });
    return undefined;
  }
}

/** The runtime's handler that the pod's RuntimeClass names; the default one without a class. */
async function runtimeHandler(context: KubeletContext, pod: Pod): Promise<string> {
  const { runtimeClassName } = pod.spec;
  if (runtimeClassName === undefined || runtimeClassName === '') return '';
  return (await context.client.get(runtimeclasses, { name: runtimeClassName })).handler;
}

async function findPullSecrets(context: KubeletContext, pod: Pod): Promise<readonly Secret[]> {
  const found: Secret[] = [];
  for (const { name } of pod.spec.imagePullSecrets ?? []) {
    const secret = name === undefined ? undefined : await context.objects.secret(pod.metadata.namespace ?? '', name);
    if (secret !== undefined) found.push(secret);
    else context.events.pod(pod, { type: 'Warning', reason: 'FailedToRetrieveImagePullSecret', message: `Unable to retrieve some image pull secrets (${name}); attempting to pull the image may not succeed.` });
  }
  return found;
}

type Launch = SyncOptions & { podIPs: readonly string[]; sandboxId: string; sandboxConfig: PodSandboxConfig; volumes: MountedVolumes; pullSecrets: readonly Secret[] };

/** Starts one container unless it is in back-off; answers when to look again if it did not start. */
async function start(context: KubeletContext, launch: Launch, container: Container, isEphemeral: boolean): Promise<readonly number[]> {
  const { state, signal } = launch;
  const heldMs = (state.notBeforeMs.get(container.name) ?? 0) - context.clock.monotonicMs();
  if (heldMs > 0) return [heldMs];
  const waitMs = restartBackOff(context, launch, container);
  if (waitMs > 0) return [waitMs];
  try {
    await startContainer(context, { ...launch, container, isEphemeral });
    state.reasons.delete(container.name);
    state.notBeforeMs.delete(container.name);
    return [];
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (!(error instanceof StartError)) throw error;
    state.reasons.set(container.name, { reason: error.reason, message: error.message });
    const retryAfterMs = error.reason === 'ErrImagePull' ? PULL_REPORT_MS : (error.retryAfterMs ?? START_RETRY_MS);
    state.notBeforeMs.set(container.name, context.clock.monotonicMs() + retryAfterMs);
    return [retryAfterMs];
  }
}

/** A container that has ended waits twice as long before every restart (upstream: doBackOff). */
function restartBackOff(context: KubeletContext, { pod, runtimePod, state }: Launch, container: Container): number {
  const latest = latestContainer(runtimePod, container.name);
  if (latest === undefined || latest.state !== 'CONTAINER_EXITED') return 0;
  const key = `${container.name}/${containerHash(container)}`;
  const nowMs = context.clock.now();
  const finishedMs = latest.finishedAt / 1e6;
  const waitMs = state.restarts.remainingMs(key, { sinceMs: finishedMs, nowMs });
  if (waitMs <= 0) {
    state.restarts.next(key, nowMs);
    return 0;
  }
  const delay = formatDuration(state.restarts.delayMs(key));
  if (nowMs - (state.backOffEvents.get(container.name) ?? 0) >= BACK_OFF_EVENT_MS) {
    state.backOffEvents.set(container.name, nowMs);
    context.events.pod(pod, { type: 'Warning', reason: 'BackOff', message: `Back-off restarting failed container ${container.name} in pod ${formatPod(pod)}`, fieldPath: containerFieldPath(pod, container.name) });
  }
  state.reasons.set(container.name, { reason: 'CrashLoopBackOff', message: `back-off ${delay} restarting failed container=${container.name} pod=${formatPod(pod)}` });
  return waitMs;
}
