import type { Node, Pod } from '../../../kube/api/generated/core/v1.ts';
import { NodeInfo } from '../framework/node-info.ts';
import { newPodInfo, type PodInfo, withPod } from '../framework/pod-info.ts';

/**
 * What runs where, as the API server says or as this scheduler has just decided (upstream: backend/cache). An assumed pod counts on its node
 * until the watch confirms it or the binding fails. Example: assume(p, n1) → requested of n1 grows; addPod(p on n1) only swaps in the newer
 * object; forget(p) takes it away again.
 */
export class SchedulerCache {
  readonly #nodes = new Map<string, NodeInfo>();
  readonly #podNode = new Map<string, string>();
  readonly #assumed = new Set<string>();
  #list: NodeInfo[] | undefined;
  /** How many pods have any affinity: plugins skip their scan at zero. */
  #withAffinity = 0;
  #withRequiredAntiAffinity = 0;

  get podsWithAffinity(): number {
    return this.#withAffinity;
  }

  get podsWithRequiredAntiAffinity(): number {
    return this.#withRequiredAntiAffinity;
  }

  get podCount(): number {
    return this.#podNode.size;
  }

  get assumedCount(): number {
    return this.#assumed.size;
  }

  /** Present nodes, interleaved over zones so that a sample of neighbours spreads. */
  nodes(): readonly NodeInfo[] {
    this.#list ??= interleaveZones([...this.#nodes.values()].filter(({ present }) => present));
    return this.#list;
  }

  node(name: string): NodeInfo | undefined {
    const info = this.#nodes.get(name);
    return info?.present === true ? info : undefined;
  }

  addOrUpdateNode(node: Node): void {
    const known = this.#nodes.get(node.metadata.name);
    if (known === undefined) {
      this.#nodes.set(node.metadata.name, new NodeInfo(node));
      this.#list = undefined;
      return;
    }
    if (!known.present || zoneOf(known.node) !== zoneOf(node)) this.#list = undefined;
    known.setNode(node);
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    if (info === undefined) return;
    this.#list = undefined;
    if (info.pods.size === 0) this.#nodes.delete(name);
    else info.present = false;
  }

  isAssumed(uid: string): boolean {
    return this.#assumed.has(uid);
  }

  assume(info: PodInfo, nodeName: string): void {
    this.#assumed.add(info.uid);
    const pod = { ...info.pod, spec: { ...info.pod.spec, nodeName } };
    this.#place({ ...info, pod }, nodeName);
  }

  forget(uid: string): void {
    if (this.#assumed.delete(uid)) this.#remove(uid);
  }

  /** A pod that has a node, as the watch reports it. */
  addOrUpdatePod(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    const nodeName = pod.spec.nodeName ?? '';
    this.#assumed.delete(uid);
    const previousNode = this.#podNode.get(uid);
    const previous = previousNode === undefined ? undefined : this.#nodes.get(previousNode)?.pods.get(uid);
    const info = previous === undefined ? newPodInfo(pod) : withPod(previous, pod);
    if (previous !== undefined && previousNode === nodeName && sameGroup(previous.pod, pod) && info.requests === previous.requests) {
      this.#nodes.get(nodeName)?.pods.set(uid, info);
      return;
    }
    this.#remove(uid);
    this.#place(info, nodeName);
  }

  removePod(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    this.#assumed.delete(uid);
    this.#remove(uid);
  }

  #place(info: PodInfo, nodeName: string): void {
    let node = this.#nodes.get(nodeName);
    if (node === undefined) {
      node = new NodeInfo({ apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName }, spec: {} });
      node.present = false;
      this.#nodes.set(nodeName, node);
    }
    const before = { affinity: node.podsWithAffinity.size, anti: node.podsWithRequiredAntiAffinity.size };
    node.addPod(info);
    this.#count(node, before);
    this.#podNode.set(info.uid, nodeName);
  }

  #remove(uid: string): void {
    const nodeName = this.#podNode.get(uid);
    if (nodeName === undefined) return;
    this.#podNode.delete(uid);
    const node = this.#nodes.get(nodeName);
    if (node === undefined) return;
    const before = { affinity: node.podsWithAffinity.size, anti: node.podsWithRequiredAntiAffinity.size };
    node.removePod(uid);
    this.#count(node, before);
    if (!node.present && node.pods.size === 0) this.#nodes.delete(nodeName);
  }

  #count(node: NodeInfo, before: { readonly affinity: number; readonly anti: number }): void {
    this.#withAffinity += node.podsWithAffinity.size - before.affinity;
    this.#withRequiredAntiAffinity += node.podsWithRequiredAntiAffinity.size - before.anti;
  }
}

function sameGroup(a: Pod, b: Pod): boolean {
  if ((a.metadata.deletionTimestamp === undefined) !== (b.metadata.deletionTimestamp === undefined)) return false;
  const left = a.metadata.labels ?? {};
  const right = b.metadata.labels ?? {};
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => left[key] === right[key]);
}

function zoneOf({ metadata }: Node): string {
  return `${metadata.labels?.['topology.kubernetes.io/region'] ?? ''}:${metadata.labels?.['topology.kubernetes.io/zone'] ?? ''}`;
}

function interleaveZones(nodes: readonly NodeInfo[]): NodeInfo[] {
  const zones = [...Map.groupBy(nodes, ({ node }) => zoneOf(node)).values()];
  if (zones.length <= 1) return [...nodes];
  const list: NodeInfo[] = [];
  for (let i = 0; list.length < nodes.length; i++) {
    for (const zone of zones) {
      const info = zone[i];
      if (info !== undefined) list.push(info);
    }
  }
  return list;
}
