/**
 * How long kubelets may keep Secrets and ConfigMaps before they ask again, by the number of Nodes (upstream: pkg/controller/ttl). Steps
 * overlap, so that a cluster around a boundary does not change its mind with every Node.
 */
const STEPS: readonly { readonly minNodes: number; readonly maxNodes: number; readonly ttlSeconds: number }[] = [
  { minNodes: 0, maxNodes: 100, ttlSeconds: 0 },
  { minNodes: 90, maxNodes: 500, ttlSeconds: 15 },
  { minNodes: 450, maxNodes: 1000, ttlSeconds: 30 },
  { minNodes: 900, maxNodes: 2000, ttlSeconds: 60 },
  { minNodes: 1800, maxNodes: Number.POSITIVE_INFINITY, ttlSeconds: 300 },
];

/** Remembers the step that the cluster is in. */
export class ClusterSizeTtl {
  #step = 0;

  /** Seconds, for a cluster that has come to this size. */
  secondsFor(nodes: number): number {
    while (nodes > this.#current.maxNodes) this.#step++;
    while (nodes < this.#current.minNodes) this.#step--;
    return this.#current.ttlSeconds;
  }

  get #current(): (typeof STEPS)[number] {
    return STEPS[this.#step]!;
  }
}
