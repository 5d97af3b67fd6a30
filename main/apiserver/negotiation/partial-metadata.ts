import { schemaOfMessage } from '../../../kube/api/schema.ts';
import { toTyped } from '../../../kube/api/typed-object.ts';
import type { GroupVersionKind } from '../../../kube/apimachinery/gvr.ts';
import type { KubernetesList, KubernetesObject, ListMeta, ObjectMeta } from '../../../kube/apimachinery/object-meta.ts';

/** `as` of the negotiated media type: its version decides between meta.k8s.io/v1 and v1beta1. */
export type Transform = Pick<GroupVersionKind, 'version'>;

/** Annotations that upstream keeps in a field of the internal object: the metadata alone goes without them. */
const FIELDS_INSIDE: Readonly<Record<string, string>> = {
  'apps/v1 DaemonSet': 'deprecated.daemonset.template.generation',
  'apps/v1 Deployment': 'deprecated.deployment.rollback.revision',
};

/** Whether the metadata of the kind is not the stored one. */
export function hidesAnnotations({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): boolean {
  return FIELDS_INSIDE[`${apiVersion} ${kind}`] !== undefined;
}

function metadataOf(given: ObjectMeta, kind: string): ObjectMeta {
  const metadata = inStructOrder(given);
  const hidden = FIELDS_INSIDE[kind];
  const { annotations } = metadata;
  if (hidden === undefined || annotations?.[hidden] === undefined) return metadata;
  const { [hidden]: _inside, ...rest } = annotations;
  const { annotations: _all, ...others } = metadata;
  return Object.keys(rest).length === 0 ? others : { ...metadata, annotations: rest };
}

/** Of a custom resource the members stand by name: the name is first only in Go's order of fields, since created objects have a creationTimestamp. */
function inStructOrder(metadata: ObjectMeta): ObjectMeta {
  const schema = 'name' in metadata && Object.keys(metadata)[0] === 'name' ? undefined : schemaOfMessage('meta/v1.ObjectMeta');
  return schema ? (toTyped(schema, metadata as unknown as Record<string, unknown>) as unknown as ObjectMeta) : metadata;
}

/** The object's metadata alone, as PartialObjectMetadata of meta.k8s.io. */
export function toPartialMetadata(object: KubernetesObject, { version }: Transform): KubernetesObject {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: metadataOf(object.metadata, `${object.apiVersion} ${object.kind}`) };
}

export function toPartialMetadataList(list: KubernetesList<KubernetesObject>, { version }: Transform): KubernetesList<KubernetesObject> {
  return {
    kind: 'PartialObjectMetadataList',
    apiVersion: `meta.k8s.io/${version}`,
    metadata: listMetadata(list.metadata),
    // Go's list of none.
    items: list.items.length === 0 ? (null as unknown as []) : list.items.map((item) => toPartialMetadata({ ...item, apiVersion: list.apiVersion, kind: list.kind.replace(/List$/, '') }, { version })),
  };
}

/** In Go's order of fields; lists of custom resources have a continue of their own even when it is empty. */
function listMetadata({ resourceVersion, continue: next, remainingItemCount }: ListMeta): ListMeta {
  return {
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(next ? { continue: next } : {}),
    ...(remainingItemCount === undefined ? {} : { remainingItemCount }),
  };
}
