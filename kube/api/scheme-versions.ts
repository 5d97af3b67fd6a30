import type { GroupVersion, GroupVersionKind } from '../apimachinery/gvr.ts';
import { servedGroupVersions } from './inventory.ts';
import { schemaOfKind } from './schema.ts';

/** Group versions that upstream's scheme knows, served or not. */
const table = `
core/v1 admission.k8s.io/v1,v1beta1 admissionregistration.k8s.io/v1,v1alpha1,v1beta1 apiextensions.k8s.io/v1,v1beta1
apiregistration.k8s.io/v1,v1beta1 apps/v1,v1beta1,v1beta2 authentication.k8s.io/v1,v1alpha1,v1beta1 authorization.k8s.io/v1,v1beta1
autoscaling/v1,v2 batch/v1,v1beta1 certificates.k8s.io/v1,v1alpha1,v1beta1 coordination.k8s.io/v1,v1alpha2,v1beta1
discovery.k8s.io/v1,v1beta1 events.k8s.io/v1,v1beta1 extensions/v1beta1 flowcontrol.apiserver.k8s.io/v1,v1beta1,v1beta2,v1beta3
imagepolicy.k8s.io/v1alpha1 internal.apiserver.k8s.io/v1alpha1 networking.k8s.io/v1,v1beta1 node.k8s.io/v1,v1alpha1,v1beta1
policy/v1,v1beta1 rbac.authorization.k8s.io/v1,v1alpha1,v1beta1 resource.k8s.io/v1,v1alpha3,v1beta1,v1beta2
scheduling.k8s.io/v1,v1alpha2,v1beta1 storage.k8s.io/v1,v1alpha1,v1beta1 storagemigration.k8s.io/v1beta1
`;

let parsed: readonly GroupVersion[] | undefined;

export function schemeVersions(): readonly GroupVersion[] {
  parsed ??= table.trim().split(/\s+/).flatMap((entry) => {
    const [group = '', versions = ''] = entry.split('/');
    return versions.split(',').map((version) => ({ group: group === 'core' ? '' : group, version }));
  });
  return parsed;
}

/**
 * Whether upstream's scheme registers a kind. Exact for served versions; of the others the tables have no kinds, and each is
 * taken to know what the served version of its group knows.
 */
export function isRegistered(gvk: GroupVersionKind): boolean {
  if (schemaOfKind(gvk)) return true;
  const isServed = servedGroupVersions().some(({ group, version }) => group === gvk.group && version === gvk.version);
  if (isServed || !schemeVersions().some(({ group, version }) => group === gvk.group && version === gvk.version)) return false;
  const related = gvk.group === 'extensions' ? ['apps', 'networking.k8s.io'] : [gvk.group];
  return servedGroupVersions().some(({ group, version }) => related.includes(group) && schemaOfKind({ group, version, kind: gvk.kind }) !== undefined);
}
