import { type LabelRequirements, matchesLabels } from '../../../kube/apimachinery/label-selector.ts';
import type { NodeInfo } from '../framework/node-info.ts';

/** How many pods per topology domain, a domain being a node label and its value. */
export class TopologyCounts {
  readonly #counts = new Map<string, Map<string, number>>();

  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  add(key: string, value: string, count: number): void {
    let byValue = this.#counts.get(key);
    if (byValue === undefined) this.#counts.set(key, (byValue = new Map()));
    byValue.set(value, (byValue.get(value) ?? 0) + count);
  }

  /** Adds to the domain that the node belongs to, if any. */
  addFor(node: NodeInfo, key: string, count: number): void {
    const value = node.node.metadata.labels?.[key];
    if (value !== undefined) this.add(key, value, count);
  }

  get(key: string, value: string): number {
    return this.#counts.get(key)?.get(value) ?? 0;
  }

  domains(key: string): ReadonlyMap<string, number> {
    return this.#counts.get(key) ?? new Map();
  }

  keys(): Iterable<string> {
    return this.#counts.keys();
  }

  clone(): TopologyCounts {
    const copy = new TopologyCounts();
    for (const [key, byValue] of this.#counts) for (const [value, count] of byValue) copy.add(key, value, count);
    return copy;
  }
}

/** Counts pods on nodes that a selector matches; remembers its verdict per group of like pods. */
export class MatchingPodCounter {
  readonly #namespace: string;
  readonly #selectors: readonly LabelRequirements[];
  readonly #verdicts = new Map<string, boolean>();

  constructor(namespace: string, ...selectors: readonly LabelRequirements[]) {
    this.#namespace = namespace;
    this.#selectors = selectors;
  }

  /** Pods that are going away do not count. */
  count(node: NodeInfo): number {
    let total = 0;
    for (const group of node.groups.values()) {
      if (group.terminating || group.namespace !== this.#namespace) continue;
      let verdict = this.#verdicts.get(group.key);
      if (verdict === undefined) this.#verdicts.set(group.key, (verdict = this.matches(group.labels)));
      if (verdict) total += group.count;
    }
    return total;
  }

  matches(labels: Readonly<Record<string, string>>): boolean {
    return this.#selectors.every((selector) => matchesLabels(selector, labels));
  }
}
