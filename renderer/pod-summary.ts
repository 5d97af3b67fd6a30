import type { ContainerState, ContainerStatus, Pod } from '../kube/api/generated/core/v1.ts';

export type Tone = 'good' | 'busy' | 'bad' | 'idle';

export interface PodSummary {
  /** The STATUS that `kubectl get pods` prints. */
  readonly status: string;
  readonly tone: Tone;
  readonly ready: number;
  readonly containers: number;
  readonly restarts: number;
}

const badReason = /Error|BackOff|OOMKilled|Failed|Invalid|Evicted|Unknown|ContainerCannotRun/u;

/** Sums up a pod as kubectl does (upstream: pkg/printers/internalversion printPod). */
export function summarizePod(pod: Pod): PodSummary {
  const statuses = pod.status?.containerStatuses ?? [];
  const status = podStatus(pod);
  return {
    status,
    tone: toneOf(status, pod),
    ready: statuses.filter((container) => container.ready && container.state?.running !== undefined).length,
    containers: pod.spec.containers.length,
    restarts: [...statuses, ...(pod.status?.initContainerStatuses ?? [])].reduce((sum, container) => sum + container.restartCount, 0),
  };
}

function podStatus(pod: Pod): string {
  if (pod.metadata.deletionTimestamp !== undefined) return pod.status?.reason === 'NodeLost' ? 'Unknown' : 'Terminating';
  const gated = pod.status?.conditions?.find((condition) => condition.type === 'PodScheduled' && condition.reason === 'SchedulingGated');
  const base = gated === undefined ? (pod.status?.reason ?? pod.status?.phase ?? 'Pending') : 'SchedulingGated';
  return initStatus(pod) ?? containersStatus(pod, base);
}

/** `Init:1/2`, `Init:CrashLoopBackOff`; undefined when initialization is over. */
function initStatus(pod: Pod): string | undefined {
  const statuses = pod.status?.initContainerStatuses ?? [];
  const sidecars = new Set((pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always').map((container) => container.name));
  for (const [index, container] of statuses.entries()) {
    if (container.state?.terminated?.exitCode === 0) continue;
    if (sidecars.has(container.name) && container.started === true) continue;
    if (container.state?.terminated !== undefined) return `Init:${terminatedReason(container.state.terminated)}`;
    const waiting = container.state?.waiting?.reason;
    if (waiting !== undefined && waiting !== 'PodInitializing') return `Init:${waiting}`;
    return `Init:${index}/${pod.spec.initContainers?.length ?? statuses.length}`;
  }
  return undefined;
}

function containersStatus(pod: Pod, base: string): string {
  let status = base;
  let running = false;
  for (const container of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    if (container.state?.waiting?.reason) status = container.state.waiting.reason;
    else if (container.state?.terminated !== undefined) status = terminatedReason(container.state.terminated);
    else if (container.ready && container.state?.running !== undefined) running = true;
  }
  if (status !== 'Completed' || !running) return status;
  return pod.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') === true ? 'Running' : 'NotReady';
}

function terminatedReason(terminated: NonNullable<ContainerState['terminated']>): string {
  return terminated.reason || (terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`);
}

function toneOf(status: string, pod: Pod): Tone {
  if (badReason.test(status) || /^(ExitCode|Signal):/u.test(status)) return 'bad';
  if (status === 'Running') return isReady(pod) ? 'good' : 'busy';
  return status === 'Completed' || status === 'Succeeded' ? 'idle' : 'busy';
}

export function isReady(object: { readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] } }): boolean {
  return object.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false;
}

/** One line on what a container is doing, e.g. `waiting: ImagePullBackOff`. */
export function describeContainer(status: ContainerStatus | undefined): { readonly text: string; readonly tone: Tone; readonly detail?: string } {
  const state = status?.state;
  if (state?.running !== undefined) return { text: status?.ready === true ? 'running' : 'running, not ready', tone: status?.ready === true ? 'good' : 'busy' };
  if (state?.terminated !== undefined) return { text: `${terminatedReason(state.terminated)} (exit code ${state.terminated.exitCode})`, tone: state.terminated.exitCode === 0 ? 'idle' : 'bad', detail: state.terminated.message };
  const reason = state?.waiting?.reason ?? 'waiting';
  return { text: reason, tone: badReason.test(reason) ? 'bad' : 'busy', detail: state?.waiting?.message };
}
