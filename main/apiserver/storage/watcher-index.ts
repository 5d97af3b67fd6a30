import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { CacheWatcher, WatchScope } from './cache-watcher.ts';
import type { Change } from './change.ts';
import type { ObjectKeys } from './object-keys.ts';

/**
 * Watchers by what they watch, so that a change is offered only to those it may concern: with 1,000 kubelets that each watch the pods
 * of their node, a pod's change is offered to one of them.
 *
 *     all: {w1 w2}   namespaces: default → {w3}   keys: /registry/pods/default/web → {w4}   values of spec.nodeName: n1 → {w5}
 */
export class WatcherIndex<T extends KubernetesObject> {
  readonly #keys: ObjectKeys;
  readonly #indexedField: string | undefined;
  readonly #all = new Set<CacheWatcher<T>>();
  readonly #byNamespace = new Map<string, Set<CacheWatcher<T>>>();
  readonly #byKey = new Map<string, Set<CacheWatcher<T>>>();
  readonly #byValue = new Map<string, Set<CacheWatcher<T>>>();

  constructor(options: { readonly keys: ObjectKeys; readonly indexedField: string | undefined }) {
    this.#keys = options.keys;
    this.#indexedField = options.indexedField;
  }

  add(watcher: CacheWatcher<T>): void {
    const place = this.#place(watcher.scope);
    if (place === undefined) {
      this.#all.add(watcher);
      return;
    }
    const group = place.groups.get(place.id);
    if (group === undefined) place.groups.set(place.id, new Set([watcher]));
    else group.add(watcher);
  }

  delete(watcher: CacheWatcher<T>): void {
    const place = this.#place(watcher.scope);
    if (place === undefined) {
      this.#all.delete(watcher);
      return;
    }
    const group = place.groups.get(place.id);
    group?.delete(watcher);
    if (group?.size === 0) place.groups.delete(place.id);
  }

  dispatch(change: Change<T>): void {
    for (const watcher of this.#all) watcher.offer(change);
    if (this.#byNamespace.size > 0) {
      const prefix = this.#keys.prefixOf(this.#keys.nameOf(change.key).namespace);
      for (const watcher of this.#byNamespace.get(prefix) ?? []) watcher.offer(change);
    }
    for (const watcher of this.#byKey.get(change.key) ?? []) watcher.offer(change);
    if (this.#byValue.size > 0) this.#dispatchByValue(change);
  }

  endAll(): void {
    const groups = [this.#all, ...this.#byNamespace.values(), ...this.#byKey.values(), ...this.#byValue.values()];
    for (const watcher of groups.flatMap((group) => [...group])) watcher.end();
  }

  /** To those of the new value, and to those of the old one, who see a deletion. */
  #dispatchByValue(change: Change<T>): void {
    const field = this.#indexedField!;
    const values = new Set([change.current?.field(field), change.previous?.field(field)]);
    for (const value of values) {
      for (const watcher of (value === undefined ? undefined : this.#byValue.get(value)) ?? []) {
        if (watcher.scope.type === 'field' && change.key.startsWith(watcher.scope.prefix)) watcher.offer(change);
      }
    }
  }

  #place(scope: WatchScope): { readonly groups: Map<string, Set<CacheWatcher<T>>>; readonly id: string } | undefined {
    switch (scope.type) {
      case 'all':
        return undefined;
      case 'namespace':
        return { groups: this.#byNamespace, id: scope.prefix };
      case 'key':
        return { groups: this.#byKey, id: scope.key };
      case 'field':
        return { groups: this.#byValue, id: scope.value };
    }
  }
}
