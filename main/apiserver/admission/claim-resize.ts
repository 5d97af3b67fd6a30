import type { PersistentVolumeClaim } from '../../../kube/api/generated/core/v1.ts';
import type { StorageClass } from '../../../kube/api/generated/storage/v1.ts';
import type { ObjectReader } from '../authentication/object-reader.ts';
import { compareQuantities } from '../registry/validation/quantities.ts';
import type { AdmissionPlugin } from './admission.ts';
import { forbidden, isFor } from './refusal.ts';

const BETA_CLASS = 'volume.beta.kubernetes.io/storage-class';
const NOT_RESIZABLE = 'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';

/** Claims grow only where their storage class says that it can (upstream: plugin/pkg/admission/storage/persistentvolume/resize). */
export function persistentVolumeClaimResize(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'PersistentVolumeClaimResize',
    handles: (attributes) => isFor(attributes, 'persistentvolumeclaims', { operations: ['UPDATE'] }),
    async validate(attributes) {
      const claim = attributes.object as PersistentVolumeClaim;
      const previous = attributes.oldObject as PersistentVolumeClaim;
      if (compareQuantities(sizeOf(claim), sizeOf(previous)) <= 0) return;
      if (previous.status?.phase !== 'Bound') throw forbidden(attributes, 'Only bound persistent volume claims can be expanded');
      const name = classOf(claim);
      const found = name !== '' && name === classOf(previous) ? await reader.get<StorageClass>({ group: 'storage.k8s.io', resource: 'storageclasses' }, { name }) : undefined;
      if (!found?.allowVolumeExpansion) throw forbidden(attributes, NOT_RESIZABLE);
    },
  };
}

function sizeOf({ spec }: PersistentVolumeClaim): string {
  return spec?.resources?.requests?.['storage'] ?? '0';
}
function classOf({ metadata, spec }: PersistentVolumeClaim): string {
  return metadata.annotations?.[BETA_CLASS] ?? spec?.storageClassName ?? '';
}
