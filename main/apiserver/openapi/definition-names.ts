import { servedGroupVersions } from '../../../kube/api/inventory.ts';
import { definitionDirectories, directoryOf, messagesOf } from '../../../kube/api/definitions.ts';
import type { GroupVersionKind } from '../../../kube/apimachinery/gvr.ts';

const prefixes: Readonly<Record<string, string>> = {
  meta: 'io.k8s.apimachinery.pkg.apis.meta',
  apiextensions: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions',
  apiregistration: 'io.k8s.kube-aggregator.pkg.apis.apiregistration',
};

/** `core/v1.Pod` -> `io.k8s.api.core.v1.Pod`, the name that OpenAPI documents use. */
export function definitionName(message: string): string {
  const [group = '', rest = ''] = message.split('/');
  return `${prefixes[group] ?? `io.k8s.api.${group}`}.${rest}`;
}

export const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
export const INT_OR_STRING = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString';
export const RAW_EXTENSION = 'io.k8s.apimachinery.pkg.runtime.RawExtension';
export const TIME = 'io.k8s.apimachinery.pkg.apis.meta.v1.Time';
export const MICRO_TIME = 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime';
export const FIELDS_V1 = 'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1';
export const PATCH = 'io.k8s.apimachinery.pkg.apis.meta.v1.Patch';
export const VERSION_INFO = 'io.k8s.apimachinery.pkg.version.Info';

/** The message that a kind of a served group version is described by. */
export function messageOfKind({ group, version, kind }: GroupVersionKind): string | undefined {
  const own = `${directoryOf(group, version)}.${kind}`;
  const directory = directoryOf(group, version);
  return definitionDirectories().includes(directory) && messagesOf(directory).has(own) ? own : undefined;
}

/** Group versions that upstream's scheme knows, served or not: the kinds below are listed for each. */
const schemeVersions = `
core/v1 admission.k8s.io/v1,v1beta1 admissionregistration.k8s.io/v1,v1alpha1,v1beta1 apiextensions.k8s.io/v1,v1beta1
apiregistration.k8s.io/v1,v1beta1 apps/v1,v1beta1,v1beta2 authentication.k8s.io/v1,v1alpha1,v1beta1 authorization.k8s.io/v1,v1beta1
autoscaling/v1,v2 batch/v1,v1beta1 certificates.k8s.io/v1,v1alpha1,v1beta1 coordination.k8s.io/v1,v1alpha2,v1beta1
discovery.k8s.io/v1,v1beta1 events.k8s.io/v1,v1beta1 extensions/v1beta1 flowcontrol.apiserver.k8s.io/v1,v1beta1,v1beta2,v1beta3
imagepolicy.k8s.io/v1alpha1 internal.apiserver.k8s.io/v1alpha1 networking.k8s.io/v1,v1beta1 node.k8s.io/v1,v1alpha1,v1beta1
policy/v1,v1beta1 rbac.authorization.k8s.io/v1,v1alpha1,v1beta1 resource.k8s.io/v1,v1alpha3,v1beta1,v1beta2
scheduling.k8s.io/v1,v1alpha2,v1beta1 storage.k8s.io/v1,v1alpha1,v1beta1 storagemigration.k8s.io/v1beta1
`;

function everyVersionOf(kind: string): readonly GroupVersionKind[] {
  return schemeVersions.trim().split(/\s+/).flatMap((entry) => {
    const [group = '', versions = ''] = entry.split('/');
    return versions.split(',').map((version) => ({ group: group === 'core' ? '' : group, version, kind }));
  });
}

/** Kinds that every group version registers. */
const EVERYWHERE = new Set(['DeleteOptions', 'WatchEvent']);
/** Kinds of the meta group that are registered for the core group. */
const CORE_ONLY = new Set(['Status', 'APIGroup', 'APIGroupList', 'APIResourceList', 'APIVersions']);

/** x-kubernetes-group-version-kind of a message; empty for those that are no kinds. */
export function kindsOfMessage(message: string): readonly GroupVersionKind[] {
  const dot = message.lastIndexOf('.');
  const directory = message.slice(0, dot);
  const kind = message.slice(dot + 1);
  if (directory === 'meta/v1') {
    if (CORE_ONLY.has(kind)) return [{ group: '', version: 'v1', kind }];
    return EVERYWHERE.has(kind) ? everyVersionOf(kind) : [];
  }
  if (messagesOf(directory).get(message)?.isKind !== true) return [];
  const served = servedGroupVersions().find(({ group, version }) => directoryOf(group, version) === directory);
  return served ? [{ group: served.group, version: served.version, kind }] : [];
}
