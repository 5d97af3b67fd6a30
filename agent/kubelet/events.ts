import type { Pod } from '../../kube/api/generated/core/v1.ts';
import type { EventRecorder } from '../../kube/client/event-recorder.ts';

export interface EventNote { readonly type: 'Normal' | 'Warning'; readonly reason: string; readonly message: string; readonly fieldPath?: string }

export interface EventSink {
  /** Never throws and never waits: events are best effort. */
  pod(pod: Pod, note: EventNote): void;
  node(note: EventNote): void;
}

/** The kubelet's events about its pods and its Node, whose uid is its name as upstream has it. */
export function kubeletEvents(recorder: EventRecorder, nodeName: string): EventSink {
  return {
    pod: (pod, note) => recorder.event({ object: pod, ...note }),
    node: (note) => recorder.event({ object: { kind: 'Node', name: nodeName, uid: nodeName }, ...note }),
  };
}

/** The fieldPath by which events point at a container. */
export function containerFieldPath(pod: Pod, containerName: string): string {
  if (pod.spec.containers.some(({ name }) => name === containerName)) return `spec.containers{${containerName}}`;
  if ((pod.spec.initContainers ?? []).some(({ name }) => name === containerName)) return `spec.initContainers{${containerName}}`;
  return `spec.ephemeralContainers{${containerName}}`;
}
