import { schemaOfKind } from '../../../kube/api/schema.ts';
import { toTyped } from '../../../kube/api/typed-object.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { ServedResource } from '../registry/catalog.ts';
import type { BookmarkEvent } from '../storage/object-storage.ts';

interface EmptyParts {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly fields?: object;
  /** All fields, where some stand for which Go has no zero of its own. */
  readonly exactly?: object;
}

const NO_REPLICAS: EmptyParts = { fields: { spec: { replicas: 0 } } };
/** What upstream's conversion of an empty internal object writes beside the zeros of its fields. */
const CONVERTED: Readonly<Record<string, EmptyParts>> = {
  'apps/v1 ControllerRevision': { exactly: { data: null, revision: 0 } },
  'apps/v1 DaemonSet': { annotations: { 'deprecated.daemonset.template.generation': '0' } },
  'apps/v1 Deployment': NO_REPLICAS,
  'apps/v1 ReplicaSet': NO_REPLICAS,
  'apps/v1 StatefulSet': NO_REPLICAS,
  'certificates.k8s.io/v1 CertificateSigningRequest': { exactly: { spec: { request: null, signerName: '' }, status: {} } },
};

/** The object of a bookmark: nothing but a resourceVersion; of a built-in kind Go writes the other fields of an empty object too. */
export function bookmarkOf({ info: { group, version, kind }, apiVersion, custom }: ServedResource, event: BookmarkEvent): object {
  const { annotations, resourceVersion } = metadataOf(event);
  if (custom) return { apiVersion, kind, metadata: { ...(annotations ? { annotations } : {}), resourceVersion } };
  const converted = CONVERTED[`${apiVersion} ${kind}`];
  const all = { ...converted?.annotations, ...annotations };
  const head = { kind, apiVersion, metadata: { resourceVersion, ...(Object.keys(all).length > 0 ? { annotations: all } : {}) } };
  if (converted?.exactly) return { ...head, ...converted.exactly };
  const schema = schemaOfKind({ group, version, kind });
  return schema ? toTyped(schema, { ...head, ...converted?.fields }, { nulls: true }) : head;
}

/** The same for Tables and metadata, whose makers take what is null for there. */
export function printedBookmark({ info: { group, version, kind }, apiVersion }: ServedResource, event: BookmarkEvent): KubernetesObject {
  const object = { kind, apiVersion, metadata: metadataOf(event) };
  const schema = schemaOfKind({ group, version, kind });
  return (schema ? toTyped(schema, object) : object) as KubernetesObject;
}

function metadataOf({ resourceVersion, initialEventsEnd }: BookmarkEvent): { readonly resourceVersion: string; readonly annotations?: Readonly<Record<string, string>> } {
  return { resourceVersion, ...(initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}) };
}
