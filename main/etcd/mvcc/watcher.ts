import { CompactedError, type KeyRange, type Revision, type StoreEvent, type WatchBatch } from '../store.ts';
import type { EventLog } from './event-log.ts';
import { type KeyOrder, orderOf, rangeContains } from './key-range.ts';

/** Batches that wait for a slow consumer before it is fed from the log instead. A queue of pointers: 1,024 are a few kilobytes. */
const maxQueuedBatches = 1024;
/** Revisions looked at in one step of catching up. */
const catchUpStep = 1024;

/** What a watcher reads when it is behind. */
export interface WatchSource {
  readonly log: EventLog;
  readonly durableRevision: Revision;
  readonly compactRevision: Revision;
}

/**
 * One watch: either in step (every batch is queued as it becomes durable) or behind (nothing is queued; the log is read from
 * `#nextRevision` when the consumer asks). It starts behind, and falls behind when its queue is full, so memory stays bounded however
 * slow the consumer is. It fails with CompactedError only when compaction overtakes it.
 */
export class Watcher {
  readonly range: KeyRange;
  readonly #source: WatchSource;
  readonly #order: KeyOrder;
  #nextRevision: Revision;
  #behind = true;
  #progressWanted = false;
  #queue: WatchBatch[] = [];
  #wake: (() => void) | undefined;

  constructor(range: KeyRange, startRevision: Revision, source: WatchSource) {
    this.range = range;
    this.#order = orderOf(range);
    this.#nextRevision = startRevision;
    this.#source = source;
  }

  /** The next batch, or undefined when there is none yet. Throws CompactedError. */
  take(): WatchBatch | undefined {
    while (this.#queue.length === 0 && this.#behind) this.#catchUp();
    return this.#queue.shift();
  }

  /** Calls back once when `take` may give something. A later call replaces an earlier one. */
  onWake(wake: (() => void) | undefined): void {
    this.#wake = wake;
  }

  /** A batch has become durable; it holds only events of this range. */
  push(batch: WatchBatch): void {
    if (this.#behind || batch.revision < this.#nextRevision) return;
    if (this.#queue.length >= maxQueuedBatches) {
      this.#behind = true;
      return;
    }
    this.#queue.push(batch);
    this.#nextRevision = batch.revision + 1;
    this.#wakeUp();
  }

  /** Delivers an empty batch with the durable revision after everything before it. */
  requestProgress(): void {
    this.#progressWanted = true;
    if (!this.#behind) this.#pushProgress();
    this.#wakeUp();
  }

  #pushProgress(): void {
    this.#progressWanted = false;
    const revision = this.#source.durableRevision;
    // A watch that begins in the future has nothing to say about the past.
    if (revision >= this.#nextRevision - 1) this.#queue.push({ revision, events: [] });
  }

  #catchUp(): void {
    const { log, compactRevision } = this.#source;
    if (this.#nextRevision < compactRevision) throw new CompactedError(this.#nextRevision, compactRevision);
    const batches = log.from(this.#nextRevision, catchUpStep);
    for (const batch of batches) {
      const events = eventsIn(this.range, batch.events, this.#order);
      if (events.length > 0) this.#queue.push({ revision: batch.revision, events });
      this.#nextRevision = batch.revision + 1;
    }
    if (batches.length < catchUpStep) {
      this.#behind = false;
      if (this.#progressWanted) this.#pushProgress();
    }
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

/** The events whose key is in the range; the given array when all are. `order` is the range's, see {@link orderOf}. */
export function eventsIn(range: KeyRange, events: readonly StoreEvent[], order: KeyOrder): readonly StoreEvent[] {
  const first = events[0];
  if (events.length === 1 && first !== undefined) return rangeContains(range, keyOf(first), order) ? events : nothing;
  return events.filter((event) => rangeContains(range, keyOf(event), order));
}

const nothing: readonly StoreEvent[] = [];

const keyOf = (event: StoreEvent): string => (event.type === 'put' ? event.kv.key : event.key);
