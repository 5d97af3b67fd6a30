import type { Clock } from '../../kube/apimachinery/clock.ts';
import type { Resource } from '../../kube/apimachinery/gvr.ts';
import { isNotFound } from '../../kube/apimachinery/status.ts';
import { configmaps, secrets } from '../../kube/api/generated/core/v1.ts';
import type { ConfigMap, Secret } from '../../kube/api/generated/core/v1.ts';
import type { Client } from '../../kube/client/client.ts';

/** How stale a ConfigMap or Secret may be on a node; with the pods' resync it bounds how late a change shows in a volume. */
const TTL_MS = 20_000;
const MAX_ENTRIES = 2000;

/** ConfigMaps and Secrets that pods refer to, read when needed (the node may get them by name, not list them). What is absent is not remembered. */
export class ReferencedObjects {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #cache = new Map<string, { readonly object: unknown; readonly expiresMs: number }>();

  constructor(options: { readonly client: Client; readonly clock: Clock }) {
    this.#client = options.client;
    this.#clock = options.clock;
  }

  configMap(namespace: string, name: string): Promise<ConfigMap | undefined> {
    return this.#get(configmaps, namespace, name);
  }

  secret(namespace: string, name: string): Promise<Secret | undefined> {
    return this.#get(secrets, namespace, name);
  }

  /** A pod that is new or changed must see what is there now. */
  forgetNamespace(namespace: string): void {
    for (const key of this.#cache.keys()) if (key.split('/')[1] === namespace) this.#cache.delete(key);
  }

  async #get<T>(resource: Resource<T>, namespace: string, name: string): Promise<T | undefined> {
    const key = `${resource.resource}/${namespace}/${name}`;
    const cached = this.#cache.get(key);
    if (cached !== undefined && cached.expiresMs > this.#clock.monotonicMs()) return cached.object as T;
    try {
      const object = await this.#client.get(resource, { namespace, name });
      this.#cache.delete(key);
      if (this.#cache.size >= MAX_ENTRIES) this.#cache.delete(this.#cache.keys().next().value ?? '');
      this.#cache.set(key, { object, expiresMs: this.#clock.monotonicMs() + TTL_MS });
      return object;
    } catch (error) {
      this.#cache.delete(key);
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}
