import type { Clock } from '../apimachinery/clock.ts';
import type { Resource } from '../apimachinery/gvr.ts';
import type { KubernetesObject } from '../apimachinery/object-meta.ts';
import type { Random } from '../apimachinery/random.ts';
import type { Client } from './client.ts';
import type { IndexFunction } from './indexed-store.ts';
import type { Informer, InformerFactory, InformerOptions } from './informer.ts';
import { MetadataSink } from './metadata-sink.ts';
import { Reflector } from './reflector.ts';
import { SharedInformer } from './shared-informer.ts';

export interface SharedInformerFactoryOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  /** Told of failed lists and watches and of handlers that threw; the informers go on. */
  readonly onError?: (error: unknown, resource: string) => void;
}

interface Entry {
  readonly informer: SharedInformer<KubernetesObject>;
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** One list and watch per resource and selection, however many ask for it. */
export class SharedInformerFactory implements InformerFactory {
  readonly #options: SharedInformerFactoryOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>[] = [];
  #started: AbortSignal | undefined;

  constructor(options: SharedInformerFactoryOptions) {
    this.#options = options;
  }

  informer<T>(resource: Resource<T>, options: InformerOptions<T> = {}): Informer<T> {
    const { group, version, resource: name } = resource;
    const { namespace, labelSelector, fieldSelector, metadataOnly = false } = options;
    const whole = JSON.stringify([group, version, name, namespace ?? '', labelSelector ?? '', fieldSelector ?? '']);
    const key = metadataOnly && !this.#entries.has(whole) ? `metadata of ${whole}` : whole;
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = this.#newEntry(resource as Resource<KubernetesObject>, { namespace, labelSelector, fieldSelector, metadataOnly });
      this.#entries.set(key, entry);
      if (this.#started !== undefined) this.#running.push(entry.run(this.#started));
    }
    entry.informer.addIndexers((options.indexers ?? {}) as Readonly<Record<string, IndexFunction<KubernetesObject>>>);
    return entry.informer as unknown as Informer<T>;
  }

  /** Informers that are asked for later start at once. */
  start(signal: AbortSignal): void {
    if (this.#started !== undefined) return;
    this.#started = AbortSignal.any([signal, this.#stop.signal]);
    for (const { run } of this.#entries.values()) this.#running.push(run(this.#started));
  }

  /** Resolves when every informer made so far has handled its first list. */
  async waitForSync(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#entries.values()].map(({ informer }) => informer.waitForSync(signal)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  #newEntry(resource: Resource<KubernetesObject>, selection: Pick<InformerOptions<KubernetesObject>, 'namespace' | 'labelSelector' | 'fieldSelector' | 'metadataOnly'>): Entry {
    const { client, clock, random, onError } = this.#options;
    const report = (error: unknown): void => onError?.(error, resource.resource);
    const informer = new SharedInformer<KubernetesObject>({ onHandlerError: report });
    const sink = selection.metadataOnly === true ? new MetadataSink(informer, resource) : informer;
    const reflector = new Reflector({ client, resource, sink, clock, random, selection, onError: report });
    return { informer, run: (signal) => reflector.run(signal) };
  }
}
