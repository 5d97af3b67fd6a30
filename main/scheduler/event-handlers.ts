import type { Node, Pod } from '../../kube/api/generated/core/v1.ts';
import type { Informer, InformerEvent } from '../../kube/client/informer.ts';
import type { SchedulerCache } from './cache/scheduler-cache.ts';
import type { ClusterResource } from './framework/plugin.ts';
import { newPodInfo } from './framework/pod-info.ts';
import type { Nominator } from './queue/nominator.ts';
import type { SchedulingQueue } from './queue/scheduling-queue.ts';

export interface EventHandlerOptions {
  readonly cache: SchedulerCache;
  readonly queue: SchedulingQueue;
  readonly nominator: Nominator;
  readonly schedulerName: string;
}

type Placement = 'assigned' | 'waiting' | 'none';

/** Takes the watch's word into cache and queue (upstream: eventhandlers.go). */
export function onPodEvent(event: InformerEvent<Pod>, options: EventHandlerOptions): void {
  const { cache, queue, nominator } = options;
  const pod = event.object;
  const uid = pod.metadata.uid ?? '';
  const previous = event.type === 'update' ? event.previous : undefined;
  const before = previous === undefined || event.type === 'delete' ? undefined : placementOf(previous, options.schedulerName);
  const now: Placement = event.type === 'delete' ? 'none' : placementOf(pod, options.schedulerName);
  if (now === 'assigned') {
    queue.delete(uid);
    nominator.remove(uid);
    cache.addOrUpdatePod(pod);
    if (before !== 'assigned') queue.move({ resource: 'AssignedPod', action: 'Add', object: pod });
    else if (mattersToOthers(previous, pod)) queue.move({ resource: 'AssignedPod', action: 'Update', object: pod, previous });
    return;
  }
  if (now === 'waiting') {
    if (pod.status?.nominatedNodeName && event.type === 'add') nominator.nominate(newPodInfo(pod), pod.status.nominatedNodeName);
    if (cache.isAssumed(uid)) return;
    if (event.type === 'add' || !queue.has(uid)) queue.add(pod);
    else queue.update(pod, previous);
    return;
  }
  queue.delete(uid);
  nominator.remove(uid);
  cache.removePod(pod);
  if (pod.spec.nodeName) queue.move({ resource: 'AssignedPod', action: 'Delete', object: pod });
}

function placementOf(pod: Pod, schedulerName: string): Placement {
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return 'none';
  if (pod.spec.nodeName) return 'assigned';
  if (pod.metadata.deletionTimestamp !== undefined) return 'none';
  return (pod.spec.schedulerName ?? 'default-scheduler') === schedulerName ? 'waiting' : 'none';
}

/** Status changes of running pods free nothing. */
function mattersToOthers(previous: Pod | undefined, pod: Pod): boolean {
  if (previous === undefined) return false;
  if ((previous.metadata.deletionTimestamp === undefined) !== (pod.metadata.deletionTimestamp === undefined)) return true;
  return JSON.stringify(previous.metadata.labels) !== JSON.stringify(pod.metadata.labels);
}

export function onNodeEvent(event: InformerEvent<Node>, { cache, queue }: EventHandlerOptions): void {
  const node = event.object;
  if (event.type === 'delete') {
    cache.removeNode(node.metadata.name);
    queue.move({ resource: 'Node', action: 'Delete', object: node });
    return;
  }
  cache.addOrUpdateNode(node);
  if (event.type === 'add') queue.move({ resource: 'Node', action: 'Add', object: node });
  else if (schedulingRelevant(event.previous) !== schedulingRelevant(node)) {
    queue.move({ resource: 'Node', action: 'Update', object: node, previous: event.previous });
  }
}

/** Heartbeats change none of this. */
function schedulingRelevant({ spec, metadata, status }: Node): string {
  const conditions = status?.conditions?.map(({ type, status: value }) => `${type}=${value}`);
  return JSON.stringify([spec?.taints, spec?.unschedulable, metadata.labels, status?.allocatable, conditions]);
}

/** For resources that only wake pods up. */
export function wakeOn<T>(informer: Informer<T>, { resource, queue }: { readonly resource: ClusterResource; readonly queue: SchedulingQueue }): Disposable {
  const actions = { add: 'Add', update: 'Update', delete: 'Delete' } as const;
  return informer.onEvent((event) => queue.move({ resource, action: actions[event.type], object: event.object }));
}
