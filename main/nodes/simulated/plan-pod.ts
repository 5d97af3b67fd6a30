import { formatTime, parseTime } from '../../../kube/apimachinery/time.ts';
import type { ContainerStatus, Pod, PodCondition, PodStatus } from '../../../kube/api/generated/core/v1.ts';

/** A pod with this annotation finishes after so many seconds; others run until they are deleted. */
export const RUN_SECONDS = 'simulated.coracle.dev/run-seconds';
/** With what its containers then exit: 0 (default) is success. */
export const EXIT_CODE = 'simulated.coracle.dev/exit-code';
/** Pretends that stopping takes this long, at most the grace period. */
export const STOP_SECONDS = 'simulated.coracle.dev/stop-seconds';

export type PodStep =
  | { readonly action: 'status'; readonly status: PodStatus; readonly thenAfterMs?: number }
  | { readonly action: 'remove' }
  | { readonly action: 'wait'; readonly delayMs: number }
  | { readonly action: 'nothing' };

/** What the kubelet of a simulated node does next for a pod. */
export function planPod(pod: Pod, node: { readonly hostIP: string; readonly podIP: () => string; readonly nowMs: number }): PodStep {
  const { nowMs } = node;
  if (pod.metadata.deletionTimestamp !== undefined) return planRemoval(pod, nowMs);
  const phase = pod.status?.phase;
  if (phase === 'Succeeded' || phase === 'Failed') return { action: 'nothing' };
  const runMs = Number(pod.metadata.annotations?.[RUN_SECONDS] ?? Number.NaN) * 1000;
  if (phase !== 'Running') return { action: 'status', status: runningStatus(pod, node), ...(Number.isFinite(runMs) && { thenAfterMs: runMs }) };
  if (Number.isFinite(runMs)) {
    const leftMs = (parseTime(pod.status?.startTime) ?? nowMs) + runMs - nowMs;
    return leftMs > 0 ? { action: 'wait', delayMs: leftMs } : { action: 'status', status: finishedStatus(pod, nowMs) };
  }
  const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  if (ready !== 'True' && gatesOpen(pod)) return { action: 'status', status: { ...pod.status, conditions: conditionsOf(pod, { ready: true, nowMs }) } };
  return { action: 'nothing' };
}

function planRemoval(pod: Pod, nowMs: number): PodStep {
  const stopMs = Number(pod.metadata.annotations?.[STOP_SECONDS] ?? 0) * 1000;
  const dueMs = parseTime(pod.metadata.deletionTimestamp) ?? nowMs;
  const startedMs = dueMs - (pod.metadata.deletionGracePeriodSeconds ?? 0) * 1000;
  const leftMs = Math.min(dueMs, startedMs + stopMs) - nowMs;
  return leftMs > 0 && stopMs > 0 ? { action: 'wait', delayMs: leftMs } : { action: 'remove' };
}

function gatesOpen(pod: Pod): boolean {
  return (pod.spec.readinessGates ?? []).every(({ conditionType }) => pod.status?.conditions?.find(({ type }) => type === conditionType)?.status === 'True');
}

function runningStatus(pod: Pod, { hostIP, podIP, nowMs }: { readonly hostIP: string; readonly podIP: () => string; readonly nowMs: number }): PodStatus {
  const now = formatTime(nowMs);
  const ip = pod.spec.hostNetwork === true ? hostIP : (pod.status?.podIP ?? podIP());
  const sidecars = (pod.spec.initContainers ?? []).map((container) =>
    container.restartPolicy === 'Always' ? runningContainer(pod, container, now) : doneContainer(pod, { container, exitCode: 0, started: now, finished: now }),
  );
  return {
    ...pod.status,
    phase: 'Running',
    hostIP,
    hostIPs: [{ ip: hostIP }],
    podIP: ip,
    podIPs: [{ ip }],
    startTime: pod.status?.startTime ?? now,
    conditions: conditionsOf(pod, { ready: gatesOpen(pod), nowMs }),
    ...(sidecars.length > 0 && { initContainerStatuses: sidecars }),
    containerStatuses: pod.spec.containers.map((container) => runningContainer(pod, container, now)),
  };
}

function finishedStatus(pod: Pod, nowMs: number): PodStatus {
  const exitCode = Number(pod.metadata.annotations?.[EXIT_CODE] ?? 0);
  const started = pod.status?.startTime ?? formatTime(nowMs);
  const finished = formatTime(nowMs);
  return {
    ...pod.status,
    phase: exitCode === 0 ? 'Succeeded' : 'Failed',
    conditions: conditionsOf(pod, { ready: false, reason: 'PodCompleted', nowMs }),
    containerStatuses: pod.spec.containers.map((container) => doneContainer(pod, { container, exitCode, started, finished })),
  };
}

type NamedContainer = { readonly name: string; readonly image?: string };

function runningContainer(pod: Pod, { name, image = '' }: NamedContainer, startedAt: string): ContainerStatus {
  const state = { running: { startedAt } };
  return { name, image, imageID: `simulated://${image}`, containerID: containerID(pod, name), ready: true, started: true, restartCount: 0, state };
}

function doneContainer(
  pod: Pod,
  { container, exitCode, started, finished }: { readonly container: NamedContainer; readonly exitCode: number; readonly started: string; readonly finished: string },
): ContainerStatus {
  const { name, image = '' } = container;
  const id = containerID(pod, name);
  const terminated = { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt: started, finishedAt: finished, containerID: id };
  return { name, image, imageID: `simulated://${image}`, containerID: id, ready: exitCode === 0, started: false, restartCount: 0, state: { terminated } };
}

function containerID(pod: Pod, name: string): string {
  return `simulated://${pod.metadata.uid}/${name}`;
}

function conditionsOf(pod: Pod, { ready, reason, nowMs }: { readonly ready: boolean; readonly reason?: string; readonly nowMs: number }): PodCondition[] {
  const known = pod.status?.conditions ?? [];
  const now = formatTime(nowMs);
  const condition = (type: string, isTrue: boolean, why?: string): PodCondition => {
    const status = isTrue ? 'True' : 'False';
    const previous = known.find((candidate) => candidate.type === type);
    const lastTransitionTime = previous?.status === status ? previous.lastTransitionTime : now;
    return { type, status, ...(why !== undefined && { reason: why }), lastTransitionTime };
  };
  const own = [
    condition('PodReadyToStartContainers', reason !== 'PodCompleted'),
    condition('Initialized', true, reason),
    condition('Ready', ready, ready ? undefined : (reason ?? 'ReadinessGatesNotReady')),
    condition('ContainersReady', reason === undefined, reason),
    condition('PodScheduled', true),
  ];
  return [...known.filter(({ type }) => !own.some((candidate) => candidate.type === type)), ...own];
}
