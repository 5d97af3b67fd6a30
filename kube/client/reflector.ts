import type { Clock } from '../apimachinery/clock.ts';
import type { Resource } from '../apimachinery/gvr.ts';
import type { KubernetesObject, WatchEvent } from '../apimachinery/object-meta.ts';
import type { Random } from '../apimachinery/random.ts';
import { isBadRequest, isExpired, isGone, isTooManyRequests, StatusError, suggestedDelaySeconds } from '../apimachinery/status.ts';
import { Backoff, REFLECTOR_BACKOFF } from './backoff.ts';
import type { Client, ListOptions } from './client.ts';

/** Where a reflector puts what it sees. Calls come one at a time, in the order of the server. */
export interface ReflectorSink<T> {
  /** The complete state; what it lacks is gone. */
  replace(objects: readonly T[]): void;
  apply(event: Extract<WatchEvent<T>, { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' }>): void;
}

export interface ReflectorOptions<T> {
  readonly client: Client;
  readonly resource: Resource<T>;
  readonly sink: ReflectorSink<T>;
  readonly clock: Clock;
  readonly random: Random;
  readonly selection?: Pick<ListOptions, 'namespace' | 'labelSelector' | 'fieldSelector' | 'metadataOnly'>;
  /** Told of every failed attempt; the reflector then waits and goes on. */
  readonly onError?: (error: unknown) => void;
}

/** The server ends a watch after 5 to 10 minutes, chosen at random so that not all clients come back together. */
const MIN_WATCH_SECONDS = 300;

/**
 * Keeps a sink equal to what the server holds: lists, watches from the list's version, watches on from the last version seen when a
 * watch ends, and lists again when the server has forgotten that version (410) or refuses it.
 */
export class Reflector<T extends KubernetesObject> {
  readonly #options: ReflectorOptions<T>;
  readonly #backoff: Backoff;
  /** '0' accepts the watch cache's state; '' asks for the newest, after the server forgot ours. */
  #listVersion = '0';
  #lastVersion: string | undefined;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#backoff = new Backoff(REFLECTOR_BACKOFF, options);
  }

  get lastResourceVersion(): string | undefined {
    return this.#lastVersion;
  }

  /** Runs until aborted; then returns. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#lastVersion === undefined) await this.#list(signal);
        await this.#watch(this.#lastVersion ?? '', signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#afterFailure(error);
        await this.#pause(error, signal);
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, resource, sink, selection } = this.#options;
    const list = await client.list(resource, { ...selection, resourceVersion: this.#listVersion, signal });
    sink.replace(list.items);
    this.#lastVersion = list.metadata.resourceVersion ?? '';
    this.#listVersion = this.#lastVersion;
  }

  async #watch(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const { client, resource, selection, clock, random } = this.#options;
    const timeoutSeconds = Math.floor(MIN_WATCH_SECONDS * (1 + random.next()));
    const startMs = clock.monotonicMs();
    let seen = 0;
    for await (const event of client.watch(resource, { ...selection, resourceVersion, allowWatchBookmarks: true, timeoutSeconds, signal })) {
      seen += 1;
      this.#take(event);
    }
    if (signal.aborted) return;
    // A watch that ends at once without an event is a server that cannot serve it: do not ask in a tight loop.
    if (seen === 0 && clock.monotonicMs() - startMs < 1000) throw new Error(`Watch of ${resource.resource} ended at once`);
  }

  #take(event: WatchEvent<T>): void {
    if (event.type === 'ERROR') throw new StatusError(event.object);
    if (event.type !== 'BOOKMARK') this.#options.sink.apply(event);
    this.#lastVersion = event.object.metadata.resourceVersion ?? this.#lastVersion;
    this.#backoff.reset();
  }

  #afterFailure(error: unknown): void {
    this.#options.onError?.(error);
    if (isExpired(error) || isGone(error)) {
      this.#lastVersion = undefined;
      this.#listVersion = '';
    } else if (error instanceof StatusError && !isTooManyRequests(error) && (error.code < 500 || isBadRequest(error))) {
      this.#lastVersion = undefined;
    }
  }

  async #pause(error: unknown, signal: AbortSignal): Promise<void> {
    // Listing again after 410 is the normal way on, not a failure.
    const isFreshList = (isExpired(error) || isGone(error)) && this.#listVersion === '';
    const delayMs = this.#backoff.nextDelayMs();
    const suggestedMs = (suggestedDelaySeconds(error) ?? 0) * 1000;
    try {
      await this.#options.clock.sleep(isFreshList ? Math.min(delayMs, 1000) : Math.max(delayMs, suggestedMs), signal);
    } catch (reason) {
      if (!signal.aborted) throw reason;
    }
  }
}
