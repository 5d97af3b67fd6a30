import type { Revision, WatchBatch } from '../store.ts';

/**
 * The events of every revision since compaction, in order: what a watch from an older revision is fed from.
 *
 * Revisions without events do not exist and every revision has one batch, but compaction and a restart may leave gaps, so a revision is
 * found by binary search. Dropping from the front is amortised: the array is cut only when half of it is dead.
 *
 *     batches: [x x x | 41 42 45 46]    x = dropped, #first = 3
 *     from(43) → 45, 46       dropBelow(45) → returns 41, 42, and #first = 5
 */
export class EventLog {
  #batches: (WatchBatch | undefined)[] = [];
  #first = 0;

  get size(): number {
    return this.#batches.length - this.#first;
  }

  append(batch: WatchBatch): void {
    this.#batches.push(batch);
  }

  /** At most limit batches whose revision is at least revision, oldest first. */
  from(revision: Revision, limit: number): readonly WatchBatch[] {
    const start = this.#find(revision);
    return this.#batches.slice(start, start + limit) as WatchBatch[];
  }

  /** Forgets all batches below revision and returns them. */
  dropBelow(revision: Revision): readonly WatchBatch[] {
    const keepFrom = this.#find(revision);
    const dropped = this.#batches.slice(this.#first, keepFrom) as WatchBatch[];
    this.#batches.fill(undefined, this.#first, keepFrom);
    this.#first = keepFrom;
    if (this.#first * 2 > this.#batches.length) {
      this.#batches = this.#batches.slice(this.#first);
      this.#first = 0;
    }
    return dropped;
  }

  #find(revision: Revision): number {
    let low = this.#first;
    let high = this.#batches.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#batches[middle]!.revision < revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
