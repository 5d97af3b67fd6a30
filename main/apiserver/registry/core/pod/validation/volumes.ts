import type * as core from '../../../../../../kube/api/generated/core/v1.ts';
import type { ObjectMeta } from '../../../../../../kube/apimachinery/object-meta.ts';
import type { FieldErrors } from '../../../validation/field-errors.ts';
import { FieldErrors as Collector } from '../../../validation/field-errors.ts';
import type { FieldPath } from '../../../validation/field-path.ts';
import { nanoValue } from '../../../validation/quantities.ts';
import { checkDnsLabel, isEmpty, nameIsDnsSubdomain } from '../../../validation/values.ts';
import { goQuote } from '../../../../../../kube/apimachinery/go-format.ts';
import { checkClaimTemplate } from '../../persistentvolumeclaim/claim-spec-validation.ts';
import { checkDownwardApiVolume, checkProjectedVolume } from './projected-volumes.ts';
import type { PodValidationOptions } from './options.ts';
import * as sources from './volume-sources.ts';

interface VolumeContext {
  readonly volumeName: string;
  readonly podMeta: ObjectMeta | undefined;
  readonly options: PodValidationOptions;
}
type SourceCheck = (source: never, path: FieldPath, errors: FieldErrors, context: VolumeContext) => void;
interface SourceKind {
  readonly field: keyof core.Volume;
  readonly check: SourceCheck;
  /** Where upstream reports problems inside the source, and a second source, if not at the field itself. */
  readonly path?: string;
  readonly secondPath?: string;
}

/** In upstream's order, which decides which of two sources is the second one. */
const SOURCES: readonly SourceKind[] = [
  { field: 'emptyDir', check: checkEmptyDir },
  { field: 'hostPath', check: sources.checkHostPath },
  { field: 'gitRepo', check: sources.checkGitRepo },
  { field: 'gcePersistentDisk', check: sources.checkGcePersistentDisk, path: 'persistentDisk' },
  { field: 'awsElasticBlockStore', check: sources.checkAwsElasticBlockStore },
  { field: 'secret', check: sources.checkSecretVolume },
  { field: 'nfs', check: sources.checkNfs },
  { field: 'iscsi', check: checkPodIscsi },
  { field: 'glusterfs', check: sources.checkGlusterfs },
  { field: 'flocker', check: sources.checkFlocker },
  { field: 'persistentVolumeClaim', check: checkClaim },
  { field: 'rbd', check: sources.checkRbd },
  { field: 'cinder', check: (source: core.CinderVolumeSource, path, errors) => sources.checkCinder(source, path, errors) },
  { field: 'cephfs', check: sources.checkCephFs, secondPath: 'cephFS' },
  { field: 'quobyte', check: sources.checkQuobyte },
  { field: 'downwardAPI', check: checkDownwardApiVolume, secondPath: 'downwarAPI' },
  { field: 'fc', check: sources.checkFc },
  { field: 'flexVolume', check: sources.checkFlexVolume },
  { field: 'configMap', check: sources.checkConfigMapVolume },
  { field: 'azureFile', check: sources.checkAzureFile },
  { field: 'vsphereVolume', check: sources.checkVsphere },
  { field: 'photonPersistentDisk', check: sources.checkPhoton },
  { field: 'portworxVolume', check: sources.checkPortworx },
  { field: 'azureDisk', check: sources.checkAzureDisk },
  { field: 'storageos', check: (source: core.StorageOSVolumeSource, path, errors) => sources.checkStorageOs(source, path, errors) },
  {
    field: 'projected',
    check: (source: core.ProjectedVolumeSource, path, errors, { options }) => checkProjectedVolume(source, path, errors, options),
  },
  { field: 'scaleIO', check: sources.checkScaleIo },
  { field: 'csi', check: sources.checkCsiVolume },
  { field: 'ephemeral', check: checkEphemeral },
  { field: 'image', check: checkImage },
];

/** The volumes that are fine, by name: mounts refer to them. */
export type VolumesByName = ReadonlyMap<string, core.Volume>;

