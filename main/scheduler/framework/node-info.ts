import type { Node } from '../../../kube/api/generated/core/v1.ts';
import type { PodInfo } from './pod-info.ts';
import { addResources, emptyResources, type Resources, resourcesFrom } from './resources.ts';

/**
 * Pods of a node that no selector can tell apart: same namespace and labels. The pods of one ReplicaSet are one group, so counting matches on a
 * node takes a step per workload, not per pod.
 */
export interface PodGroup {
  readonly key: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly terminating: boolean;
  count: number;
}

/** A node with the sum of what runs or is about to run on it. */
export class NodeInfo {
  node: Node;
  allocatable: Resources;
  readonly pods = new Map<string, PodInfo>();
  readonly requested: Resources = emptyResources();
  readonly nonZeroRequested: Resources = emptyResources();
  readonly groups = new Map<string, PodGroup>();
  /** By UID: pods that have (anti-)affinity of their own, and those whose anti-affinity is required. */
  readonly podsWithAffinity = new Map<string, PodInfo>();
  readonly podsWithRequiredAntiAffinity = new Map<string, PodInfo>();
  readonly podsWithHostPorts = new Map<string, PodInfo>();
  /** False for a node that is gone but whose pods are still seen. */
  present = true;

  constructor(node: Node) {
    this.node = node;
    this.allocatable = resourcesFrom(node.status?.allocatable);
  }

  get name(): string {
    return this.node.metadata.name;
  }

  setNode(node: Node): void {
    this.node = node;
    this.allocatable = resourcesFrom(node.status?.allocatable);
    this.present = true;
  }

  addPod(info: PodInfo): void {
    this.pods.set(info.uid, info);
    addResources(this.requested, info.requests);
    addResources(this.nonZeroRequested, info.nonZeroRequests);
    const key = podGroupKey(info);
    const group = this.groups.get(key);
    if (group === undefined) {
      const { namespace = '', labels = {}, deletionTimestamp } = info.pod.metadata;
      this.groups.set(key, { key, namespace, labels, terminating: deletionTimestamp !== undefined, count: 1 });
    } else group.count++;
    if (hasAffinity(info)) this.podsWithAffinity.set(info.uid, info);
    if (info.requiredAntiAffinity.length > 0) this.podsWithRequiredAntiAffinity.set(info.uid, info);
    if (info.hostPorts.length > 0) this.podsWithHostPorts.set(info.uid, info);
  }

  /** Does nothing for a pod that is not here. */
  removePod(uid: string): void {
    const info = this.pods.get(uid);
    if (info === undefined) return;
    this.pods.delete(uid);
    addResources(this.requested, info.requests, -1);
    addResources(this.nonZeroRequested, info.nonZeroRequests, -1);
    const key = podGroupKey(info);
    const group = this.groups.get(key);
    if (group !== undefined && --group.count === 0) this.groups.delete(key);
    this.podsWithAffinity.delete(uid);
    this.podsWithRequiredAntiAffinity.delete(uid);
    this.podsWithHostPorts.delete(uid);
  }

  /** For a what-if (preemption, nominated pods); never needed on the common path. */
  clone(): NodeInfo {
    const copy = new NodeInfo(this.node);
    for (const info of this.pods.values()) copy.addPod(info);
    return copy;
  }
}

export function hasAffinity(info: PodInfo): boolean {
  return info.requiredAffinity.length + info.requiredAntiAffinity.length + info.preferredAffinity.length + info.preferredAntiAffinity.length > 0;
}

export function podGroupKey({ pod }: PodInfo): string {
  const { namespace, labels = {}, deletionTimestamp } = pod.metadata;
  let key = `${namespace}|${deletionTimestamp === undefined ? '' : 'x'}`;
  for (const name of Object.keys(labels).sort()) key += `|${name}=${labels[name]}`;
  return key;
}
