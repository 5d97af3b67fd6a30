import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { Change } from './change.ts';

/** What a watch can go back to: at most this many changes, of at most this many bytes, but some in any case. */
const maxChanges = 4096;
const maxBytes = 8 * 1024 * 1024;
const minChanges = 100;

/**
 * The latest changes of one resource, oldest first: a watch that was interrupted goes on from here.
 *
 *     dropped up to 40 | 41 44 44 47      from(43) → 44 44 47      from(39): too old
 */
export class ChangeWindow<T extends KubernetesObject> {
  /** The most changes that one holds. */
  static readonly capacity = maxChanges;
  #changes: Change<T>[] = [];
  #first = 0;
  #bytes = 0;
  #droppedRevision: number;

  /** Nothing is known of revisions up to this one. */
  constructor(startRevision: number) {
    this.#droppedRevision = startRevision;
  }

  /** A watch can go on after this revision and any later one. */
  get oldestRevision(): number {
    return this.#droppedRevision;
  }

  add(change: Change<T>): void {
    this.#changes.push(change);
    this.#bytes += sizeOf(change);
    while (this.#size > minChanges && (this.#size > maxChanges || this.#bytes > maxBytes)) this.#dropFirst();
  }

  /** The changes after revision, which must not be below `oldestRevision`. */
  *after(revision: number): Generator<Change<T>> {
    let low = this.#first;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#changes[middle]!.revision <= revision) low = middle + 1;
      else high = middle;
    }
    for (; low < this.#changes.length; low++) yield this.#changes[low]!;
  }

  get #size(): number {
    return this.#changes.length - this.#first;
  }

  #dropFirst(): void {
    const change = this.#changes[this.#first]!;
    this.#droppedRevision = change.revision;
    this.#bytes -= sizeOf(change);
    this.#first++;
    if (this.#first * 2 > this.#changes.length) {
      this.#changes = this.#changes.slice(this.#first);
      this.#first = 0;
    }
  }
}

/** The previous version is what the window alone keeps alive. */
function sizeOf<T extends KubernetesObject>({ previous }: Change<T>): number {
  return 256 + (previous?.storedJson.length ?? 0);
}
