import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';

/** Reads of stored objects by authentication, authorization and admission; past authorization, answered by the watch cache. */
export interface ObjectReader {
  /** The newest known version, shared and frozen by contract; undefined when absent. */
  get<T = KubernetesObject>(resource: ObjectResource, target: { readonly namespace?: string; readonly name: string }): Promise<T | undefined>;
  list<T = KubernetesObject>(resource: ObjectResource, namespace?: string): Promise<readonly T[]>;
}

export interface ObjectResource {
  readonly group: string;
  readonly resource: string;
}
