import { LruMap } from '../apimachinery/lru-map.ts';
import type { Resource } from '../apimachinery/gvr.ts';
import type { KubernetesObject, WatchEvent } from '../apimachinery/object-meta.ts';
import type { ReflectorSink } from './reflector.ts';

/**
 * Passes on what identifies and connects objects, and lets go of the rest: managedFields, which nobody reads from a cache and which are
 * the larger part of most metadata (upstream's controller manager trims its informers the same way).
 */
export class MetadataSink implements ReflectorSink<KubernetesObject> {
  readonly #next: ReflectorSink<KubernetesObject>;
  readonly #apiVersion: string;
  readonly #kind: string;
  readonly #texts = new LruMap<string, string>(64);

  constructor(next: ReflectorSink<KubernetesObject>, { group, version, kind }: Resource<KubernetesObject>) {
    this.#next = next;
    this.#apiVersion = group === '' ? version : `${group}/${version}`;
    this.#kind = kind;
  }

  replace(objects: readonly KubernetesObject[]): void {
    this.#next.replace(objects.map((object) => this.#trimmed(object)));
  }

  apply({ type, object }: Extract<WatchEvent<KubernetesObject>, { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' }>): void {
    this.#next.apply({ type, object: this.#trimmed(object) });
  }

  /** With the kind of the resource again, where the server has sent a PartialObjectMetadata. */
  #trimmed({ metadata }: KubernetesObject): KubernetesObject {
    const { managedFields: _managedFields, name, namespace, creationTimestamp, ...rest } = metadata;
    const place = namespace === undefined ? { name } : { name, namespace: this.#once(namespace) };
    const made = creationTimestamp === undefined ? {} : { creationTimestamp: this.#once(creationTimestamp) };
    return { apiVersion: this.#apiVersion, kind: this.#kind, metadata: { ...place, ...made, ...rest } };
  }

  /** The same text for all objects that have it. */
  #once(text: string): string {
    const known = this.#texts.get(text);
    if (known === undefined) this.#texts.set(text, text);
    return known ?? text;
  }
}
