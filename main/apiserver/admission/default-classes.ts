import type { PersistentVolumeClaim } from '../../../kube/api/generated/core/v1.ts';
import type { Ingress } from '../../../kube/api/generated/networking/v1.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { ObjectReader } from '../authentication/object-reader.ts';
import type { AdmissionPlugin } from './admission.ts';
import { isFor } from './refusal.ts';

/** A claim without a storage class gets the default one. */
export function defaultStorageClass(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'DefaultStorageClass',
    handles: (attributes) => isFor(attributes, 'persistentvolumeclaims', { operations: ['CREATE'] }),
    async mutate({ object }) {
      const claim = object as PersistentVolumeClaim;
      const chosen = claim.spec?.storageClassName !== undefined || claim.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] !== undefined;
      if (chosen || !claim.spec) return claim;
      const found = newestDefault(await reader.list({ group: 'storage.k8s.io', resource: 'storageclasses' }), 'storageclass');
      return found ? { ...claim, spec: { ...claim.spec, storageClassName: found.metadata.name } } : claim;
    },
  };
}

/** An ingress without a class gets the default one. */
export function defaultIngressClass(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'DefaultIngressClass',
    handles: (attributes) => isFor(attributes, 'ingresses', { group: 'networking.k8s.io', operations: ['CREATE'] }),
    async mutate({ object }) {
      const ingress = object as Ingress;
      if (ingress.spec?.ingressClassName !== undefined || ingress.metadata.annotations?.['kubernetes.io/ingress.class'] !== undefined) return ingress;
      const found = newestDefault(await reader.list({ group: 'networking.k8s.io', resource: 'ingressclasses' }), 'ingressclass');
      return found ? { ...ingress, spec: { ...ingress.spec, ingressClassName: found.metadata.name } } : ingress;
    },
  };
}

/** Of several defaults the newest; of equally old ones the first by name. */
function newestDefault(classes: readonly KubernetesObject[], kind: string): KubernetesObject | undefined {
  const isDefault = ({ metadata: { annotations } }: KubernetesObject): boolean =>
    annotations?.[`${kind}.kubernetes.io/is-default-class`] === 'true' || annotations?.[`${kind}.beta.kubernetes.io/is-default-class`] === 'true';
  return classes.filter(isDefault).toSorted((a, b) => {
    const byAge = (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? '');
    return byAge === 0 ? (a.metadata.name < b.metadata.name ? -1 : 1) : byAge;
  })[0];
}
