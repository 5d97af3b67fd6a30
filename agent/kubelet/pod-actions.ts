import type { Container, Pod } from '../../kube/api/generated/core/v1.ts';
import { containerHash } from './container-config.ts';
import { HASH_ANNOTATION } from './runtime-labels.ts';
import { latestContainer } from './runtime-pod.ts';
import type { RuntimeContainer, RuntimePod } from './runtime-pod.ts';

export type ProbeResult = 'success' | 'failure' | 'unknown';

/** What the probers last found, by container id. A container without that probe passes. */
export interface ProbeResults {
  startup(containerId: string): ProbeResult | undefined;
  liveness(containerId: string): ProbeResult | undefined;
}

export interface ContainerToKill {
  readonly container: RuntimeContainer;
  readonly spec: Container;
  readonly message: string;
  readonly reason: 'Unknown' | 'StartupProbe' | 'LivenessProbe' | 'SpecChanged' | 'PodDone';
}

/** What must happen next to a pod's sandbox and containers, in this order: kills, sandbox, init containers, containers. */
export interface PodActions {
  /** Everything of the pod is stopped first (and the sandbox, when there is one). */
  readonly killPod: boolean;
  readonly createSandbox: boolean;
  readonly attempt: number;
  readonly sandboxId?: string;
  readonly containersToKill: readonly ContainerToKill[];
  readonly ephemeralToStart: readonly Container[];
  readonly initToStart: readonly Container[];
  readonly containersToStart: readonly Container[];
}

/** Decides, and touches nothing (upstream: kuberuntime_manager.go computePodActions). */
export function computePodActions(options: { readonly pod: Pod; readonly runtimePod: RuntimePod; readonly probes: ProbeResults }): PodActions {
  const { pod, runtimePod } = options;
  const sandbox = sandboxDecision(pod, runtimePod);
  return sandbox.create ? actionsForNewSandbox(pod, runtimePod, sandbox) : actionsInSandbox({ ...options, sandbox });
}

interface SandboxDecision { readonly create: boolean; readonly attempt: number; readonly id?: string }

/** A pod needs a new sandbox when it has none that is ready, has two, or has lost its address or its network mode. */
export function sandboxDecision(pod: Pod, runtimePod: RuntimePod): SandboxDecision {
  const [newest] = runtimePod.sandboxes;
  if (newest === undefined) return { create: true, attempt: 0 };
  const next = { create: true, attempt: newest.metadata.attempt + 1, id: newest.id };
  if (runtimePod.sandboxes.filter((sandbox) => sandbox.state === 'SANDBOX_READY').length > 1) return next;
  if (newest.state !== 'SANDBOX_READY') return next;
  const mode = newest.linux?.namespaces?.options?.network;
  if (mode !== undefined && (mode === 'NODE') !== (pod.spec.hostNetwork === true)) return { ...next, id: '' };
  if (pod.spec.hostNetwork !== true && !newest.network?.ip) return next;
  return { create: false, attempt: newest.metadata.attempt, id: newest.id };
}

function actionsForNewSandbox(pod: Pod, runtimePod: RuntimePod, sandbox: SandboxDecision): PodActions {
  const base = { attempt: sandbox.attempt, sandboxId: sandbox.id, containersToKill: [], ephemeralToStart: [] };
  const nothing: PodActions = { ...base, killPod: true, createSandbox: false, initToStart: [], containersToStart: [] };
  // A pod that never restarts and has already run is done, not broken.
  if (pod.spec.restartPolicy === 'Never' && sandbox.attempt !== 0 && runtimePod.containers.length > 0 && !anyMayRestart(pod)) return nothing;
  const containersToStart = pod.spec.containers.filter((container) => {
    const latest = latestContainer(runtimePod, container.name);
    return latest === undefined || latest.state !== 'CONTAINER_EXITED' || shouldRestart({ pod, container, status: latest });
  });
  if (containersToStart.length === 0) return nothing;
  const [firstInit] = pod.spec.initContainers ?? [];
  if (firstInit !== undefined) return { ...base, killPod: true, createSandbox: true, initToStart: [firstInit], containersToStart: [] };
  return { ...base, killPod: true, createSandbox: true, initToStart: [], containersToStart };
}

