import type * as core from '../../../../../kube/api/generated/core/v1.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../../../../kube/apimachinery/name-validation.ts';
import type { FieldErrors } from '../../validation/field-errors.ts';
import type { FieldPath } from '../../validation/field-path.ts';
import { checkLabelSelector } from '../../validation/label-selector.ts';
import { checkPositiveQuantity, nanoValue } from '../../validation/quantities.ts';
import { checkTemplateMetadata } from '../../validation/template-metadata.ts';
import { checkObjectName, isEmpty } from '../../validation/values.ts';
import { checkResourceQuantity } from '../../validation/resource-names.ts';

export const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
export const VOLUME_MODES = ['Block', 'Filesystem'];

/** Claims inside pods and StatefulSets: of metadata only labels and annotations count. */
export function checkClaimTemplate(template: core.PersistentVolumeClaimTemplate, path: FieldPath, errors: FieldErrors): void {
  checkTemplateMetadata(template.metadata, path.child('metadata'), errors);
  checkClaimSpec(template.spec, path.child('spec'), errors);
}

export function checkAccessModes(modes: readonly string[] | undefined, path: FieldPath, errors: FieldErrors): void {
  let once = false;
  let other = false;
  for (const mode of modes ?? []) {
    if (!ACCESS_MODES.includes(mode)) errors.notSupported(path, mode, ACCESS_MODES);
    else if (mode === 'ReadWriteOncePod') once = true;
    else other = true;
  }
  if (once && other) errors.forbidden(path, 'may not use ReadWriteOncePod with other access modes');
}

export function checkClaimSpec(spec: core.PersistentVolumeClaimSpec, path: FieldPath, errors: FieldErrors, allowInvalidGroup = false): void {
  if (isEmpty(spec.accessModes)) errors.required(path.child('accessModes'), 'at least 1 access mode is required');
  checkLabelSelector(spec.selector, path.child('selector'), errors);
  checkAccessModes(spec.accessModes, path.child('accessModes'), errors);
  const storage = spec.resources?.requests?.['storage'];
  const storagePath = path.child('resources').key('storage');
  if (storage === undefined) errors.required(storagePath);
  else if (nanoValue(storage) <= 0n) checkPositiveQuantity(storage, storagePath, errors);
  else checkResourceQuantity('storage', storage, storagePath, errors);
  if (spec.storageClassName) checkObjectName(spec.storageClassName, path.child('storageClassName'), errors);
  if (spec.volumeMode !== undefined && !VOLUME_MODES.includes(spec.volumeMode)) {
    errors.notSupported(path.child('volumeMode'), spec.volumeMode, VOLUME_MODES);
  }
  checkDataSources(spec, path, errors, allowInvalidGroup);
  if (spec.volumeAttributesClassName) checkObjectName(spec.volumeAttributesClassName, path.child('volumeAttributesClassName'), errors);
}

function checkDataSources({ dataSource, dataSourceRef }: core.PersistentVolumeClaimSpec, path: FieldPath, errors: FieldErrors, allowInvalidGroup: boolean): void {
  if (dataSource !== undefined) checkDataSource(dataSource, path.child('dataSource'), errors, allowInvalidGroup);
  if (dataSourceRef !== undefined) {
    checkDataSource(dataSourceRef, path.child('dataSourceRef'), errors, allowInvalidGroup);
    const { namespace } = dataSourceRef;
    if (namespace) errors.invalidEach(path.child('dataSourceRef').child('namespace'), namespace, isDns1123Label(namespace));
  }
  if (dataSource === undefined || dataSourceRef === undefined) return;
  // Upstream prints the path as the bad value here.
  const badValue = {};
  if (dataSourceRef.namespace) errors.invalid(path, badValue, 'may not be specified when dataSourceRef.namespace is specified');
  else if (dataSource.apiGroup !== dataSourceRef.apiGroup || dataSource.kind !== dataSourceRef.kind || dataSource.name !== dataSourceRef.name) {
    errors.invalid(path, badValue, 'must match dataSourceRef');
  }
}

function checkDataSource(
  { name, kind = '', apiGroup = '' }: { readonly name: string; readonly kind: string; readonly apiGroup?: string },
  path: FieldPath,
  errors: FieldErrors,
  allowInvalidGroup: boolean,
): void {
  if (isEmpty(name)) errors.required(path.child('name'));
  if (kind === '') errors.required(path.child('kind'));
  if (apiGroup === '' && kind !== 'PersistentVolumeClaim') {
    errors.invalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup");
  }
  if (apiGroup !== '' && !allowInvalidGroup) errors.invalidEach(path.child('apiGroup'), apiGroup, isDns1123Subdomain(apiGroup));
}
