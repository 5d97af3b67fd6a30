import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { Tone } from '../../pod-summary.ts';
import type { ClusterLists } from '../../state/cluster-lists.svelte.ts';

export interface WorkloadRow {
  readonly key: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly ready: number;
  readonly desired: number;
  readonly tone: Tone;
  readonly created: string | undefined;
}

/** All controllers of pods in one table; ReplicaSets of a Deployment are left to their Deployment. */
export function workloadRows(lists: ClusterLists): readonly WorkloadRow[] {
  const standalone = lists.replicaSets.items.filter((set) => set.metadata.ownerReferences?.some((owner) => owner.controller === true) !== true);
  return [
    ...lists.deployments.items.map((item) => row('Deployment', item, item.status?.readyReplicas, item.spec.replicas)),
    ...lists.statefulSets.items.map((item) => row('StatefulSet', item, item.status?.readyReplicas, item.spec.replicas)),
    ...lists.daemonSets.items.map((item) => row('DaemonSet', item, item.status?.numberReady, item.status?.desiredNumberScheduled)),
    ...lists.jobs.items.map((item) => row('Job', item, item.status?.succeeded, item.spec.completions ?? 1)),
    ...standalone.map((item) => row('ReplicaSet', item, item.status?.readyReplicas, item.spec.replicas)),
  ];
}

function row(kind: string, { metadata }: KubernetesObject, ready = 0, desired = 0): WorkloadRow {
  return { key: metadata.uid ?? metadata.name, kind, name: metadata.name, namespace: metadata.namespace ?? '', ready, desired, tone: ready >= desired ? (desired === 0 || kind === 'Job' ? 'idle' : 'good') : 'busy', created: metadata.creationTimestamp };
}
