import type * as core from '../../../../../kube/api/generated/core/v1.ts';
import { buildStrategy } from '../../validation/build-strategy.ts';
import type { FieldErrors } from '../../validation/field-errors.ts';
import { METADATA_PATH, ROOT_PATH, SPEC_PATH, STATUS_PATH } from '../../validation/field-path.ts';
import { internalDiff } from '../../validation/internal-shape.ts';
import { compareQuantities, integerValue } from '../../validation/quantities.ts';
import { isNativeResource } from '../../validation/resource-names.ts';
import { semanticEqual } from '../../validation/semantic-equal.ts';
import { checkImmutable, isEmpty, sortedKeys } from '../../validation/values.ts';
import { isQualifiedName } from '../../../../../kube/apimachinery/name-validation.ts';
import { claimSpecWarnings } from '../pod/warnings.ts';
import { checkClaimSpec } from './claim-spec-validation.ts';
import { setClaimSpecDefaults } from './defaults.ts';

type Claim = core.PersistentVolumeClaim;
type ClaimSpec = core.PersistentVolumeClaimSpec;
const BETA_CLASS = 'volume.beta.kubernetes.io/storage-class';
const RESIZE_STATES = [
  'ControllerResizeInProgress', 'ControllerResizeInfeasible', 'NodeResizeInProgress', 'NodeResizeInfeasible', 'NodeResizePending',
].sort();

export const persistentVolumeClaimStrategy = buildStrategy<Claim>({
  namespaced: true,
  defaults(claim) {
    claim.status ??= {};
    claim.status.phase ||= 'Pending';
    setClaimSpecDefaults(claim.spec);
  },
  prepareForCreate: (claim) => ({ ...claim, spec: withBothDataSources(claim.spec, undefined), status: { phase: 'Pending' } }),
  prepareForUpdate: (next, previous) => ({ ...next, spec: withBothDataSources(next.spec, previous.spec) }),
  check: ({ spec }, errors) => checkClaimSpec(spec, SPEC_PATH, errors),
  checkUpdate,
  recheckOnUpdate: false,
  status: { check: checkStatus },
  warnings,
});

const POPULATOR_GROUPS: Readonly<Record<string, string>> = { PersistentVolumeClaim: '', VolumeSnapshot: 'snapshot.storage.k8s.io' };

/** dataSource takes only claims and snapshots; dataSourceRef takes anything; each fills the other where it can. */
function withBothDataSources(spec: ClaimSpec, previous: ClaimSpec | undefined): ClaimSpec {
  const result = { ...spec };
  // CrossNamespaceVolumeDataSource is off by default in 1.36.
  if (result.dataSourceRef?.namespace && previous?.dataSourceRef === undefined) delete result.dataSourceRef;
  const { dataSource } = result;
  if (dataSource !== undefined && previous?.dataSource === undefined && POPULATOR_GROUPS[dataSource.kind] !== (dataSource.apiGroup ?? '')) {
    if (result.dataSourceRef === undefined || previous === undefined) delete result.dataSource;
  }
  if (result.dataSourceRef?.namespace) return result;
  if (result.dataSource !== undefined && result.dataSourceRef === undefined) {
    result.dataSourceRef = { ...result.dataSource };
  } else if (result.dataSourceRef !== undefined && result.dataSource === undefined) {
    const { kind, name, apiGroup } = result.dataSourceRef;
    result.dataSource = { kind, name, apiGroup: apiGroup as string };
    if (apiGroup === undefined) result.dataSource = { kind, name } as core.TypedLocalObjectReference;
  }
  return result;
}

function checkUpdate(next: Claim, previous: Claim, errors: FieldErrors): void {
  // Without a group both are answered with a null.
  const allowGroup = [previous.spec.dataSource, previous.spec.dataSourceRef].some((source) => typeof source?.apiGroup === 'string');
  checkClaimSpec(next.spec, SPEC_PATH, errors, allowGroup);
  const { after, before } = comparableSpecs(next, previous, errors);
  if (!semanticEqual(after, before)) {
    const diff = internalDiff('PersistentVolumeClaimSpec', before, after);
    const rule = 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
    errors.forbidden(SPEC_PATH, `${rule}\n${diff}`);
  }
  const oldSize = previous.spec.resources?.requests?.['storage'];
  const newSize = next.spec.resources?.requests?.['storage'];
  if (compareQuantities(newSize, oldSize) < 0 && compareQuantities(newSize, previous.status?.capacity?.['storage']) <= 0) {
    const path = SPEC_PATH.child('resources').child('requests').child('storage');
    errors.forbidden(path, 'field can not be less than status.capacity');
  }
  checkImmutable(next.spec.volumeMode ?? '', previous.spec.volumeMode ?? '', ROOT_PATH.child('volumeMode'), errors);
  checkAttributesClass(next, previous, errors);
}

