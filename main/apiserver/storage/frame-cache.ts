import type { JsonHead } from './json-head.ts';
import type { ChangeEvent } from './object-storage.ts';

/** Frames kept for watchers that have not come to them yet: enough for a burst, little for 100 resources. */
const maxBytes = 2 * 1024 * 1024;

interface Frame {
  readonly head: JsonHead;
  readonly bytes: Uint8Array;
}

/**
 * The encoded frames of recent watch events, so that each is encoded once however many watchers there are. The oldest goes first; a
 * watcher that comes later encodes its own.
 */
export class FrameCache {
  readonly #frames = new Map<object, Frame>();
  #size = 0;
  /** The batch that was joined last: watchers that are in step ask for it one after the other. */
  #joined: (Frame & { readonly batch: readonly ChangeEvent<unknown>[] }) | undefined;

  get(event: object, head: JsonHead): Uint8Array | undefined {
    const frame = this.#frames.get(event);
    return frame?.head === head ? frame.bytes : undefined;
  }

  /** The frames of these events in one piece. */
  joined(batch: readonly ChangeEvent<unknown>[], head: JsonHead): Uint8Array {
    const last = this.#joined;
    if (last?.head === head && isSame(last.batch, batch)) return last.bytes;
    const bytes = Buffer.concat(batch.map((event) => event.jsonFrame(head)));
    this.#joined = bytes.length > maxBytes ? undefined : { batch, head, bytes };
    return bytes;
  }

  /** Returns the frame's bytes. A frame of the same event with another head is replaced: nearly all watchers ask for one version. */
  add(event: object, frame: Frame): Uint8Array {
    const replaced = this.#frames.get(event);
    this.#frames.set(event, frame);
    this.#size += frame.bytes.length - (replaced?.bytes.length ?? 0);
    for (const [oldest, { bytes }] of this.#frames) {
      if (this.#size <= maxBytes) break;
      this.#frames.delete(oldest);
      this.#size -= bytes.length;
    }
    return frame.bytes;
  }
}

function isSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((event, index) => event === other[index]);
}
