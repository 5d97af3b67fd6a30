import type { Pod, PodStatus } from '../../../kube/api/generated/core/v1.ts';

/** Which container's log is meant, or why there is none, in upstream's words (kubelet.go validateContainerLogStatus). */
export function logTarget(options: { readonly pod: Pod; readonly status: PodStatus; readonly containerName: string; readonly previous: boolean }): { readonly containerId: string } | { readonly problem: string } {
  const { pod, status, containerName, previous } = options;
  const found = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? []), ...(status.ephemeralContainerStatuses ?? [])].find(({ name }) => name === containerName);
  const where = `container "${containerName}" in pod "${pod.metadata.name}"`;
  if (found === undefined) return { problem: `${where} is not available` };
  const last = found.lastState?.terminated;
  if (previous) return last?.containerID ? { containerId: idOf(last.containerID) } : { problem: `previous terminated ${where} not found` };
  if (found.state?.running !== undefined && found.containerID) return { containerId: idOf(found.containerID) };
  const ended = found.state?.terminated ?? last;
  if (ended !== undefined) return ended.containerID ? { containerId: idOf(ended.containerID) } : { problem: `${where} is terminated` };
  const reason = found.state?.waiting?.reason;
  if (reason === 'ErrImagePull') return { problem: `${where} is waiting to start: image can't be pulled` };
  if (reason === 'ImagePullBackOff') return { problem: `${where} is waiting to start: trying and failing to pull image` };
  return reason === undefined ? { problem: `${where} is not available` } : { problem: `${where} is waiting to start: ${reason}` };
}

function idOf(containerID: string): string {
  return containerID.replace(/^\w+:\/\//, '');
}
