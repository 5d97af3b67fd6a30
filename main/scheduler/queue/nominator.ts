import type { PodInfo } from '../framework/pod-info.ts';

/** Pods that wait for their victims to leave: they have a claim on a node, which pods of lower priority must respect. */
export class Nominator {
  readonly #byNode = new Map<string, Map<string, PodInfo>>();
  readonly #nodeOf = new Map<string, string>();

  nominate(info: PodInfo, nodeName: string): void {
    this.remove(info.uid);
    this.#nodeOf.set(info.uid, nodeName);
    const pods = this.#byNode.get(nodeName) ?? new Map<string, PodInfo>();
    this.#byNode.set(nodeName, pods.set(info.uid, info));
  }

  remove(uid: string): void {
    const nodeName = this.#nodeOf.get(uid);
    if (nodeName === undefined) return;
    this.#nodeOf.delete(uid);
    const pods = this.#byNode.get(nodeName);
    pods?.delete(uid);
    if (pods?.size === 0) this.#byNode.delete(nodeName);
  }

  nodeOf(uid: string): string | undefined {
    return this.#nodeOf.get(uid);
  }

  /** Pods nominated to this node that outrank, or equal, `priority`. */
  outranking(nodeName: string, { priority, uid }: { readonly priority: number; readonly uid: string }): readonly PodInfo[] {
    const pods = this.#byNode.get(nodeName);
    if (pods === undefined) return [];
    return [...pods.values()].filter((info) => info.uid !== uid && info.priority >= priority);
  }

  /** Those with less priority, which lose their claim when a pod is nominated here. */
  below(nodeName: string, priority: number): readonly PodInfo[] {
    return [...(this.#byNode.get(nodeName)?.values() ?? [])].filter((info) => info.priority < priority);
  }
}