export function checkVolumes(
  volumes: readonly core.Volume[] | undefined,
  path: FieldPath,
  errors: FieldErrors,
  { podMeta, options }: { readonly podMeta: ObjectMeta | undefined; readonly options: PodValidationOptions },
): VolumesByName {
  const valid = new Map<string, core.Volume>();
  if (volumes === undefined) return valid;
  const createdClaims = new Set(podMeta?.name ? volumes.filter((volume) => volume.ephemeral).map((volume) => `${podMeta.name}-${volume.name}`) : []);
  for (const [index, volume] of volumes.entries()) {
    const volumePath = path.index(index);
    const found = new Collector();
    checkVolumeSource(volume, volumePath, found, { volumeName: volume.name ?? '', podMeta, options });
    if (isEmpty(volume.name)) found.required(volumePath.child('name'));
    else checkDnsLabel(volume.name, volumePath.child('name'), found);
    if (valid.has(volume.name)) found.duplicate(volumePath.child('name'), volume.name);
    if (found.count === 0) valid.set(volume.name, volume);
    else errors.addAll(found.list);
    const claim = volume.persistentVolumeClaim?.claimName;
    if (claim !== undefined && createdClaims.has(claim)) {
      const claimPath = volumePath.child('persistentVolumeClaim').child('claimName');
      errors.invalid(claimPath, claim, 'must not reference a PVC that gets created for an ephemeral volume');
    }
  }
  return valid;
}

function checkVolumeSource(volume: core.Volume, path: FieldPath, errors: FieldErrors, context: VolumeContext): void {
  let found = false;
  for (const { field, check, path: fieldPath = field, secondPath = field } of SOURCES) {
    const source = volume[field];
    if (source === undefined || source === null) continue;
    if (found) errors.forbidden(path.child(secondPath), 'may not specify more than 1 volume type');
    else check(source as never, path.child(fieldPath), errors, context);
    found = true;
  }
  const { volumeName, podMeta } = context;
  if (volume.iscsi?.initiatorName !== undefined && `${volumeName}:${volume.iscsi.targetPortal}`.length > 64) {
    errors.invalid(path.child('name'), volumeName, sources.ISCSI_TOO_LONG);
  }
  if (volume.ephemeral !== undefined && podMeta?.name && volumeName !== '') {
    const claimName = `${podMeta.name}-${volumeName}`;
    const messages = nameIsDnsSubdomain(claimName).map((message) => `PVC name ${goQuote(claimName)}: ${message}`);
    errors.invalidEach(path.child('name'), volumeName, messages);
  }
  if (!found) errors.required(path, 'must specify a volume type');
}

function checkEmptyDir(source: core.EmptyDirVolumeSource, path: FieldPath, errors: FieldErrors): void {
  if (source.sizeLimit !== undefined && nanoValue(source.sizeLimit) < 0n) {
    errors.forbidden(path.child('sizeLimit'), 'SizeLimit field must be a valid resource quantity');
  }
}
function checkPodIscsi(source: core.ISCSIVolumeSource, path: FieldPath, errors: FieldErrors): void {
  sources.checkIscsi(source, path, errors);
}
function checkClaim(source: core.PersistentVolumeClaimVolumeSource, path: FieldPath, errors: FieldErrors): void {
  if (isEmpty(source.claimName)) errors.required(path.child('claimName'));
}
function checkEphemeral(source: core.EphemeralVolumeSource, path: FieldPath, errors: FieldErrors): void {
  if (source.volumeClaimTemplate === undefined) errors.required(path.child('volumeClaimTemplate'));
  else checkClaimTemplate(source.volumeClaimTemplate, path.child('volumeClaimTemplate'), errors);
}
function checkImage(source: core.ImageVolumeSource, path: FieldPath, errors: FieldErrors, { options }: VolumeContext): void {
  if (options.isPod && isEmpty(source.reference)) errors.required(path.child('reference'));
  checkPullPolicy(source.pullPolicy, path.child('pullPolicy'), errors);
}

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];
export function checkPullPolicy(policy: string | undefined, path: FieldPath, errors: FieldErrors): void {
  if (isEmpty(policy)) errors.required(path);
  else if (!PULL_POLICIES.includes(policy as string)) errors.notSupported(path, policy, PULL_POLICIES);
}
