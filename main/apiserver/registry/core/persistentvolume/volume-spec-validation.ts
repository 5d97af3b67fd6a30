import { emptyAsGiven } from '../../../../../kube/api/typed-object.ts';
import type * as core from '../../../../../kube/api/generated/core/v1.ts';
import { isDns1123Label } from '../../../../../kube/apimachinery/name-validation.ts';
import type { FieldErrors } from '../../validation/field-errors.ts';
import type { FieldPath } from '../../validation/field-path.ts';
import { checkInt64, checkPositiveQuantity } from '../../validation/quantities.ts';
import { checkDnsLabel, checkDnsSubdomain, checkNoBacksteps, checkObjectName, isEmpty, sizeOf, sortedKeys } from '../../validation/values.ts';
import { checkAccessModes, VOLUME_MODES } from '../persistentvolumeclaim/claim-spec-validation.ts';
import { checkNodeSelector } from '../pod/validation/affinity.ts';
import * as sources from '../pod/validation/volume-sources.ts';

type Spec = core.PersistentVolumeSpec;
type SourceCheck = (source: never, path: FieldPath, errors: FieldErrors, volumeName: string) => void;
const RECLAIM_POLICIES = ['Delete', 'Recycle', 'Retain'];

interface SourceKind {
  readonly field: (typeof VOLUME_SOURCES)[number];
  readonly check: SourceCheck;
  readonly path?: string;
  readonly secondPath?: string;
}

export const VOLUME_SOURCES = [
  'hostPath', 'gcePersistentDisk', 'awsElasticBlockStore', 'glusterfs', 'flocker', 'nfs', 'rbd', 'quobyte', 'cephfs', 'iscsi', 'cinder', 'fc',
  'flexVolume', 'azureFile', 'vsphereVolume', 'photonPersistentDisk', 'portworxVolume', 'azureDisk', 'scaleIO', 'local', 'storageos', 'csi',
] as const;

const SOURCES: readonly SourceKind[] = [
  { field: 'hostPath', check: sources.checkHostPath },
  { field: 'gcePersistentDisk', check: sources.checkGcePersistentDisk, path: 'persistentDisk' },
  { field: 'awsElasticBlockStore', check: sources.checkAwsElasticBlockStore },
  { field: 'glusterfs', check: checkGlusterfs },
  { field: 'flocker', check: sources.checkFlocker },
  { field: 'nfs', check: sources.checkNfs },
  { field: 'rbd', check: sources.checkRbd },
  { field: 'quobyte', check: sources.checkQuobyte },
  { field: 'cephfs', check: sources.checkCephFs, secondPath: 'cephFS' },
  { field: 'iscsi', check: sources.checkIscsi },
  { field: 'cinder', check: (source: core.CinderPersistentVolumeSource, path, errors) => sources.checkCinder(source, path, errors, true) },
  { field: 'fc', check: sources.checkFc },
  { field: 'flexVolume', check: sources.checkFlexVolume },
  { field: 'azureFile', check: sources.checkAzureFile },
  { field: 'vsphereVolume', check: sources.checkVsphere },
  { field: 'photonPersistentDisk', check: sources.checkPhoton },
  { field: 'portworxVolume', check: sources.checkPortworx },
  { field: 'azureDisk', check: sources.checkAzureDisk },
  { field: 'scaleIO', check: sources.checkScaleIo },
  { field: 'local', check: checkLocal },
  { field: 'storageos', check: (source: core.StorageOSPersistentVolumeSource, path, errors) => sources.checkStorageOs(source, path, errors, true) },
  { field: 'csi', check: checkCsi },
];

/** Also of a VolumeAttachment's inline volume, which is a CSI volume and little else. */
export function checkVolumeSpec(spec: Spec, path: FieldPath, errors: FieldErrors, volumeName: string, inline = false): void {
  const forInline = 'may not be specified in the context of inline volumes';
  if (inline) {
    if (spec.claimRef !== undefined) errors.forbidden(path.child('claimRef'), forInline);
    if (sizeOf(spec.capacity) > 0) errors.forbidden(path.child('capacity'), forInline);
    if (spec.csi === undefined) errors.required(path.child('csi'), 'has to be specified in the context of inline volumes');
  }
  if (isEmpty(spec.accessModes)) errors.required(path.child('accessModes'));
  checkAccessModes(spec.accessModes, path.child('accessModes'), errors);
  if (!inline) checkCapacity(spec, path.child('capacity'), errors);
  const policy = spec.persistentVolumeReclaimPolicy;
  if (policy && inline && policy !== 'Retain') errors.forbidden(path.child('persistentVolumeReclaimPolicy'), 'may only be Retain in the context of inline volumes');
  if (policy && !inline && !RECLAIM_POLICIES.includes(policy)) errors.notSupported(path.child('persistentVolumeReclaimPolicy'), policy, RECLAIM_POLICIES);
  if (spec.nodeAffinity !== undefined) {
    const affinityPath = path.child('nodeAffinity');
    if (inline) errors.forbidden(affinityPath, forInline);
    else if (spec.nodeAffinity.required === undefined) errors.required(affinityPath.child('required'), 'must specify required node constraints');
    else checkNodeSelector(spec.nodeAffinity.required, affinityPath.child('required'), errors);
  }
  checkSources(spec, path, errors, volumeName);
  checkClassAndMode(spec, path, errors, inline ? forInline : undefined);
}

