import type { Container, ContainerStatus, Pod } from '../../../kube/api/generated/core/v1.ts';

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

/** Upstream: kubelet_pods.go getPhase. `podIsTerminal`: its containers will never start again. */
export function podPhase(options: { readonly pod: Pod; readonly statuses: readonly ContainerStatus[]; readonly initStatuses: readonly ContainerStatus[]; readonly podIsTerminal: boolean }): PodPhase {
  const { pod, statuses, initStatuses, podIsTerminal } = options;
  const { pendingInit, failedInit } = countInit(pod, initStatuses);
  const { unknown, running, waiting, stopped, succeeded } = countContainers(pod.spec.containers, statuses);
  if (failedInit > 0 && pod.spec.restartPolicy === 'Never') return 'Failed';
  const begun = statuses.some((status) => status.state?.running !== undefined || status.state?.terminated !== undefined || status.lastState?.terminated !== undefined);
  if (pendingInit > 0 && !begun) return 'Pending';
  if (waiting > 0) return 'Pending';
  if (running > 0 && unknown === 0) return 'Running';
  if (running === 0 && stopped > 0 && unknown === 0) {
    if (podIsTerminal) return stopped === succeeded ? 'Succeeded' : 'Failed';
    if (pod.spec.restartPolicy === 'Always') return 'Running';
    if (stopped === succeeded) return 'Succeeded';
    return pod.spec.restartPolicy === 'Never' ? 'Failed' : 'Running';
  }
  return 'Pending';
}

function countInit(pod: Pod, statuses: readonly ContainerStatus[]): { pendingInit: number; failedInit: number } {
  let pendingInit = 0;
  let failedInit = 0;
  for (const container of pod.spec.initContainers ?? []) {
    const status = statuses.find((candidate) => candidate.name === container.name);
    const { state = {}, lastState = {} } = status ?? {};
    if (container.restartPolicy === 'Always') {
      if (status?.started !== true && !(state.terminated !== undefined)) pendingInit++;
    } else if (status === undefined || state.running !== undefined) pendingInit++;
    else if (state.terminated !== undefined) failedInit += state.terminated.exitCode === 0 ? 0 : 1;
    else if (lastState.terminated === undefined) pendingInit++;
    else if (lastState.terminated.exitCode !== 0) failedInit++;
    else pendingInit++;
  }
  return { pendingInit, failedInit };
}

function countContainers(containers: readonly Container[], statuses: readonly ContainerStatus[]) {
  const count = { unknown: 0, running: 0, waiting: 0, stopped: 0, succeeded: 0 };
  for (const container of containers) {
    const status = statuses.find((candidate) => candidate.name === container.name);
    const { state = {}, lastState = {} } = status ?? {};
    if (status === undefined) count.unknown++;
    else if (state.running !== undefined) count.running++;
    else if (state.terminated !== undefined) {
      count.stopped++;
      if (state.terminated.exitCode === 0) count.succeeded++;
    } else if (lastState.terminated !== undefined) count.stopped++;
    else count.waiting++;
  }
  return count;
}
