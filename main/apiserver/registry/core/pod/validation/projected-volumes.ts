import type * as core from '../../../../../../kube/api/generated/core/v1.ts';
import { isDns1123Subdomain } from '../../../../../../kube/apimachinery/name-validation.ts';
import type { FieldErrors } from '../../../validation/field-errors.ts';
import type { FieldPath } from '../../../validation/field-path.ts';
import { checkLabelSelector } from '../../../validation/label-selector.ts';
import { checkLocalNonReservedPath, isEmpty } from '../../../validation/values.ts';
import { checkSignerName } from '../../../certificates/signer-name-validation.ts';
import { checkFieldSelector, checkResourceFieldSelector, VOLUME_FIELDS } from './downward-api.ts';
import type { PodValidationOptions } from './options.ts';
import { checkItems, checkMode } from './volume-sources.ts';

const KEY_TYPES = ['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519'];
const MIN_TOKEN_SECONDS = 600;
const MAX_TOKEN_SECONDS = 2 ** 32;
const CONFLICT = 'conflicting duplicate paths';

/** Upstream reports the files of a downwardAPI volume at the volume, without their index. */
export function checkDownwardApiVolume(source: core.DownwardAPIVolumeSource, path: FieldPath, errors: FieldErrors): void {
  checkMode(source.defaultMode, path.child('defaultMode'), errors);
  for (const file of source.items ?? []) checkDownwardApiFile(file, path, errors);
}

function checkDownwardApiFile(file: core.DownwardAPIVolumeFile, path: FieldPath, errors: FieldErrors): void {
  if (isEmpty(file.path)) errors.required(path.child('path'));
  checkLocalNonReservedPath(file.path ?? '', path.child('path'), errors);
  if (file.fieldRef !== undefined) {
    checkFieldSelector(file.fieldRef, VOLUME_FIELDS, path.child('fieldRef'), errors);
    if (file.resourceFieldRef !== undefined) errors.invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously');
  } else if (file.resourceFieldRef !== undefined) {
    checkResourceFieldSelector(file.resourceFieldRef, path.child('resourceFieldRef'), errors, { inVolume: true });
  } else {
    errors.required(path, 'one of fieldRef and resourceFieldRef is required');
  }
  checkMode(file.mode, path.child('mode'), errors);
}

interface ProjectionContext {
  readonly volumePath: FieldPath;
  readonly errors: FieldErrors;
  readonly seenPaths: Set<string>;
  readonly options: PodValidationOptions;
}

export function checkProjectedVolume(
  volume: core.ProjectedVolumeSource,
  path: FieldPath,
  errors: FieldErrors,
  options: PodValidationOptions,
): void {
  checkMode(volume.defaultMode, path.child('defaultMode'), errors);
  const context: ProjectionContext = { volumePath: path, errors, seenPaths: new Set(), options };
  for (const [index, source] of (volume.sources ?? []).entries()) {
    const sourcePath = path.child('sources').index(index);
    const count = checkProjection(source, sourcePath, context);
    if (count > 1) errors.forbidden(sourcePath, 'may not specify more than 1 volume type per source');
  }
}

function checkProjection(source: core.VolumeProjection, path: FieldPath, context: ProjectionContext): number {
  let count = 0;
  for (const field of ['secret', 'configMap'] as const) {
    const projection = source[field];
    if (projection === undefined) continue;
    count++;
    checkNamedProjection(projection, path.child(field), context);
  }
  if (source.downwardAPI !== undefined) {
    count++;
    for (const file of source.downwardAPI.items ?? []) {
      checkDownwardApiFile(file, path.child('downwardAPI'), context.errors);
      claimPath(file.path, file.path, context);
    }
  }
  if (source.serviceAccountToken !== undefined) {
    count++;
    checkTokenProjection(source.serviceAccountToken, path.child('serviceAccountToken'), context);
  }
  if (source.clusterTrustBundle !== undefined) {
    count++;
    checkTrustBundle(source.clusterTrustBundle, path.child('clusterTrustBundle'), context);
  }
  if (source.podCertificate !== undefined) {
    count++;
    checkPodCertificate(source.podCertificate, path.child('podCertificate'), context);
  }
  return count;
}

/** Two projections cannot write the same file. */
function claimPath(path: string | undefined, badValue: unknown, { seenPaths, errors, volumePath }: ProjectionContext): void {
  if (!path) return;
  if (seenPaths.has(path)) errors.invalid(volumePath, badValue, CONFLICT);
  seenPaths.add(path);
}

