import type { Container, ContainerState, ContainerStatus, Pod } from '../../../kube/api/generated/core/v1.ts';
import { shouldRestart } from '../pod-actions.ts';
import { RESTART_COUNT_ANNOTATION } from '../runtime-labels.ts';
import { containerNameOf } from '../runtime-pod.ts';
import type { RuntimeContainer, RuntimePod } from '../runtime-pod.ts';

export interface WaitingReason { readonly reason: string; readonly message: string }

export interface ContainerStatusOptions {
  readonly pod: Pod;
  readonly runtimePod: RuntimePod;
  readonly containers: readonly Container[];
  readonly previous: readonly ContainerStatus[];
  readonly isInit: boolean;
  /** Why the last try to start a container failed, by container name. */
  readonly reasons: ReadonlyMap<string, WaitingReason>;
  readonly terminationMessage: (container: RuntimeContainer) => string;
  readonly volumeMounts?: boolean;
}

/** Upstream: kubelet_pods.go convertToAPIContainerStatuses. Readiness is added by the status generator. */
export function containerStatuses(options: ContainerStatusOptions): ContainerStatus[] {
  const { pod, runtimePod, containers, previous, reasons } = options;
  return containers.map((container) => {
    const attempts = runtimePod.containers.filter((candidate) => containerNameOf(candidate) === container.name);
    const old = previous.find((status) => status.name === container.name);
    const [latest, before] = attempts;
    if (latest === undefined) return absentContainer({ ...options, container, old });
    const status = toStatus(latest, container, options);
    status.lastState = before === undefined ? lastOf(old, latest) : terminatedState(before, options);
    const reason = reasons.get(container.name);
    const restarts = shouldRestart({ pod, container, status: latest });
    if (reason !== undefined && restarts && status.state?.terminated !== undefined) {
      status.lastState = status.state;
      status.state = { waiting: { reason: reason.reason, message: reason.message } };
    }
    return status;
  });
}

/** Only two attempts are kept in the runtime; when the older is gone, what was already reported stays. */
function lastOf(old: ContainerStatus | undefined, latest: RuntimeContainer): ContainerState {
  return old?.containerID === `containerd://${latest.id}` ? (old.lastState ?? {}) : (old?.state?.terminated !== undefined ? old.state : (old?.lastState ?? {}));
}

function absentContainer({ pod, isInit, container, old, reasons }: ContainerStatusOptions & { container: Container; old: ContainerStatus | undefined }): ContainerStatus {
  const hasInit = (pod.spec.initContainers ?? []).length > 0;
  const fallback: WaitingReason | { reason: string } = { reason: hasInit ? 'PodInitializing' : 'ContainerCreating' };
  const base: ContainerStatus = {
    name: container.name, image: container.image ?? '', imageID: '', ready: false, restartCount: 0, started: false,
    state: { waiting: { ...(reasons.get(container.name) ?? fallback) } }, lastState: {},
  };
  if (old === undefined) return base;
  if (old.state?.terminated !== undefined) {
    const waiting = reasons.get(container.name);
    const settled = pod.spec.restartPolicy !== 'Always' || isInit || pod.metadata.deletionTimestamp !== undefined;
    if (settled && waiting === undefined) return { ...old, ready: false, started: false };
    return { ...base, restartCount: old.restartCount, lastState: old.state };
  }
  if (old.state?.running !== undefined) {
    const terminated = {
      exitCode: 137, reason: 'ContainerStatusUnknown', startedAt: undefined, finishedAt: undefined,
      message: 'The container could not be located when the pod was deleted.  The container used to be Running', containerID: old.containerID,
    };
    if (pod.metadata.deletionTimestamp !== undefined) return { ...base, restartCount: old.restartCount, state: { terminated } };
    return { ...base, restartCount: old.restartCount + 1, lastState: { terminated } };
  }
  return { ...base, restartCount: old.restartCount, lastState: old.lastState ?? {} };
}

function toStatus(container: RuntimeContainer, spec: Container, options: ContainerStatusOptions): ContainerStatus {
  const status: ContainerStatus = {
    name: spec.name,
    containerID: `containerd://${container.id}`,
    image: imageName(container, spec),
    imageID: container.imageRef,
    ready: false,
    restartCount: Number(container.annotations[RESTART_COUNT_ANNOTATION] ?? container.metadata.attempt),
    started: false,
    state: {},
    lastState: {},
    ...(spec.resources !== undefined && Object.keys(spec.resources).length > 0 && container.state === 'CONTAINER_RUNNING' && {
      resources: spec.resources, ...(spec.resources.requests !== undefined && { allocatedResources: spec.resources.requests }),
    }),
  };
  const user = container.user?.linux;
  if (user) status.user = { linux: { uid: user.uid, gid: user.gid, supplementalGroups: [...user.supplementalGroups] } };
  if ((spec.volumeMounts ?? []).length > 0) {
    status.volumeMounts = (spec.volumeMounts ?? []).map((mount) => ({ name: mount.name, mountPath: mount.mountPath, ...(mount.readOnly === true && { readOnly: true, recursiveReadOnly: 'Disabled' }) }));
  }
  if (container.state === 'CONTAINER_RUNNING') status.state = { running: { startedAt: toTime(container.startedAt) } };
  else if (container.state === 'CONTAINER_EXITED' || container.state === 'CONTAINER_UNKNOWN') status.state = terminatedState(container, options);
  else status.state = { waiting: { ...(options.reasons.get(spec.name) ?? { reason: 'ContainerCreating' }) } };
  return status;
}

/** containerd answers an image id where an image has no name of its own. */
function imageName(container: RuntimeContainer, spec: Container): string {
  const name = container.image?.userSpecifiedImage || container.image?.image || '';
  return name === '' || name.startsWith('sha256:') ? (spec.image ?? '') : name;
}

function terminatedState(container: RuntimeContainer, { terminationMessage }: ContainerStatusOptions): ContainerState {
  const unknown = container.state === 'CONTAINER_UNKNOWN';
  const message = container.message !== '' ? container.message : terminationMessage(container);
  return {
    terminated: {
      exitCode: unknown ? 137 : container.exitCode,
      reason: unknown ? 'ContainerStatusUnknown' : container.reason || (container.exitCode === 0 ? 'Completed' : 'Error'),
      ...(message !== '' && { message }),
      startedAt: toTime(container.startedAt),
      finishedAt: toTime(container.finishedAt),
      containerID: `containerd://${container.id}`,
    },
  };
}

/** Nanoseconds to RFC 3339 in seconds; the zero time is null in Go and absent here. */
export function toTime(nanoseconds: number): string | undefined {
  return nanoseconds > 0 ? formatTime(nanoseconds / 1e6) : undefined;
}

export function formatTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
