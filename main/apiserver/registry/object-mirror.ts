import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { isNotFound } from '../../../kube/apimachinery/status.ts';
import type { ObjectReader, ObjectResource } from '../authentication/object-reader.ts';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { ResourceCatalog } from './catalog.ts';
import { followObjects, type ObjectFollower } from './follow-objects.ts';
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
  readonly #clock: Clock;
  readonly #mirrors = new Map<string, Mirror>();
  readonly #stop = new AbortController();
  readonly #loops: Promise<void>[] = [];

  constructor({ catalog, clock }: { readonly catalog: ResourceCatalog; readonly clock: Clock }) {
    this.#catalog = catalog;
    this.#clock = clock;
  }

  /** Begins to keep copies of a resource; resolves when its present state is known. */
  async follow(resource: ObjectResource): Promise<void> {
    const mirror: Mirror = { objects: new Map(), byNamespace: new Map(), list: undefined };
    await this.observe(resource, { clear: () => clear(mirror), set: (object) => set(mirror, object), remove: (object) => remove(mirror, object) });
    this.#mirrors.set(resourceKey(resource), mirror);
  }

  /** Tells the follower of every object, without keeping copies; resolves after the present state. */
  async observe(resource: ObjectResource, follower: Omit<ObjectFollower, 'synced'>): Promise<void> {
    const storage = this.#catalog.registry(resource)?.storage;
    if (!storage) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#loops.push(followObjects(storage, { ...follower, synced: resolve }, { signal: this.#stop.signal, clock: this.#clock }));
    await promise;
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
