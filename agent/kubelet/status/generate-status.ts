import type { Container, ContainerStatus, Pod, PodStatus } from '../../../kube/api/generated/core/v1.ts';
import type { ProbeResult } from '../pod-actions.ts';
import { podQOS } from '../qos.ts';
import type { RuntimeContainer, RuntimePod } from '../runtime-pod.ts';
import { containerStatuses, formatTime } from './container-statuses.ts';
import type { WaitingReason } from './container-statuses.ts';
import { podConditions } from './pod-conditions.ts';
import { podPhase } from './pod-phase.ts';

export interface StatusInput {
  readonly pod: Pod;
  readonly runtimePod: RuntimePod;
  readonly reasons: ReadonlyMap<string, WaitingReason>;
  readonly probes: { readiness(containerId: string): ProbeResult | undefined; startup(containerId: string): ProbeResult | undefined };
  readonly hostIPs: readonly string[];
  readonly nowMs: number;
  readonly podIsTerminal: boolean;
  /** Set when the kubelet itself ends the pod (eviction, deadline, admission). */
  readonly failure?: { readonly reason: string; readonly message: string };
  readonly terminationMessage: (container: RuntimeContainer) => string;
}

/** A pod's whole status from what the runtime and the probers know (upstream: kubelet_pods.go generateAPIPodStatus). Pure. */
export function generatePodStatus(input: StatusInput): PodStatus {
  const { pod, runtimePod, hostIPs, nowMs, failure } = input;
  const init = pod.spec.initContainers ?? [];
  const ephemeral = (pod.spec.ephemeralContainers ?? []) as readonly Container[];
  const previous = pod.status ?? {};
  const initStatuses = withReadiness(input, init, statusesOf(input, init, previous.initContainerStatuses, true));
  const statuses = withReadiness(input, pod.spec.containers, statusesOf(input, pod.spec.containers, previous.containerStatuses, false));
  const phase = terminalPhase(previous.phase) ?? (failure !== undefined ? 'Failed' : podPhase({ pod, statuses, initStatuses, podIsTerminal: input.podIsTerminal }));
  const now = formatTime(nowMs);
  const hostNetwork = pod.spec.hostNetwork === true;
  const ips = hostNetwork ? hostIPs : runtimePod.ips.length > 0 ? runtimePod.ips : (previous.podIPs ?? []).flatMap(({ ip }) => ip ?? []);
  const sandboxReady = runtimePod.sandboxes[0]?.state === 'SANDBOX_READY' && (hostNetwork || runtimePod.ips.length > 0);
  return {
    ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
    phase,
    conditions: podConditions({ pod, phase, statuses, initStatuses, sandboxReady, now }),
    ...(failure !== undefined ? failure : { ...(previous.reason && { reason: previous.reason }), ...(previous.message && { message: previous.message }) }),
    hostIP: hostIPs[0] ?? '',
    hostIPs: hostIPs.map((ip) => ({ ip })),
    ...(ips[0] !== undefined && { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) }),
    startTime: previous.startTime ?? now,
    qosClass: podQOS(pod),
    ...(init.length > 0 && { initContainerStatuses: initStatuses }),
    containerStatuses: statuses,
    ...(ephemeral.length > 0 && { ephemeralContainerStatuses: statusesOf(input, ephemeral, previous.ephemeralContainerStatuses, false) }),
  };
}

function terminalPhase(phase: string | undefined): 'Succeeded' | 'Failed' | undefined {
  return phase === 'Succeeded' || phase === 'Failed' ? phase : undefined;
}

function statusesOf(input: StatusInput, containers: readonly Container[], previous: readonly ContainerStatus[] | undefined, isInit: boolean): ContainerStatus[] {
  const { pod, runtimePod, reasons, terminationMessage } = input;
  return containerStatuses({ pod, runtimePod, containers, previous: previous ?? [], isInit, reasons, terminationMessage });
}

/** Upstream: prober_manager.go UpdatePodStatus. */
function withReadiness({ probes, pod }: StatusInput, containers: readonly Container[], statuses: readonly ContainerStatus[]): ContainerStatus[] {
  return statuses.map((status) => {
    const container = containers.find((candidate) => candidate.name === status.name);
    if (container === undefined) return status;
    const isPlainInit = (pod.spec.initContainers ?? []).includes(container) && container.restartPolicy !== 'Always';
    if (isPlainInit) {
      const done = status.state?.terminated?.exitCode === 0;
      return { ...status, started: status.state?.running !== undefined, ready: done };
    }
    if (status.state?.running === undefined || status.containerID === undefined) return { ...status, ready: false, started: false };
    const id = status.containerID.replace(/^containerd:\/\//, '');
    const started = container.startupProbe === undefined || probes.startup(id) === 'success';
    const ready = started && (container.readinessProbe === undefined || probes.readiness(id) === 'success');
    return { ...status, started, ready };
  });
}
