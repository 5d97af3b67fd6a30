import type { KubernetesList, KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { ServedResource } from '../registry/catalog.ts';

/** Makes meta.k8s.io Tables of objects, built-in ones as they are stored: what kubectl get prints. */
export interface TablePrinter {
  objectTable(served: ServedResource, object: KubernetesObject, options: TableOptions): object;
  listTable(served: ServedResource, list: KubernetesList<KubernetesObject>, options: TableOptions): object;
}

export interface TableOptions {
  /** Of meta.k8s.io: v1 or v1beta1. */
  readonly version: string;
  /** Carries includeObject. */
  readonly query: URLSearchParams;
  /** Watches send the columns with their first event only. */
  readonly withoutHeaders?: boolean;
  /** What `includeObject=Object` shows. Default: the object in the version asked for. */
  readonly wholeObject?: object;
}