function anyMayRestart(pod: Pod): boolean {
  return pod.spec.containers.some((container) => restartPolicyOf(pod, container) !== 'Never' || (container.restartPolicyRules ?? []).length > 0);
}

type InSandbox = { readonly pod: Pod; readonly runtimePod: RuntimePod; readonly probes: ProbeResults; readonly sandbox: SandboxDecision };

function actionsInSandbox({ pod, runtimePod, probes, sandbox }: InSandbox): PodActions {
  const ephemeralToStart = (pod.spec.ephemeralContainers ?? []).filter((container) => latestContainer(runtimePod, container.name) === undefined) as readonly Container[];
  const init = initContainerActions({ pod, runtimePod, probes, sandbox });
  const base = { createSandbox: false, attempt: sandbox.attempt, sandboxId: sandbox.id, ephemeralToStart, initToStart: init.toStart };
  if (init.killPod) return { ...base, killPod: true, containersToKill: [], initToStart: [], containersToStart: [] };
  if (!init.initialized) return { ...base, killPod: false, containersToKill: init.toKill, containersToStart: [] };
  const toStart: Container[] = [];
  const toKill: ContainerToKill[] = [];
  let kept = 0;
  for (const container of pod.spec.containers) {
    const decision = regularContainerDecision({ pod, container, status: inSandbox(runtimePod, container.name, sandbox.id), previous: latestContainer(runtimePod, container.name), probes });
    if (decision.kill !== undefined) toKill.push(decision.kill);
    if (decision.start) toStart.push(container);
    if (decision.keep) kept++;
  }
  // Nothing runs and nothing will: the pod is done, and its sidecars with it.
  if (kept === 0 && toStart.length === 0) return { ...base, killPod: true, containersToKill: [], initToStart: [], containersToStart: [] };
  return { ...base, killPod: false, containersToKill: [...init.toKill, ...toKill], containersToStart: toStart };
}

interface ContainerDecision { readonly start: boolean; readonly keep: boolean; readonly kill?: ContainerToKill }

function regularContainerDecision(options: { pod: Pod; container: Container; status: RuntimeContainer | undefined; previous: RuntimeContainer | undefined; probes: ProbeResults }): ContainerDecision {
  const { pod, container, status, previous, probes } = options;
  const current = status ?? (previous?.state === 'CONTAINER_EXITED' ? previous : undefined);
  if (current === undefined) return { start: true, keep: false };
  if (current.state !== 'CONTAINER_RUNNING') {
    if (!shouldRestart({ pod, container, status: current })) return { start: false, keep: false };
    if (current.state === 'CONTAINER_UNKNOWN') {
      const message = `Container is in "CONTAINER_UNKNOWN" state, try killing it before restart`;
      return { start: true, keep: false, kill: { container: current, spec: container, message, reason: 'Unknown' } };
    }
    return { start: true, keep: false };
  }
  const hash = current.annotations[HASH_ANNOTATION];
  if (hash !== undefined && hash !== containerHash(container)) {
    return { start: true, keep: false, kill: { container: current, spec: container, message: `Container ${container.name} definition changed, will be restarted`, reason: 'SpecChanged' } };
  }
  const failed = failedProbe(current, probes);
  if (failed === undefined) return { start: false, keep: true };
  const restart = restartPolicyOf(pod, container) !== 'Never';
  const message = `Container ${container.name} failed ${failed} probe${restart ? ', will be restarted' : ''}`;
  return { start: restart, keep: false, kill: { container: current, spec: container, message, reason: failed === 'startup' ? 'StartupProbe' : 'LivenessProbe' } };
}

function failedProbe(container: RuntimeContainer, probes: ProbeResults): 'startup' | 'liveness' | undefined {
  if (probes.liveness(container.id) === 'failure') return 'liveness';
  return probes.startup(container.id) === 'failure' ? 'startup' : undefined;
}