function checkCapacity(spec: Spec, path: FieldPath, errors: FieldErrors): void {
  const capacity = spec.capacity ?? {};
  if (sizeOf(capacity) === 0) errors.required(path);
  if (capacity['storage'] === undefined || sizeOf(capacity) > 1) errors.notSupported(path, spec.capacity === undefined ? emptyAsGiven(spec, 'capacity') : Object.fromEntries(sortedKeys(spec.capacity).map((key) => [key, spec.capacity?.[key]])), ['storage']);
  for (const name of sortedKeys(capacity)) {
    const quantity = capacity[name] ?? '0';
    checkInt64(quantity, path.key(name), errors);
    checkPositiveQuantity(quantity, path.key(name), errors);
  }
}

function checkSources(spec: Spec, path: FieldPath, errors: FieldErrors, volumeName: string): void {
  let found = false;
  for (const { field, check, path: fieldPath = field, secondPath = field } of SOURCES) {
    const source = spec[field];
    if (source === undefined) continue;
    if (found && field !== 'flexVolume') errors.forbidden(path.child(secondPath), 'may not specify more than 1 volume type');
    else {
      check(source as never, path.child(fieldPath), errors, volumeName);
      if (field === 'local' && spec.nodeAffinity === undefined) errors.required(path.child('nodeAffinity'), 'Local volume requires node affinity');
    }
    found = true;
  }
  if (!found) errors.required(path, 'must specify a volume type');
  if (spec.hostPath !== undefined && /^\/+(\.\/*)*$/.test(spec.hostPath.path ?? '') && spec.persistentVolumeReclaimPolicy === 'Recycle') {
    errors.forbidden(path.child('persistentVolumeReclaimPolicy'), "may not be 'recycle' for a hostPath mount of '/'");
  }
}

function checkClassAndMode(spec: Spec, path: FieldPath, errors: FieldErrors, forInline: string | undefined): void {
  if (spec.storageClassName) {
    if (forInline !== undefined) errors.forbidden(path.child('storageClassName'), forInline);
    else checkObjectName(spec.storageClassName, path.child('storageClassName'), errors);
  }
  if (spec.volumeMode !== undefined) {
    const modePath = path.child('volumeMode');
    if (forInline === undefined && !VOLUME_MODES.includes(spec.volumeMode)) errors.notSupported(modePath, spec.volumeMode, VOLUME_MODES);
    if (forInline !== undefined && spec.volumeMode !== 'Filesystem') {
      errors.forbidden(modePath, 'may not specify volumeMode other than Filesystem in the context of inline volumes');
    }
  }
  const className = spec.volumeAttributesClassName;
  if (className === undefined || forInline !== undefined) return;
  if (className === '') errors.required(path.child('volumeAttributesClassName'), 'an empty string is disallowed');
  else checkObjectName(className, path.child('volumeAttributesClassName'), errors);
  if (spec.csi === undefined) errors.required(path.child('csi'), 'has to be specified when using volumeAttributesClassName');
}

function checkGlusterfs(source: core.GlusterfsPersistentVolumeSource, path: FieldPath, errors: FieldErrors): void {
  sources.checkGlusterfs(source, path, errors);
  const namespace = source.endpointsNamespace;
  if (namespace === '') errors.invalid(path.child('endpointsNamespace'), '', 'if the endpointnamespace is set, it must be a valid namespace name');
  else if (namespace !== undefined) errors.invalidEach(path.child('endpointsNamespace'), namespace, isDns1123Label(namespace));
}

function checkLocal(source: core.LocalVolumeSource, path: FieldPath, errors: FieldErrors): void {
  if (isEmpty(source.path)) errors.required(path.child('path'));
  checkNoBacksteps(source.path ?? '', path.child('path'), errors);
}

const SECRETS = ['controllerPublishSecretRef', 'controllerExpandSecretRef', 'nodePublishSecretRef', 'nodeExpandSecretRef'] as const;

function checkCsi(source: core.CSIPersistentVolumeSource, path: FieldPath, errors: FieldErrors): void {
  sources.checkCsiDriverName(source.driver, path.child('driver'), errors);
  if (isEmpty(source.volumeHandle)) errors.required(path.child('volumeHandle'));
  for (const field of SECRETS) {
    const reference = source[field];
    if (reference === undefined) continue;
    const { name, namespace } = reference;
    if (!name) errors.required(path.child(field).child('name'));
    else checkDnsSubdomain(name, path.child(field).child('name'), errors);
    if (!namespace) errors.required(path.child(field).child('namespace'));
    else checkDnsLabel(namespace, path.child(field).child('namespace'), errors);
  }
}