function checkNamedProjection(projection: core.SecretProjection, path: FieldPath, context: ProjectionContext): void {
  if (isEmpty(projection.name)) context.errors.required(path.child('name'));
  checkItems(projection.items, path, context.errors);
  for (const item of projection.items ?? []) claimPath(item.path, projection.name ?? '', context);
}

function checkTokenProjection(token: core.ServiceAccountTokenProjection, path: FieldPath, context: ProjectionContext): void {
  const { errors, volumePath, options } = context;
  const seconds = token.expirationSeconds ?? 0;
  if (seconds < MIN_TOKEN_SECONDS) errors.invalid(path.child('expirationSeconds'), seconds, 'may not specify a duration less than 10 minutes');
  if (seconds > MAX_TOKEN_SECONDS) errors.invalid(path.child('expirationSeconds'), seconds, 'may not specify a duration larger than 2^32 seconds');
  if (isEmpty(token.path)) errors.required(volumePath.child('path'));
  else if (!options.allowNonLocalTokenPath) checkLocalNonReservedPath(token.path, volumePath.child('path'), errors);
}

function checkTrustBundle(bundle: core.ClusterTrustBundleProjection, path: FieldPath, context: ProjectionContext): void {
  const { errors } = context;
  if (bundle.name !== undefined && bundle.signerName !== undefined) {
    const value = {
      Name: bundle.name,
      SignerName: bundle.signerName,
      LabelSelector: bundle.labelSelector ?? null,
      Optional: bundle.optional ?? null,
      Path: bundle.path ?? '',
    };
    errors.invalid(path, value, 'only one of name and signerName may be used');
  } else if (bundle.name !== undefined) {
    if (bundle.name === '') errors.required(path.child('name'), 'must be a valid object name');
    const plain = bundle.name.slice(bundle.name.lastIndexOf(':') + 1);
    const messages = isDns1123Subdomain(plain).map((message) => `not a valid clustertrustbundlename: ${message}`);
    errors.invalidEach(path.child('name'), bundle.name, messages);
    if (bundle.labelSelector !== undefined) {
      errors.invalid(path.child('labelSelector'), bundle.labelSelector, 'labelSelector must be unset if name is specified');
    }
  } else if (bundle.signerName !== undefined) {
    if (bundle.signerName === '') errors.required(path.child('signerName'), 'must be a valid signer name');
    checkSignerName(bundle.signerName, path.child('signerName'), errors);
    checkLabelSelector(bundle.labelSelector, path.child('labelSelector'), errors);
  } else {
    errors.required(path, 'either name or signerName must be specified');
  }
  if (isEmpty(bundle.path)) errors.required(path.child('path'));
  checkLocalNonReservedPath(bundle.path ?? '', path.child('path'), errors);
  claimPath(bundle.path, bundle.path, context);
}

const MAX_CERTIFICATE_SECONDS = 91 * 24 * 3600;
const MAX_KUBERNETES_CERTIFICATE_SECONDS = 24 * 3600;

function checkPodCertificate(certificate: core.PodCertificateProjection, path: FieldPath, context: ProjectionContext): void {
  const { errors } = context;
  const { signerName = '', keyType = '', maxExpirationSeconds } = certificate;
  checkSignerName(signerName, path.child('signerName'), errors);
  if (!KEY_TYPES.includes(keyType)) errors.notSupported(path.child('keyType'), keyType, KEY_TYPES);
  if (maxExpirationSeconds !== undefined) {
    const secondsPath = path.child('maxExpirationSeconds');
    if (maxExpirationSeconds < 3600) errors.invalid(secondsPath, maxExpirationSeconds, 'if provided, maxExpirationSeconds must be >= 3600');
    const domain = signerName.split('/')[0] ?? '';
    const ofKubernetes = domain === 'kubernetes.io' || domain.endsWith('.kubernetes.io');
    const maximum = ofKubernetes ? MAX_KUBERNETES_CERTIFICATE_SECONDS : MAX_CERTIFICATE_SECONDS;
    if (maxExpirationSeconds > maximum) {
      errors.invalid(secondsPath, maxExpirationSeconds, `if provided, maxExpirationSeconds must be <= ${maximum}`);
    }
  }
  const fields = ['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const;
  for (const field of fields) {
    const file = certificate[field];
    if (!file) continue;
    checkLocalNonReservedPath(file, path.child(field), errors);
    claimPath(file, file, context);
  }
  if (fields.every((field) => isEmpty(certificate[field]))) {
    errors.required(path, 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath');
  }
}
