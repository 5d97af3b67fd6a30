import type { PersistentVolume, PersistentVolumeClaim } from '../../../../kube/api/generated/core/v1.ts';
import type { CSIDriver, CSINode, StorageClass, VolumeAttachment, VolumeAttributesClass } from '../../../../kube/api/generated/storage/v1.ts';
import { AGE, age, NAME, printer, UNSET } from './printer.ts';

const MODES: readonly (readonly [string, string])[] = [
  ['ReadWriteOnce', 'RWO'], ['ReadOnlyMany', 'ROX'], ['ReadWriteMany', 'RWX'], ['ReadWriteOncePod', 'RWOP'],
];

/** `RWO,RWX`, in a fixed order. */
function accessModes(modes: readonly string[] | undefined): string {
  return MODES.flatMap(([mode, short]) => (modes?.includes(mode) ? [short] : [])).join(',');
}

const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';

export const persistentVolumePrinter = printer<PersistentVolume>({
  columns: [
    NAME, 'Capacity|string|0|@core/v1.PersistentVolumeSpec.capacity', 'Access Modes|string|0|@core/v1.PersistentVolumeSpec.accessModes',
    'Reclaim Policy|string|0|@core/v1.PersistentVolumeSpec.persistentVolumeReclaimPolicy', 'Status|string|0|@core/v1.PersistentVolumeStatus.phase',
    'Claim|string|0|@core/v1.PersistentVolumeSpec.claimRef', 'StorageClass|string|0|StorageClass of the pv',
    'VolumeAttributesClass|string|0|VolumeAttributesClass of the pv', 'Reason|string|0|@core/v1.PersistentVolumeStatus.reason', AGE,
    'VolumeMode|string|1|@core/v1.PersistentVolumeSpec.volumeMode',
  ],
  cells({ metadata, spec, status, ...rest }, context) {
    const { claimRef } = spec;
    return [
      metadata.name, spec.capacity?.['storage'] ?? '0', accessModes(spec.accessModes), spec.persistentVolumeReclaimPolicy ?? '',
      metadata.deletionTimestamp === undefined ? (status?.phase ?? '') : 'Terminating', claimRef ? `${claimRef.namespace ?? ''}/${claimRef.name ?? ''}` : '',
      metadata.annotations?.[CLASS_ANNOTATION] ?? spec.storageClassName ?? '', spec.volumeAttributesClassName ?? UNSET, status?.reason ?? '',
      age({ metadata, ...rest }, context), spec.volumeMode ?? UNSET,
    ];
  },
});

export const persistentVolumeClaimPrinter = printer<PersistentVolumeClaim>({
  columns: [
    NAME, 'Status|string|0|@core/v1.PersistentVolumeClaimStatus.phase', 'Volume|string|0|@core/v1.PersistentVolumeClaimSpec.volumeName',
    'Capacity|string|0|@core/v1.PersistentVolumeClaimStatus.capacity', 'Access Modes|string|0|@core/v1.PersistentVolumeClaimStatus.accessModes',
    'StorageClass|string|0|StorageClass of the pvc', 'VolumeAttributesClass|string|0|VolumeAttributesClass of the pvc', AGE,
    'VolumeMode|string|1|@core/v1.PersistentVolumeClaimSpec.volumeMode',
  ],
  cells({ metadata, spec, status, ...rest }, context) {
    const bound = spec.volumeName !== undefined && spec.volumeName !== '';
    return [
      metadata.name, metadata.deletionTimestamp === undefined ? (status?.phase ?? '') : 'Terminating', spec.volumeName ?? '',
      bound ? (status?.capacity?.['storage'] ?? '0') : '', bound ? accessModes(status?.accessModes) : '',
      metadata.annotations?.[CLASS_ANNOTATION] ?? spec.storageClassName ?? '', spec.volumeAttributesClassName ?? UNSET,
      age({ metadata, ...rest }, context), spec.volumeMode ?? UNSET,
    ];
  },
});

const DEFAULT_CLASS = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'];

export const storageClassPrinter = printer<StorageClass>({
  columns: [
    NAME, 'Provisioner|string|0|@storage/v1.StorageClass.provisioner', 'ReclaimPolicy|string|0|@storage/v1.StorageClass.reclaimPolicy',
    'VolumeBindingMode|string|0|@storage/v1.StorageClass.volumeBindingMode', 'AllowVolumeExpansion|string|0|@storage/v1.StorageClass.allowVolumeExpansion', AGE,
  ],
  cells(object, context) {
    const isDefault = DEFAULT_CLASS.some((name) => object.metadata.annotations?.[name] === 'true');
    return [
      isDefault ? `${object.metadata.name} (default)` : object.metadata.name, object.provisioner, object.reclaimPolicy ?? 'Delete',
      object.volumeBindingMode ?? 'Immediate', object.allowVolumeExpansion ?? false, age(object, context),
    ];
  },
});

export const volumeAttributesClassPrinter = printer<VolumeAttributesClass>({
  columns: [NAME, 'DriverName|string|0|@storage/v1.VolumeAttributesClass.driverName', AGE],
  cells: (object, context) => [object.metadata.name, object.driverName, age(object, context)],
});

export const csiDriverPrinter = printer<CSIDriver>({
  columns: [
    NAME, 'AttachRequired|boolean|0|@storage/v1.CSIDriverSpec.attachRequired', 'PodInfoOnMount|boolean|0|@storage/v1.CSIDriverSpec.podInfoOnMount',
    'StorageCapacity|boolean|0|@storage/v1.CSIDriverSpec.storageCapacity', 'TokenRequests|string|0|@storage/v1.CSIDriverSpec.tokenRequests',
    'RequiresRepublish|boolean|0|@storage/v1.CSIDriverSpec.requiresRepublish', 'Modes|string|0|@storage/v1.CSIDriverSpec.volumeLifecycleModes', AGE,
  ],
  cells(object, context) {
    const { spec } = object;
    const audiences = spec.tokenRequests?.map(({ audience }) => audience).join(',') ?? UNSET;
    return [
      object.metadata.name, spec.attachRequired ?? true, spec.podInfoOnMount ?? false, spec.storageCapacity ?? false, audiences,
      spec.requiresRepublish ?? false, spec.volumeLifecycleModes?.join(',') ?? '<none>', age(object, context),
    ];
  },
});

export const csiNodePrinter = printer<CSINode>({
  columns: [NAME, 'Drivers|integer|0|Drivers indicates the number of CSI drivers registered on the node', AGE],
  cells: (object, context) => [object.metadata.name, object.spec.drivers?.length ?? 0, age(object, context)],
});

export const volumeAttachmentPrinter = printer<VolumeAttachment>({
  columns: [
    NAME, 'Attacher|string/name|0|@storage/v1.VolumeAttachmentSpec.attacher', 'PV|string|0|@storage/v1.VolumeAttachmentSource.persistentVolumeName',
    'Node|string|0|@storage/v1.VolumeAttachmentSpec.nodeName', 'Attached|boolean|0|@storage/v1.VolumeAttachmentStatus.attached', AGE,
  ],
  cells: (object, context) => [
    object.metadata.name, object.spec.attacher, object.spec.source.persistentVolumeName ?? '', object.spec.nodeName, object.status?.attached ?? false,
    age(object, context),
  ],
});
