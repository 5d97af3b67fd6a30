import type * as core from '../../../../../../kube/api/generated/core/v1.ts';
import { inclusiveRangeError, isDns1123Subdomain } from '../../../../../../kube/apimachinery/name-validation.ts';
import type { FieldErrors } from '../../../validation/field-errors.ts';
import type { FieldPath } from '../../../validation/field-path.ts';
import { checkDnsLabel, checkLocalDescendingPath, checkLocalNonReservedPath, checkNoBacksteps, isEmpty } from '../../../validation/values.ts';

/** Volume sources that pods and PersistentVolumes share. */
type Check<T> = (source: T, path: FieldPath, errors: FieldErrors) => void;

const FILE_MODE = 'must be a number between 0 and 0777 (octal), both inclusive';
const HOST_PATH_TYPES = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket'];
const IQN = /iqn\.\d{4}-\d{2}\.([A-Za-z0-9\-.]+)(:[^,;*&$|\s]+)$/;
const EUI = /^eui.[A-Za-z0-9]{16}$/;
const NAA = /^naa.[A-Za-z0-9]{32}$/;

export function checkMode(mode: number | undefined, path: FieldPath, errors: FieldErrors): void {
  if (mode !== undefined && (mode > 0o777 || mode < 0)) errors.invalid(path, mode, FILE_MODE);
}
function require(value: string | readonly unknown[] | undefined, path: FieldPath, name: string, errors: FieldErrors): void {
  if (isEmpty(value)) errors.required(path.child(name));
}
function checkPartition(partition: number | undefined, path: FieldPath, errors: FieldErrors): void {
  if (partition !== undefined && (partition < 0 || partition > 255)) errors.invalid(path, partition, inclusiveRangeError(1, 255));
}

export const checkHostPath: Check<core.HostPathVolumeSource> = (source, path, errors) => {
  require(source.path, path, 'path', errors);
  if (isEmpty(source.path)) return;
  checkNoBacksteps(source.path ?? '', path.child('path'), errors);
  if (source.type !== undefined && !HOST_PATH_TYPES.includes(source.type)) errors.notSupported(path.child('type'), source.type, HOST_PATH_TYPES);
};
export const checkGitRepo: Check<core.GitRepoVolumeSource> = (source, path, errors) => {
  require(source.repository, path, 'repository', errors);
  checkLocalDescendingPath(source.directory ?? '', path.child('directory'), errors);
};
export const checkGcePersistentDisk: Check<core.GCEPersistentDiskVolumeSource> = (source, path, errors) => {
  require(source.pdName, path, 'pdName', errors);
  checkPartition(source.partition, path.child('partition'), errors);
};
export const checkAwsElasticBlockStore: Check<core.AWSElasticBlockStoreVolumeSource> = (source, path, errors) => {
  require(source.volumeID, path, 'volumeID', errors);
  checkPartition(source.partition, path.child('partition'), errors);
};
export const checkNfs: Check<core.NFSVolumeSource> = (source, path, errors) => {
  require(source.server, path, 'server', errors);
  require(source.path, path, 'path', errors);
  if (!source.path?.startsWith('/')) errors.invalid(path.child('path'), source.path ?? '', 'must be an absolute path');
};

interface IscsiLike {
  targetPortal: string;
  iqn: string;
  lun: number;
  initiatorName?: string;
  chapAuthDiscovery?: boolean;
  chapAuthSession?: boolean;
  secretRef?: { name?: string };
}
function startsLikeIqn(name: string): boolean {
  return name.startsWith('iqn') || name.startsWith('eui') || name.startsWith('naa');
}
function isMalformedIqn(name: string): boolean {
  if (name.startsWith('iqn')) return !IQN.test(name);
  if (name.startsWith('eui')) return !EUI.test(name);
  return name.startsWith('naa') && !NAA.test(name);
}
/** Of a pod's volume the message about a wrong start names the three forms; of a PersistentVolume it does not. */
export function checkIscsi(source: IscsiLike, path: FieldPath, errors: FieldErrors, persistentVolumeName?: string): void {
  const inPod = persistentVolumeName === undefined;
  const badStart = inPod ? 'must be valid format starting with iqn, eui, or naa' : 'must be valid format';
  require(source.targetPortal, path, 'targetPortal', errors);
  if (!inPod && source.initiatorName !== undefined && `${persistentVolumeName}:${source.targetPortal}`.length > 64) {
    errors.invalid(path.child('targetportal'), source.targetPortal, ISCSI_TOO_LONG);
  }
  if (isEmpty(source.iqn)) errors.required(path.child('iqn'));
  else if (!startsLikeIqn(source.iqn)) errors.invalid(path.child('iqn'), source.iqn, badStart);
  else if (isMalformedIqn(source.iqn)) errors.invalid(path.child('iqn'), source.iqn, 'must be valid format');
  if (source.lun < 0 || source.lun > 255) errors.invalid(path.child('lun'), source.lun, inclusiveRangeError(0, 255));
  if ((source.chapAuthDiscovery || source.chapAuthSession) && source.secretRef === undefined) errors.required(path.child('secretRef'));
  if (!inPod && source.secretRef !== undefined && isEmpty(source.secretRef.name)) errors.required(path.child('secretRef').child('name'));
  if (source.initiatorName === undefined) return;
  if (!startsLikeIqn(source.initiatorName)) errors.invalid(path.child('initiatorname'), source.initiatorName, badStart);
  if (isMalformedIqn(source.initiatorName)) errors.invalid(path.child('initiatorname'), source.initiatorName, 'must be valid format');
}
export const ISCSI_TOO_LONG =
  'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';