/** Both specs with what an update may change made equal. */
function comparableSpecs(next: Claim, previous: Claim, errors: FieldErrors): { readonly after: ClaimSpec; readonly before: ClaimSpec } {
  const after: ClaimSpec = { ...next.spec };
  const before: ClaimSpec = { ...previous.spec };
  if (isEmpty(before.volumeName)) before.volumeName = after.volumeName;
  const oldClass = previous.metadata.annotations?.[BETA_CLASS];
  const newClass = next.metadata.annotations?.[BETA_CLASS];
  const fromAnnotation =
    oldClass !== undefined && before.storageClassName === undefined && after.storageClassName === oldClass && (newClass ?? oldClass) === oldClass;
  if (fromAnnotation) delete after.storageClassName;
  else {
    checkImmutable(newClass ?? '', oldClass ?? '', METADATA_PATH.child('annotations').child(BETA_CLASS), errors);
    const fromNothing = after.storageClassName !== undefined && before.storageClassName === undefined && (oldClass ?? after.storageClassName) === after.storageClassName;
    if (fromNothing) delete after.storageClassName;
  }
  if (next.status?.phase === 'Bound') {
    const storage = before.resources?.requests?.['storage'];
    if (after.resources?.requests !== undefined && storage !== undefined) {
      after.resources = { ...after.resources, requests: { ...after.resources.requests, storage } };
    }
    after.volumeAttributesClassName = before.volumeAttributesClassName;
  }
  return { after, before };
}

function checkAttributesClass(next: Claim, previous: Claim, errors: FieldErrors): void {
  const name = next.spec.volumeAttributesClassName;
  if (name === previous.spec.volumeAttributesClassName || previous.status?.currentVolumeAttributesClassName === undefined) return;
  if (name) return;
  const what = name === undefined ? 'nil' : 'empty string';
  errors.forbidden(SPEC_PATH.child('volumeAttributesClassName'), `update to ${what} is forbidden when status.currentVolumeAttributesClassName is not nil`);
}

function checkStatus(next: Claim, _previous: Claim, errors: FieldErrors): void {
  const { capacity, allocatedResources, allocatedResourceStatuses } = next.status ?? {};
  for (const name of sortedKeys(capacity)) {
    const value = integerValue(capacity?.[name] ?? '0');
    if (value < 0n) errors.invalid(STATUS_PATH.child('capacity').key(name), Number(value), 'must be a valid resource quantity');
  }
  const statusPath = STATUS_PATH.child('allocatedResourceStatuses');
  for (const name of sortedKeys(allocatedResourceStatuses)) {
    checkKey(name, 'allocatedResourceStatuses', errors);
    if (!RESIZE_STATES.includes(allocatedResourceStatuses?.[name] ?? '')) errors.notSupported(statusPath, name, RESIZE_STATES);
  }
  const allocatedPath = STATUS_PATH.child('allocatedResources');
  for (const name of sortedKeys(allocatedResources)) {
    if (!checkKey(name, 'allocatedResources', errors)) continue;
    const value = integerValue(allocatedResources?.[name] ?? '0');
    if (value < 0n) errors.invalid(allocatedPath.key(name), Number(value), 'must be a valid resource quantity');
  }
}

function checkKey(name: string, field: string, errors: FieldErrors): boolean {
  const path = STATUS_PATH.child(field);
  const messages = isQualifiedName(name);
  errors.invalidEach(path, name, messages);
  if (messages.length > 0) return false;
  if (!isNativeResource(name) || name === 'storage') return true;
  errors.notSupported(path, name, ['storage']);
  return false;
}

function warnings({ metadata, spec }: Claim): string[] {
  const found = claimSpecWarnings(spec, SPEC_PATH);
  if (metadata.annotations?.[BETA_CLASS] === undefined) return found;
  return [`metadata.annotations[${BETA_CLASS}]: deprecated since v1.8; use "storageClassName" attribute instead`, ...found];
}
