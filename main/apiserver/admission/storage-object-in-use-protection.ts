import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { AdmissionPlugin } from './admission.ts';

const FINALIZERS: Readonly<Record<string, string>> = {
  '/persistentvolumeclaims': 'kubernetes.io/pvc-protection',
  '/persistentvolumes': 'kubernetes.io/pv-protection',
  'storage.k8s.io/volumeattributesclasses': 'kubernetes.io/vac-protection',
};

/** Claims and volumes stay until nothing uses them. */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  handles: ({ operation, group, resource, subresource }) => operation === 'CREATE' && subresource === '' && `${group}/${resource}` in FINALIZERS,
  mutate({ group, resource, object }) {
    const target = object as KubernetesObject;
    const finalizer = FINALIZERS[`${group}/${resource}`] ?? '';
    const present = target.metadata.finalizers ?? [];
    if (present.includes(finalizer)) return target;
    return { ...target, metadata: { ...target.metadata, finalizers: [...present, finalizer] } };
  },
};