export const checkFc: Check<core.FCVolumeSource> = (source, path, errors) => {
  const targets = source.targetWWNs ?? [];
  const wwids = source.wwids ?? [];
  if (targets.length === 0 && wwids.length === 0) errors.required(path.child('targetWWNs'), 'must specify either targetWWNs or wwids, but not both');
  if (targets.length > 0 && wwids.length > 0) {
    errors.invalid(path.child('targetWWNs'), targets, 'targetWWNs and wwids can not be specified simultaneously');
  }
  if (targets.length === 0) return;
  if (source.lun === undefined) errors.required(path.child('lun'), 'lun is required if targetWWNs is specified');
  else if (source.lun < 0 || source.lun > 255) errors.invalid(path.child('lun'), source.lun, inclusiveRangeError(0, 255));
};

export function checkKeyToPath(item: core.KeyToPath, path: FieldPath, errors: FieldErrors): void {
  require(item.key, path, 'key', errors);
  require(item.path, path, 'path', errors);
  checkLocalNonReservedPath(item.path ?? '', path.child('path'), errors);
  checkMode(item.mode, path.child('mode'), errors);
}
export function checkItems(items: readonly core.KeyToPath[] | undefined, path: FieldPath, errors: FieldErrors): void {
  for (const [index, item] of (items ?? []).entries()) checkKeyToPath(item, path.child('items').index(index), errors);
}
export const checkSecretVolume: Check<core.SecretVolumeSource> = (source, path, errors) => {
  require(source.secretName, path, 'secretName', errors);
  checkMode(source.defaultMode, path.child('defaultMode'), errors);
  checkItems(source.items, path, errors);
};
export const checkConfigMapVolume: Check<core.ConfigMapVolumeSource> = (source, path, errors) => {
  require(source.name, path, 'name', errors);
  checkMode(source.defaultMode, path.child('defaultMode'), errors);
  checkItems(source.items, path, errors);
};

const REGISTRY = 'must be a host:port pair or multiple pairs separated by commas';
export const checkQuobyte: Check<core.QuobyteVolumeSource> = (source, path, errors) => {
  if (isEmpty(source.registry)) errors.required(path.child('registry'), REGISTRY);
  else if ((source.tenant ?? '').length >= 65) errors.required(path.child('tenant'), 'must be a UUID and may not exceed a length of 64 characters');
  else {
    for (const pair of source.registry.split(',')) {
      if (!/^(\[[^\]]*\]|[^:]*):[^:]*$/.test(pair)) errors.invalid(path.child('registry'), source.registry, REGISTRY);
    }
  }
  require(source.volume, path, 'volume', errors);
};
export const checkGlusterfs: Check<{ endpoints: string; path: string }> = (source, path, errors) => {
  require(source.endpoints, path, 'endpoints', errors);
  require(source.path, path, 'path', errors);
};
export const checkFlocker: Check<core.FlockerVolumeSource> = (source, path, errors) => {
  const { datasetName = '', datasetUUID = '' } = source;
  if (datasetName === '' && datasetUUID === '') errors.required(path, 'one of datasetName and datasetUUID is required');
  if (datasetName !== '' && datasetUUID !== '') {
    errors.invalid(path, 'resource', 'datasetName and datasetUUID can not be specified simultaneously');
  }
  if (datasetName.includes('/')) errors.invalid(path.child('datasetName'), datasetName, "must not contain '/'");
};
export const checkRbd: Check<{ monitors: string[]; image: string }> = (source, path, errors) => {
  require(source.monitors, path, 'monitors', errors);
  require(source.image, path, 'image', errors);
};
export const checkCephFs: Check<{ monitors: string[] }> = (source, path, errors) => require(source.monitors, path, 'monitors', errors);
export const checkVsphere: Check<core.VsphereVirtualDiskVolumeSource> = (source, path, errors) => require(source.volumePath, path, 'volumePath', errors);
export const checkPhoton: Check<core.PhotonPersistentDiskVolumeSource> = (source, path, errors) => require(source.pdID, path, 'pdID', errors);
export const checkPortworx: Check<core.PortworxVolumeSource> = (source, path, errors) => require(source.volumeID, path, 'volumeID', errors);

