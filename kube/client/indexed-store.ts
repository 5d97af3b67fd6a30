import type { KubernetesObject } from '../apimachinery/object-meta.ts';
import type { Lister } from './informer.ts';
import { keyOf } from './resource-path.ts';

export type IndexFunction<T> = (object: T) => readonly string[];

/**
 * Objects by key, by namespace and by named indexes.
 *
 * With the index `byNode: (pod) => [pod.spec.nodeName ?? '']` and pods a/x on n1, b/y on n1, the index holds
 * `n1 → {a/x, b/y}`; replacing a/x by one on n2 moves its key to `n2 → {a/x}`.
 */
export class IndexedStore<T extends KubernetesObject> implements Lister<T> {
  readonly #objects = new Map<string, T>();
  /** Made when somebody asks for one namespace: most informers are never asked. */
  #namespaces: Map<string, Map<string, T>> | undefined;
  readonly #indexes = new Map<string, { readonly valuesOf: IndexFunction<T>; readonly keys: Map<string, Set<string>> }>();

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(options: { readonly namespace?: string } = {}): readonly T[] {
    const { namespace } = options;
    if (namespace === undefined || namespace === '') return [...this.#objects.values()];
    return [...(this.#byNamespace().get(namespace)?.values() ?? [])];
  }

  byIndex(index: string, value: string): readonly T[] {
    const found = this.#indexes.get(index);
    if (found === undefined) throw new Error(`Cannot read index ${JSON.stringify(index)}: the informer was made without it`);
    const objects: T[] = [];
    for (const key of found.keys.get(value) ?? []) {
      const object = this.#objects.get(key);
      if (object !== undefined) objects.push(object);
    }
    return objects;
  }

  keys(): readonly string[] {
    return [...this.#objects.keys()];
  }

  /** Objects that are held already are indexed at once. An index of the same name stays as it is. */
  addIndex(name: string, valuesOf: IndexFunction<T>): void {
    if (this.#indexes.has(name)) return;
    this.#indexes.set(name, { valuesOf, keys: new Map() });
    for (const [key, object] of this.#objects) this.#enter(name, key, object);
  }

  /** Returns what was held before. */
  set(object: T): T | undefined {
    const key = keyOf(object);
    const previous = this.#objects.get(key);
    if (previous !== undefined) this.#leaveAll(key, previous);
    this.#objects.set(key, object);
    for (const name of this.#indexes.keys()) this.#enter(name, key, object);
    if (this.#namespaces !== undefined) enterNamespace(this.#namespaces, key, object);
    return previous;
  }

  delete(key: string): T | undefined {
    const previous = this.#objects.get(key);
    if (previous === undefined) return undefined;
    this.#leaveAll(key, previous);
    this.#objects.delete(key);
    const namespace = previous.metadata.namespace ?? '';
    const sameNamespace = this.#namespaces?.get(namespace);
    sameNamespace?.delete(key);
    if (sameNamespace?.size === 0) this.#namespaces?.delete(namespace);
    return previous;
  }

  #byNamespace(): Map<string, Map<string, T>> {
    if (this.#namespaces === undefined) {
      this.#namespaces = new Map();
      for (const [key, object] of this.#objects) enterNamespace(this.#namespaces, key, object);
    }
    return this.#namespaces;
  }

  #enter(name: string, key: string, object: T): void {
    const index = this.#indexes.get(name);
    for (const value of index?.valuesOf(object) ?? []) {
      const keys = index?.keys.get(value);
      if (keys === undefined) index?.keys.set(value, new Set([key]));
      else keys.add(key);
    }
  }

  #leaveAll(key: string, object: T): void {
    for (const index of this.#indexes.values()) {
      for (const value of index.valuesOf(object)) {
        const keys = index.keys.get(value);
        keys?.delete(key);
        if (keys?.size === 0) index.keys.delete(value);
      }
    }
  }
}

function enterNamespace<T extends KubernetesObject>(namespaces: Map<string, Map<string, T>>, key: string, object: T): void {
  const namespace = object.metadata.namespace ?? '';
  let sameNamespace = namespaces.get(namespace);
  if (sameNamespace === undefined) namespaces.set(namespace, (sameNamespace = new Map()));
  sameNamespace.set(key, object);
}
