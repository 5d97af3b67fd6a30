import type { JsonHead } from './json-head.ts';

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

  get(event: object, head: JsonHead): Uint8Array | undefined {
    const frame = this.#frames.get(event);
    return frame?.head === head ? frame.bytes : undefined;
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