/** The secret of a PersistentVolume needs a namespace, too. */
function checkSecretRef(ref: { name?: string; namespace?: string } | undefined, path: FieldPath, errors: FieldErrors, needsNamespace: boolean): void {
  if (ref === undefined) return;
  require(ref.name, path.child('secretRef'), 'name', errors);
  if (needsNamespace) require(ref.namespace, path.child('secretRef'), 'namespace', errors);
}
export function checkCinder(
  source: { volumeID: string; secretRef?: { name?: string; namespace?: string } },
  path: FieldPath,
  errors: FieldErrors,
  isPersistentVolume = false,
): void {
  require(source.volumeID, path, 'volumeID', errors);
  checkSecretRef(source.secretRef, path, errors, isPersistentVolume);
}
export function checkStorageOs(
  source: { volumeName?: string; volumeNamespace?: string; secretRef?: { name?: string; namespace?: string } },
  path: FieldPath,
  errors: FieldErrors,
  isPersistentVolume = false,
): void {
  if (!source.volumeName) errors.required(path.child('volumeName'));
  else checkDnsLabel(source.volumeName, path.child('volumeName'), errors);
  if (source.volumeNamespace) checkDnsLabel(source.volumeNamespace, path.child('volumeNamespace'), errors);
  checkSecretRef(source.secretRef, path, errors, isPersistentVolume);
}
export const checkFlexVolume: Check<{ driver: string; options?: Record<string, string> }> = (source, path, errors) => {
  require(source.driver, path, 'driver', errors);
  for (const key of Object.keys(source.options ?? {})) {
    const domain = `.${(key.split('/', 2).length === 2 ? key.slice(0, key.indexOf('/')) : key).toLowerCase()}`;
    if (domain.endsWith('.kubernetes.io') || domain.endsWith('.k8s.io')) {
      errors.invalid(path.child('options').key(key), key, 'kubernetes.io and k8s.io namespaces are reserved');
    }
  }
};
export const checkAzureFile: Check<{ secretName: string; shareName: string; secretNamespace?: string }> = (source, path, errors) => {
  require(source.secretName, path, 'secretName', errors);
  require(source.shareName, path, 'shareName', errors);
  if (source.secretNamespace === '') errors.required(path.child('secretNamespace'));
};

const CACHING_MODES = ['None', 'ReadOnly', 'ReadWrite'];
const DISK_KINDS = ['Dedicated', 'Managed', 'Shared'];
export const checkAzureDisk: Check<core.AzureDiskVolumeSource> = (source, path, errors) => {
  require(source.diskName, path, 'diskName', errors);
  require(source.diskURI, path, 'diskURI', errors);
  const { cachingMode, kind, diskURI = '' } = source;
  if (cachingMode !== undefined && !CACHING_MODES.includes(cachingMode)) errors.notSupported(path.child('cachingMode'), cachingMode, CACHING_MODES);
  if (kind !== undefined && !DISK_KINDS.includes(kind)) errors.notSupported(path.child('kind'), kind, DISK_KINDS);
  if (kind === 'Managed' && !diskURI.startsWith('/subscriptions/')) {
    errors.notSupported(path.child('diskURI'), diskURI, [
      '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}',
    ]);
  }
  if (kind !== undefined && kind !== 'Managed' && !diskURI.startsWith('https://')) {
    errors.notSupported(path.child('diskURI'), diskURI, ['https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd']);
  }
};
export const checkScaleIo: Check<{ gateway: string; system: string; volumeName?: string }> = (source, path, errors) => {
  require(source.gateway, path, 'gateway', errors);
  require(source.system, path, 'system', errors);
  require(source.volumeName, path, 'volumeName', errors);
};

const CSI_DRIVER_MAX_LENGTH = 63;
export function checkCsiDriverName(driver: string | undefined, path: FieldPath, errors: FieldErrors): void {
  if (!driver) {
    errors.required(path);
    // An empty name is checked no further: its format would say the same again.
    return;
  }
  if (driver.length > CSI_DRIVER_MAX_LENGTH) errors.tooLong(path, CSI_DRIVER_MAX_LENGTH);
  errors.invalidEach(path, driver, isDns1123Subdomain(driver.toLowerCase()));
}
export const checkCsiVolume: Check<core.CSIVolumeSource> = (source, path, errors) => {
  checkCsiDriverName(source.driver, path.child('driver'), errors);
  const ref = source.nodePublishSecretRef;
  if (ref === undefined) return;
  if (!ref.name) errors.required(path.child('nodePublishSecretRef').child('name'));
  else errors.invalidEach(path.child('name'), ref.name, isDns1123Subdomain(ref.name));
};
