import { formatTime } from '../../../kube/apimachinery/time.ts';
import type { Container, ContainerStatus, Pod, PodCondition, PodStatus } from '../../../kube/api/generated/core/v1.ts';

/** Why the kubelet itself ended a pod, or would not begin it. */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

/** Killed, as by SIGKILL. */
const KILLED = 137;

/** Every container runs the image and has the resources that the spec says by now; one whose image changed was restarted. */
export function runningStatus(pod: Pod, { hostIP, podIP, nowMs }: { readonly hostIP: string; readonly podIP: () => string; readonly nowMs: number }): PodStatus {
  const now = formatTime(nowMs);
  const ip = pod.spec.hostNetwork === true ? hostIP : (pod.status?.podIP ?? podIP());
  const known = new Map([...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].map((status) => [status.name, status]));
  const running = (container: Container): ContainerStatus => runningContainer(pod, { container, previous: known.get(container.name), now });
  const init = (pod.spec.initContainers ?? []).map((container) =>
    container.restartPolicy === 'Always' ? running(container) : (known.get(container.name) ?? { ...ended(pod, { container, exitCode: 0, now }), ready: true }),
  );
  return {
    ...pod.status,
    ...observed(pod),
    phase: 'Running',
    hostIP,
    hostIPs: [{ ip: hostIP }],
    podIP: ip,
    podIPs: [{ ip }],
    startTime: pod.status?.startTime ?? now,
    conditions: conditionsOf(pod, { ready: gatesOpen(pod), nowMs }),
    ...(init.length > 0 && { initContainerStatuses: init }),
    containerStatuses: pod.spec.containers.map(running),
  };
}

/** Upstream: a pod that was stopped shows how its containers ended before its object goes. */
export function finishedStatus(pod: Pod, { exitCode, nowMs }: { readonly exitCode: number; readonly nowMs: number }): PodStatus {
  const reason = exitCode === 0 ? 'PodCompleted' : 'PodFailed';
  return { ...pod.status, ...observed(pod), phase: exitCode === 0 ? 'Succeeded' : 'Failed', conditions: conditionsOf(pod, { ready: false, reason, nowMs }), ...endedContainers(pod, { exitCode, nowMs }) };
}

/** Ended by the kubelet: its containers, if there are any, were killed. */
export function failedStatus(pod: Pod, { reason, message }: Refusal, nowMs: number): PodStatus {
  const begun = pod.status?.containerStatuses !== undefined;
  const conditions = begun ? { conditions: conditionsOf(pod, { ready: false, reason: 'PodFailed', nowMs }), ...endedContainers(pod, { exitCode: KILLED, nowMs }) } : {};
  return { ...pod.status, ...observed(pod), phase: 'Failed', reason, message, startTime: pod.status?.startTime ?? formatTime(nowMs), ...conditions };
}

export function gatesOpen(pod: Pod): boolean {
  return (pod.spec.readinessGates ?? []).every(({ conditionType }) => pod.status?.conditions?.find(({ type }) => type === conditionType)?.status === 'True');
}

function observed({ metadata }: Pod): Pick<PodStatus, 'observedGeneration'> {
  return metadata.generation === undefined ? {} : { observedGeneration: metadata.generation };
}

function runningContainer(pod: Pod, { container, previous, now }: { readonly container: Container; readonly previous: ContainerStatus | undefined; readonly now: string }): ContainerStatus {
  const { name, image = '', resources } = container;
  const isRestart = previous?.state?.running !== undefined && previous.image !== image;
  const restartCount = (previous?.restartCount ?? 0) + (isRestart ? 1 : 0);
  const lastState = isRestart ? { lastState: ended(pod, { container, exitCode: 0, now, previous }).state } : previous?.lastState && { lastState: previous.lastState };
  const startedAt = isRestart ? now : (previous?.state?.running?.startedAt ?? now);
  const hasResources = resources !== undefined && Object.keys(resources).length > 0;
  return {
    name, image, imageID: `simulated://${image}`, containerID: containerID(pod, { name, restartCount }), ready: true, started: true, restartCount, state: { running: { startedAt } },
    ...lastState,
    ...(hasResources && { resources, ...(resources.requests && { allocatedResources: resources.requests }) }),
  };
}

function endedContainers(pod: Pod, { exitCode, nowMs }: { readonly exitCode: number; readonly nowMs: number }): Pick<PodStatus, 'containerStatuses' | 'initContainerStatuses'> {
  const now = formatTime(nowMs);
  const statusOf = (container: Container, known: readonly ContainerStatus[] | undefined): ContainerStatus => {
    const previous = known?.find(({ name }) => name === container.name);
    return previous?.state?.terminated === undefined ? ended(pod, { container, exitCode, now, previous }) : previous;
  };
  const { containers, initContainers = [] } = pod.spec;
  return {
    containerStatuses: containers.map((container) => statusOf(container, pod.status?.containerStatuses)),
    ...(initContainers.length > 0 && { initContainerStatuses: initContainers.map((container) => statusOf(container, pod.status?.initContainerStatuses)) }),
  };
}

function ended(
  pod: Pod,
  { container, exitCode, now, previous }: { readonly container: Container; readonly exitCode: number; readonly now: string; readonly previous?: ContainerStatus | undefined },
): ContainerStatus {
  const { name, image = '' } = container;
  const restartCount = previous?.restartCount ?? 0;
  const id = containerID(pod, { name, restartCount });
  const terminated = { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt: previous?.state?.running?.startedAt ?? now, finishedAt: now, containerID: id };
  return { name, image, imageID: `simulated://${image}`, containerID: id, ready: false, started: false, restartCount, state: { terminated } };
}

function containerID(pod: Pod, { name, restartCount }: { readonly name: string; readonly restartCount: number }): string {
  return `simulated://${pod.metadata.uid}/${name}${restartCount > 0 ? `/${restartCount}` : ''}`;
}

function conditionsOf(pod: Pod, { ready, reason, nowMs }: { readonly ready: boolean; readonly reason?: string; readonly nowMs: number }): PodCondition[] {
  const known = pod.status?.conditions ?? [];
  const now = formatTime(nowMs);
  const { generation } = pod.metadata;
  const condition = (type: string, isTrue: boolean, why?: string): PodCondition => {
    const status = isTrue ? 'True' : 'False';
    const previous = known.find((candidate) => candidate.type === type);
    const lastTransitionTime = previous?.status === status ? previous.lastTransitionTime : now;
    return { type, status, ...(why !== undefined && { reason: why }), lastTransitionTime, ...(generation !== undefined && { observedGeneration: generation }) };
  };
  const own = [
    condition('PodReadyToStartContainers', reason === undefined),
    condition('Initialized', true, reason === 'PodCompleted' ? reason : undefined),
    condition('Ready', ready, ready ? undefined : (reason ?? 'ReadinessGatesNotReady')),
    condition('ContainersReady', reason === undefined, reason),
    condition('PodScheduled', true),
  ];
  return [...known.filter(({ type }) => !own.some((candidate) => candidate.type === type)), ...own];
}
