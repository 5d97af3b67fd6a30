import { LruMap } from '../apimachinery/lru-map.ts';
import type { Clock } from '../apimachinery/clock.ts';
import { formatTime } from '../apimachinery/time.ts';
import type { Event } from '../api/generated/core/v1.ts';

/**
 * Keeps a flood of similar events small (upstream: client-go tools/record/events_cache.go): the same event again raises the count of the
 * first; ten that differ in their message only are combined into one; and each object and source may send a burst of 25, then one in
 * five minutes.
 */
export type CorrelatedEvent =
  | { readonly type: 'skip' }
  | { readonly type: 'create'; readonly event: Event; readonly key: string }
  /** `event` is the whole object, in case that it has expired meanwhile and must be created anew. */
  | { readonly type: 'patch'; readonly event: Event; readonly key: string; readonly patch: EventPatch };

export interface EventPatch {
  readonly count?: number;
  readonly lastTimestamp?: string;
  readonly message?: string;
}

const MAX_CACHE_ENTRIES = 4096;
const AGGREGATE_MAX_EVENTS = 10;
const AGGREGATE_INTERVAL_MS = 600_000;
const SPAM_BURST = 25;
const SPAM_REFILL_MS = 300_000;

interface Observation {
  readonly count: number;
  readonly firstTimestamp?: string;
  readonly name: string;
}
interface Aggregate {
  readonly messages: Set<string>;
  lastMs: number;
}
interface Bucket {
  tokens: number;
  lastMs: number;
}

export class EventCorrelator {
  readonly #clock: Clock;
  readonly #observations = new LruMap<string, Observation>(MAX_CACHE_ENTRIES);
  readonly #aggregates = new LruMap<string, Aggregate>(MAX_CACHE_ENTRIES);
  readonly #buckets = new LruMap<string, Bucket>(MAX_CACHE_ENTRIES);

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
  }

  correlate(event: Event): CorrelatedEvent {
    const { event: aggregated, key } = this.#aggregate(event);
    const observed = this.#observe(aggregated, key);
    return this.#isSpam(aggregated) ? { type: 'skip' } : observed;
  }

  /** After the server took it: a created or patched event is what the next one counts on from. */
  update(key: string, { count, firstTimestamp, metadata }: Event): void {
    this.#observations.set(key, { count: count ?? 1, firstTimestamp, name: metadata.name });
  }

  #aggregate(event: Event): { readonly event: Event; readonly key: string } {
    const nowMs = this.#clock.now();
    const monotonicMs = this.#clock.monotonicMs();
    const key = aggregateKey(event);
    let record = this.#aggregates.get(key);
    if (record === undefined || monotonicMs - record.lastMs > AGGREGATE_INTERVAL_MS) record = { messages: new Set(), lastMs: monotonicMs };
    record.messages.add(event.message ?? '');
    record.lastMs = monotonicMs;
    this.#aggregates.set(key, record);
    if (record.messages.size < AGGREGATE_MAX_EVENTS) return { event, key: eventKey(event) };
    const [oldest] = record.messages;
    if (oldest !== undefined) record.messages.delete(oldest);
    const time = formatTime(nowMs);
    const combined: Event = {
      ...event,
      metadata: { name: eventName(event.involvedObject.name ?? '', nowMs), namespace: event.metadata.namespace },
      count: 1,
      firstTimestamp: time,
      lastTimestamp: time,
      message: `(combined from similar events): ${event.message ?? ''}`,
    };
    return { event: combined, key };
  }

  #observe(event: Event, key: string): CorrelatedEvent {
    const last = this.#observations.get(key);
    if (last === undefined) {
      this.#observations.set(key, { count: event.count ?? 1, firstTimestamp: event.firstTimestamp, name: event.metadata.name });
      return { type: 'create', event, key };
    }
    const counted: Event = {
      ...event,
      metadata: { ...event.metadata, name: last.name },
      firstTimestamp: last.firstTimestamp,
      count: last.count + 1,
    };
    this.#observations.set(key, { ...last, count: last.count + 1 });
    const { count, lastTimestamp, message } = counted;
    return { type: 'patch', event: counted, key, patch: { count, lastTimestamp, message } };
  }

  #isSpam(event: Event): boolean {
    const nowMs = this.#clock.monotonicMs();
    const key = spamKey(event);
    const bucket = this.#buckets.get(key) ?? { tokens: SPAM_BURST, lastMs: nowMs };
    bucket.tokens = Math.min(SPAM_BURST, bucket.tokens + (nowMs - bucket.lastMs) / SPAM_REFILL_MS);
    bucket.lastMs = nowMs;
    const allowed = bucket.tokens >= 1;
    if (allowed) bucket.tokens -= 1;
    this.#buckets.set(key, bucket);
    return !allowed;
  }
}

/** `web.17a3f0c2d4e5b6a7`: the object's name and the time in nanoseconds; the fraction of the millisecond keeps apart what happens in one. */
export function eventName(objectName: string, nowMs: number): string {
  return `${objectName}.${(BigInt(Math.floor(nowMs)) * 1_000_000n + BigInt(Math.floor((nowMs % 1) * 1_000_000))).toString(16)}`;
}

function spamKey({ source, involvedObject, type }: Event): string {
  const { kind, namespace, name, uid, apiVersion } = involvedObject;
  return JSON.stringify([source?.component, source?.host, kind, namespace, name, uid, apiVersion, type]);
}
function aggregateKey(event: Event): string {
  return `${spamKey(event)}${JSON.stringify([event.reason, event.reportingComponent, event.reportingInstance])}`;
}
function eventKey(event: Event): string {
  return `${spamKey(event)}${JSON.stringify([event.involvedObject.fieldPath, event.reason, event.message])}`;
}
