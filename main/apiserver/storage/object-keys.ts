import { prefixRange } from '../../etcd/mvcc/key-range.ts';
import type { KeyRange } from '../../etcd/store.ts';
import type { ObjectName } from './object-storage.ts';

/** Where the objects of one resource are in the Store, as upstream lays them out: `/registry/pods/default/web`, `/registry/nodes/n1`. */
export class ObjectKeys {
  /** `/registry/pods/`. */
  readonly prefix: string;
  readonly all: KeyRange;
  readonly #namespaced: boolean;

  constructor({ resourcePrefix, namespaced }: { readonly resourcePrefix: string; readonly namespaced: boolean }) {
    this.prefix = `/registry/${resourcePrefix}/`;
    this.all = prefixRange(this.prefix);
    this.#namespaced = namespaced;
  }

  keyOf({ namespace, name }: ObjectName): string {
    return this.#namespaced ? `${this.prefix}${namespace}/${name}` : this.prefix + name;
  }

  nameOf(key: string): ObjectName {
    const rest = key.slice(this.prefix.length);
    if (!this.#namespaced) return { name: rest };
    const slash = rest.indexOf('/');
    return { namespace: rest.slice(0, slash), name: rest.slice(slash + 1) };
  }

  /** The prefix of one namespace, or of everything. */
  prefixOf(namespace: string | undefined): string {
    return namespace === undefined || namespace === '' || !this.#namespaced ? this.prefix : `${this.prefix}${namespace}/`;
  }
}
