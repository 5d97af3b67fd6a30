import type { Clock } from '../apimachinery/clock.ts';
import type { KubernetesObject } from '../apimachinery/object-meta.ts';
import type { Random } from '../apimachinery/random.ts';
import { isNotFound, StatusError } from '../apimachinery/status.ts';
import { formatTime } from '../apimachinery/time.ts';
import { events, type Event, type ObjectReference } from '../api/generated/core/v1.ts';
import type { Client } from './client.ts';
import { EventCorrelator, eventName, type CorrelatedEvent } from './event-correlator.ts';

/** What a component has to say about an object; `kubectl describe` shows it. */
export interface EventInput {
  readonly object: KubernetesObject | ObjectReference;
  readonly type: 'Normal' | 'Warning';
  /** One word in upper camel case: `FailedScheduling`. */
  readonly reason: string;
  readonly message: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** A part of the object: `spec.containers{web}`. */
  readonly fieldPath?: string;
}

/** Fire and forget: never throws, never waits, drops when too much is queued. */
export interface EventRecorder {
  event(input: EventInput): void;
}

export interface ClientEventRecorderOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  /** `{ component: 'kubelet', host: 'worker-1' }` */
  readonly source: { readonly component: string; readonly host?: string };
  /** Told of events that were given up. */
  readonly onError?: (error: unknown) => void;
}

/** As upstream's broadcaster: more than this waiting means that the server is gone, and old news matter less than memory. */
const MAX_QUEUED_EVENTS = 1000;
const MAX_TRIES_PER_EVENT = 12;
const RETRY_DELAY_MS = 10_000;

/** Writes core/v1 Events one after the other (upstream: client-go tools/record). */
export class ClientEventRecorder implements EventRecorder, AsyncDisposable {
  readonly #options: ClientEventRecorderOptions;
  readonly #correlator: EventCorrelator;
  readonly #queue: Event[] = [];
  readonly #stop = new AbortController();
  #draining: Promise<void> | undefined;
  #lastEventMs = 0;

  constructor(options: ClientEventRecorderOptions) {
    this.#options = options;
    this.#correlator = new EventCorrelator(options);
  }

  /** Two events of one object in one millisecond need two names, and so do those of two processes: the clock says no more than the millisecond. */
  #nextEventMs(nowMs: number): number {
    this.#lastEventMs = Math.max(Math.floor(nowMs) + this.#options.random.next() / 2, this.#lastEventMs + 0.001);
    return this.#lastEventMs;
  }

  event(input: EventInput): void {
    if (this.#stop.signal.aborted || this.#queue.length >= MAX_QUEUED_EVENTS) return;
    this.#queue.push(this.#newEvent(input));
    this.#draining ??= this.#drain();
  }

  /** Resolves when all that was recorded so far is written or given up. */
  async flush(): Promise<void> {
    await this.#draining;
  }

  /** Drops what is not yet written. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#queue.length = 0;
    await this.#draining;
  }

  #newEvent({ object, type, reason, message, annotations, fieldPath }: EventInput): Event {
    const nowMs = this.#options.clock.now();
    const { component, host } = this.#options.source;
    const involvedObject = { ...referenceTo(object), ...(fieldPath === undefined ? {} : { fieldPath }) };
    const time = formatTime(nowMs);
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: {
        name: eventName(involvedObject.name ?? '', this.#nextEventMs(nowMs)),
        namespace: involvedObject.namespace === undefined || involvedObject.namespace === '' ? 'default' : involvedObject.namespace,
        ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
      },
      involvedObject,
      reason,
      message,
      source: { component, ...(host === undefined ? {} : { host }) },
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
      type,
      reportingComponent: component,
      reportingInstance: host ?? '',
    };
  }

  async #drain(): Promise<void> {
    for (let event = this.#queue.shift(); event !== undefined; event = this.#queue.shift()) {
      const correlated = this.#correlator.correlate(event);
      if (correlated.type !== 'skip') await this.#record(correlated);
    }
    this.#draining = undefined;
  }

  async #record(event: Exclude<CorrelatedEvent, { readonly type: 'skip' }>): Promise<void> {
    const { clock, random, onError } = this.#options;
    for (let tries = 1; !this.#stop.signal.aborted; tries += 1) {
      try {
        this.#correlator.update(event.key, await this.#write(event));
        return;
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        // The server's refusal will not change; only a server that cannot be reached is worth waiting for.
        if (error instanceof StatusError || tries >= MAX_TRIES_PER_EVENT) {
          onError?.(error);
          return;
        }
        await pause(clock, tries === 1 ? RETRY_DELAY_MS * random.next() : RETRY_DELAY_MS, this.#stop.signal);
      }
    }
  }

  async #write(correlated: Exclude<CorrelatedEvent, { readonly type: 'skip' }>): Promise<Event> {
    const { client } = this.#options;
    const { signal } = this.#stop;
    const { event } = correlated;
    if (correlated.type === 'patch') {
      try {
        const target = { namespace: event.metadata.namespace, name: event.metadata.name };
        return await client.patch(events, target, { type: 'strategic', patch: correlated.patch }, { signal });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
    return client.create(events, event, { signal });
  }
}

/** Waits, or returns early when aborted. */
async function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(delayMs, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** An ObjectReference as client-go's reference.GetReference makes it. */
export function referenceTo(object: KubernetesObject | ObjectReference): ObjectReference {
  if (!('metadata' in object) || object.metadata === undefined) return object as ObjectReference;
  const { apiVersion, kind, metadata } = object as KubernetesObject;
  const { namespace, name, uid, resourceVersion } = metadata;
  return {
    kind,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    ...(uid === undefined ? {} : { uid }),
    apiVersion,
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}
