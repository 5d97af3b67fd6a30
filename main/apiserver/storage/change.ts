import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { CachedObject } from './cached-object.ts';
import type { FrameCache } from './frame-cache.ts';
import type { JsonHead } from './json-head.ts';
import type { ChangeEvent } from './object-storage.ts';
import type { SelectionMatcher } from './selection-matcher.ts';

type ChangeType = ChangeEvent<unknown>['type'];

/** What one transaction did to one object. The events made of it are shared by all watchers that see it the same way. */
export class Change<T extends KubernetesObject> {
  readonly revision: number;
  readonly key: string;
  /** undefined: deleted. */
  readonly current: CachedObject<T> | undefined;
  /** undefined: created. */
  readonly previous: CachedObject<T> | undefined;
  readonly #frames: FrameCache;
  #added: SharedEvent<T> | undefined;
  #modified: SharedEvent<T> | undefined;
  #deleted: SharedEvent<T> | undefined;

  constructor(options: {
    readonly revision: number;
    readonly key: string;
    readonly current: CachedObject<T> | undefined;
    readonly previous: CachedObject<T> | undefined;
    readonly frames: FrameCache;
  }) {
    this.revision = options.revision;
    this.key = options.key;
    this.current = options.current;
    this.previous = options.previous;
    this.#frames = options.frames;
  }

  /**
   * How a watcher with this selection sees the change; undefined when it does not.
   *
   *     matched before   matches now   event
   *     no               yes           ADDED, now
   *     yes              yes           MODIFIED, now
   *     yes              no            DELETED, before (with the revision of the change)
   */
  eventFor(matcher: SelectionMatcher<T>): ChangeEvent<T> | undefined {
    const all = matcher.matchesAll;
    const now = this.current !== undefined && (all || matcher.matches(this.current));
    const before = this.previous !== undefined && (all || matcher.matches(this.previous));
    if (now) return before ? (this.#modified ??= this.#event('MODIFIED', this.current!)) : (this.#added ??= this.#event('ADDED', this.current!));
    if (!before) return undefined;
    return (this.#deleted ??= this.#event('DELETED', this.previous!.withRevision(this.revision)));
  }

  #event(type: ChangeType, stored: CachedObject<T>): SharedEvent<T> {
    return new SharedEvent(type, stored, this.#frames);
  }
}

class SharedEvent<T extends KubernetesObject> implements ChangeEvent<T> {
  readonly type: ChangeType;
  readonly stored: CachedObject<T>;
  readonly #frames: FrameCache;

  constructor(type: ChangeType, stored: CachedObject<T>, frames: FrameCache) {
    this.type = type;
    this.stored = stored;
    this.#frames = frames;
  }

  jsonFrame(head: JsonHead): Uint8Array {
    return this.#frames.get(this, head) ?? this.#frames.add(this, { head, bytes: encodeFrame(this.type, this.stored, head) });
  }

  jsonFrames(head: JsonHead, batch: readonly ChangeEvent<T>[]): Uint8Array {
    return batch.length === 1 ? this.jsonFrame(head) : this.#frames.joined(batch, head);
  }
}

/** An object of the state that a watch begins with. Its frame is not kept: nobody shares it. */
export class InitialEvent<T extends KubernetesObject> implements ChangeEvent<T> {
  readonly type = 'ADDED';
  readonly stored: CachedObject<T>;

  constructor(stored: CachedObject<T>) {
    this.stored = stored;
  }

  jsonFrame(head: JsonHead): Uint8Array {
    return encodeFrame(this.type, this.stored, head);
  }

  jsonFrames(head: JsonHead, batch: readonly ChangeEvent<T>[]): Uint8Array {
    return Buffer.concat(batch.map((event) => event.jsonFrame(head)));
  }
}

function encodeFrame<T extends KubernetesObject>(type: ChangeType, stored: CachedObject<T>, head: JsonHead): Uint8Array {
  const start = frameStarts[type];
  const size = start.length + stored.jsonSize(head) + frameEnd.length;
  const frame = Buffer.allocUnsafeSlow(size);
  frame.set(start);
  const end = stored.copyJson(frame, { offset: start.length, head });
  frame.set(frameEnd, end);
  return frame;
}

const frameStarts: Readonly<Record<ChangeType, Uint8Array>> = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
};
const frameEnd: Uint8Array = Buffer.from('}\n');
