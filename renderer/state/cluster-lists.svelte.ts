import type { Bridge } from '../../main/bridge/contract.ts';
import type { Event, Node, Pod, Service } from '../../kube/api/generated/core/v1.ts';
import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from '../../kube/api/generated/apps/v1.ts';
import type { Job } from '../../kube/api/generated/batch/v1.ts';
import { WatchedList } from './watched-list.svelte.ts';

/** The live lists that the views share; one watch each, for as long as the cluster runs. */
export class ClusterLists {
  readonly nodes: WatchedList<Node>;
  readonly pods: WatchedList<Pod>;
  readonly events: WatchedList<Event>;
  readonly services: WatchedList<Service>;
  readonly deployments: WatchedList<Deployment>;
  readonly replicaSets: WatchedList<ReplicaSet>;
  readonly statefulSets: WatchedList<StatefulSet>;
  readonly daemonSets: WatchedList<DaemonSet>;
  readonly jobs: WatchedList<Job>;

  constructor(bridge: Bridge) {
    this.nodes = new WatchedList(bridge, '/api/v1/nodes');
    this.pods = new WatchedList(bridge, '/api/v1/pods');
    this.events = new WatchedList(bridge, '/api/v1/events');
    this.services = new WatchedList(bridge, '/api/v1/services');
    this.deployments = new WatchedList(bridge, '/apis/apps/v1/deployments');
    this.replicaSets = new WatchedList(bridge, '/apis/apps/v1/replicasets');
    this.statefulSets = new WatchedList(bridge, '/apis/apps/v1/statefulsets');
    this.daemonSets = new WatchedList(bridge, '/apis/apps/v1/daemonsets');
    this.jobs = new WatchedList(bridge, '/apis/batch/v1/jobs');
  }

  dispose(): void {
    for (const list of [this.nodes, this.pods, this.events, this.services, this.deployments, this.replicaSets, this.statefulSets, this.daemonSets, this.jobs]) list.dispose();
  }
}
