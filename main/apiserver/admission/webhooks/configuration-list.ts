import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import type { ObjectFollower } from '../../registry/follow-objects.ts';

/** What is configured now, each object made ready once, in order of names. */
export class ConfigurationList<T extends KubernetesObject, R> implements Omit<ObjectFollower, 'synced'> {
  readonly #prepare: (object: T) => R;
  readonly #objects = new Map<string, T>();
  #ready: readonly R[] | undefined;
  readonly #prepared = new WeakMap<T, R>();

  constructor(prepare: (object: T) => R) {
    this.#prepare = prepare;
  }

  get isEmpty(): boolean {
    return this.#objects.size === 0;
  }

  get items(): readonly R[] {
    return (this.#ready ??= [...this.#objects.values()].toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)).map((object) => this.#readyOf(object)));
  }

  #readyOf(object: T): R {
    const known = this.#prepared.get(object);
    if (known !== undefined) return known;
    const ready = this.#prepare(object);
    this.#prepared.set(object, ready);
    return ready;
  }

  clear(): void {
    this.#objects.clear();
    this.#ready = undefined;
  }

  set(object: KubernetesObject): void {
    this.#objects.set(object.metadata.name, object as T);
    this.#ready = undefined;
  }

  remove(object: KubernetesObject): void {
    this.#objects.delete(object.metadata.name);
    this.#ready = undefined;
  }
}
