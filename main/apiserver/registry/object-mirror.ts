import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { isNotFound } from '../../../kube/apimachinery/status.ts';
import type { ObjectReader, ObjectResource } from '../authentication/object-reader.ts';
import type { ResourceCatalog } from './catalog.ts';
import { resourceKey } from './generic/resource-definition.ts';

interface Mirror {
  readonly objects: Map<string, KubernetesObject>;
  readonly byNamespace: Map<string, Map<string, KubernetesObject>>;
  list: readonly KubernetesObject[] | undefined;
}

/**
 * Decoded copies of the few resources that every request asks about (roles, bindings, service accounts, namespaces…), kept up to date by a
 * watch, as upstream's informers inside the API server. Other resources are read from storage. A miss asks storage: a name just created
 * is found at once.
 */
export class ObjectMirror implements ObjectReader, AsyncDisposable {
  readonly #catalog: ResourceCatalog;
  readonly #mirrors = new Map<string, Mirror>();
  readonly #stop = new AbortController();
  readonly #loops: Promise<void>[] = [];

  constructor(catalog: ResourceCatalog) {
    this.#catalog = catalog;
  }

  /** Begins to follow a resource; resolves when its present state is known. */
  async follow(resource: ObjectResource): Promise<void> {
    const mirror: Mirror = { objects: new Map(), byNamespace: new Map(), list: undefined };
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#loops.push(this.#loop(resource, mirror, resolve).catch(reject));
    await promise;
    this.#mirrors.set(resourceKey(resource), mirror);
  }

  async #loop(resource: ObjectResource, mirror: Mirror, synced: () => void): Promise<void> {
    const storage = this.#catalog.registry(resource)?.storage;
    if (!storage) return synced();
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const list = await storage.list();
      clear(mirror);
      for (const item of list.items) set(mirror, item.object);
      synced();
      try {
        for await (const events of await storage.watch({ resourceVersion: list.resourceVersion, signal })) {
          for (const event of events) {
            if (event.type === 'DELETED') remove(mirror, event.stored.object);
            else if (event.type !== 'BOOKMARK') set(mirror, event.stored.object);
          }
        }
      } catch (error) {
        if (signal.aborted) return;
        // A watch that fell behind begins again from a fresh list; nothing else ends one.
        if (!(error instanceof Error)) throw error;
      }
    }
  }

  async get<T = KubernetesObject>(resource: ObjectResource, target: { readonly namespace?: string; readonly name: string }): Promise<T | undefined> {
    const mirrored = this.#mirrors.get(resourceKey(resource))?.objects.get(keyOf(target));
    if (mirrored) return mirrored as T;
    try {
      return (await this.#catalog.registry(resource)?.storage.get(target))?.object as T | undefined;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async list<T = KubernetesObject>(resource: ObjectResource, namespace?: string): Promise<readonly T[]> {
    const mirror = this.#mirrors.get(resourceKey(resource));
    if (mirror) {
      if (namespace === undefined) return (mirror.list ??= [...mirror.objects.values()]) as unknown as readonly T[];
      const inNamespace = mirror.byNamespace.get(namespace);
      return inNamespace ? ([...inNamespace.values()] as unknown as readonly T[]) : [];
    }
    const list = await this.#catalog.registry(resource)?.storage.list(namespace === undefined ? {} : { namespace });
    return (list?.items ?? []).map((item) => item.object as T);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the API server is shutting down'));
    await Promise.allSettled(this.#loops);
  }
}

function keyOf({ namespace, name }: { readonly namespace?: string | undefined; readonly name: string }): string {
  return namespace ? `${namespace}/${name}` : name;
}

function set(mirror: Mirror, object: KubernetesObject): void {
  const { namespace = '', name } = object.metadata;
  mirror.objects.set(keyOf(object.metadata), object);
  let inNamespace = mirror.byNamespace.get(namespace);
  if (!inNamespace) mirror.byNamespace.set(namespace, (inNamespace = new Map()));
  inNamespace.set(name, object);
  mirror.list = undefined;
}

function remove(mirror: Mirror, object: KubernetesObject): void {
  const { namespace = '', name } = object.metadata;
  mirror.objects.delete(keyOf(object.metadata));
  mirror.byNamespace.get(namespace)?.delete(name);
  mirror.list = undefined;
}

function clear(mirror: Mirror): void {
  mirror.objects.clear();
  mirror.byNamespace.clear();
  mirror.list = undefined;
}
