import type { Labels } from '../../../kube/apimachinery/label-selector.ts';

/** Sets that are remembered: more than the workloads of a cluster have. When there are more, all are forgotten; those in use stay as they are. */
const maxSets = 4096;

/**
 * One object for all equal sets of labels. The pods of a workload share theirs, so a selector is compared with one set instead of with a
 * thousand pods, and their labels are kept once.
 */
export class LabelSets {
  readonly #sets = new Map<string, Labels>();

  shared(labels: Labels | undefined): Labels | undefined {
    if (labels === undefined) return undefined;
    const text = JSON.stringify(labels);
    const known = this.#sets.get(text);
    if (known !== undefined) return known;
    if (this.#sets.size >= maxSets) this.#sets.clear();
    this.#sets.set(text, labels);
    return labels;
  }
}