interface InitDecision { readonly initialized: boolean; readonly killPod: boolean; readonly toStart: readonly Container[]; readonly toKill: readonly ContainerToKill[] }

/** Init containers run one by one; a sidecar (restartPolicy Always) only has to be started before the next one may run. */
function initContainerActions({ pod, runtimePod, probes, sandbox }: InSandbox): InitDecision {
  const toStart: Container[] = [];
  const toKill: ContainerToKill[] = [];
  const result = (initialized: boolean, killPod = false): InitDecision => ({ initialized, killPod, toStart, toKill });
  const begun = pod.spec.containers.some((container) => inSandbox(runtimePod, container.name, sandbox.id) !== undefined);
  for (const container of pod.spec.initContainers ?? []) {
    const status = inSandbox(runtimePod, container.name, sandbox.id);
    if (container.restartPolicy === 'Always') {
      const step = sidecarDecision(container, status, probes);
      if (step.start) toStart.push(container);
      if (step.kill !== undefined) toKill.push(step.kill);
      if (!begun && !step.started) return result(false);
      continue;
    }
    if (begun) continue;
    if (status === undefined || status.state === 'CONTAINER_CREATED') {
      toStart.push(container);
      return result(false);
    }
    if (status.state === 'CONTAINER_RUNNING') return result(false);
    if (status.state === 'CONTAINER_EXITED' && status.exitCode === 0) continue;
    if (status.state === 'CONTAINER_UNKNOWN') {
      toKill.push({ container: status, spec: container, message: `Init container is in "CONTAINER_UNKNOWN" state, try killing it before restart`, reason: 'Unknown' });
    } else if (!shouldRestart({ pod, container, status })) return result(false, true);
    toStart.push(container);
    return result(false);
  }
  return result(true);
}

function sidecarDecision(container: Container, status: RuntimeContainer | undefined, probes: ProbeResults): { start: boolean; started: boolean; kill?: ContainerToKill } {
  if (status === undefined || status.state !== 'CONTAINER_RUNNING') return { start: true, started: false };
  const failed = failedProbe(status, probes);
  if (failed !== undefined) {
    const message = `Init container ${container.name} failed ${failed} probe`;
    return { start: true, started: false, kill: { container: status, spec: container, message, reason: failed === 'startup' ? 'StartupProbe' : 'LivenessProbe' } };
  }
  return { start: false, started: container.startupProbe === undefined || probes.startup(status.id) === 'success' };
}

function inSandbox(runtimePod: RuntimePod, name: string, sandboxId: string | undefined): RuntimeContainer | undefined {
  const latest = latestContainer(runtimePod, name);
  return latest?.podSandboxId === sandboxId ? latest : undefined;
}

/** The container's own policy, or the pod's. */
export function restartPolicyOf(pod: Pod, container: Container): string {
  return container.restartPolicy ?? pod.spec.restartPolicy ?? 'Always';
}

/** For a container that does not run now. KEP-5307's exit-code rules come before the policy. */
export function shouldRestart(options: { readonly pod: Pod; readonly container: Container; readonly status: { readonly state: string; readonly exitCode: number } }): boolean {
  const { pod, container, status } = options;
  if (status.state === 'CONTAINER_RUNNING') return false;
  if (status.state === 'CONTAINER_UNKNOWN' || status.state === 'CONTAINER_CREATED') return true;
  if (pod.metadata.deletionTimestamp !== undefined) return false;
  for (const { action, exitCodes } of container.restartPolicyRules ?? []) {
    if (action !== 'Restart' || exitCodes === undefined) continue;
    const listed = (exitCodes.values ?? []).includes(status.exitCode);
    if (exitCodes.operator === 'In' ? listed : !listed) return true;
  }
  const policy = restartPolicyOf(pod, container);
  return policy === 'Always' || (policy === 'OnFailure' && status.exitCode !== 0);
}
