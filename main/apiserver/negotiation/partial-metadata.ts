import type { GroupVersionKind } from '../../../kube/apimachinery/gvr.ts';
import type { KubernetesList, KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';

/** `as` of the negotiated media type: its version decides between meta.k8s.io/v1 and v1beta1. */
export type Transform = Pick<GroupVersionKind, 'version'>;

/** The object's metadata alone, as PartialObjectMetadata of meta.k8s.io. */
export function toPartialMetadata(object: KubernetesObject, { version }: Transform): KubernetesObject {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata };
}

export function toPartialMetadataList(list: KubernetesList<KubernetesObject>, { version }: Transform): KubernetesList<KubernetesObject> {
  return {
    kind: 'PartialObjectMetadataList',
    apiVersion: `meta.k8s.io/${version}`,
    metadata: list.metadata,
    items: list.items.map((item) => toPartialMetadata(item, { version })),
  };
}
