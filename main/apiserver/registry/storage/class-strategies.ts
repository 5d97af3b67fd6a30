import type * as storage from '../../../../kube/api/generated/storage/v1.ts';
import { isQualifiedName } from '../../../../kube/apimachinery/name-validation.ts';
import { nodeLabelWarning, nodeSelectorWarnings } from '../core/pod/node-label-warnings.ts';
import { buildStrategy } from '../validation/build-strategy.ts';
import { FIELD_IMMUTABLE, type FieldErrors } from '../validation/field-errors.ts';
import { ROOT_PATH, type FieldPath } from '../validation/field-path.ts';
import { checkLabelSelector } from '../validation/label-selector.ts';
import { checkNonNegativeQuantity } from '../validation/quantities.ts';
import { semanticEqual } from '../validation/semantic-equal.ts';
import { checkImmutable, checkLabelName, checkObjectName, isEmpty, sizeOf } from '../validation/values.ts';

const RECLAIM_POLICIES = ['Delete', 'Retain'];
const BINDING_MODES = ['Immediate', 'WaitForFirstConsumer'];
const MAX_PARAMETERS = 512;
const MAX_PARAMETER_BYTES = 256 * 1024;

export const storageClassStrategy = buildStrategy<storage.StorageClass>({
  namespaced: false,
  defaults(storageClass) {
    storageClass.reclaimPolicy ??= 'Delete';
    storageClass.volumeBindingMode ??= 'Immediate';
  },
  check(storageClass, errors) {
    checkProvisioner(storageClass.provisioner, ROOT_PATH.child('provisioner'), errors);
    checkParameters(storageClass.parameters, ROOT_PATH.child('parameters'), errors);
    const { reclaimPolicy, volumeBindingMode } = storageClass;
    if (reclaimPolicy && !RECLAIM_POLICIES.includes(reclaimPolicy)) errors.notSupported(ROOT_PATH.child('reclaimPolicy'), reclaimPolicy, RECLAIM_POLICIES);
    const modePath = ROOT_PATH.child('volumeBindingMode');
    if (volumeBindingMode === undefined) errors.required(modePath);
    else if (!BINDING_MODES.includes(volumeBindingMode)) errors.notSupported(modePath, volumeBindingMode, BINDING_MODES);
    checkTopologies(storageClass.allowedTopologies, ROOT_PATH.child('allowedTopologies'), errors);
  },
  checkUpdate(next, previous, errors) {
    for (const field of ['parameters', 'provisioner', 'reclaimPolicy'] as const) {
      if (!semanticEqual(next[field] ?? {}, previous[field] ?? {})) errors.invalid(ROOT_PATH.child(field), next[field] ?? null, FIELD_IMMUTABLE);
    }
    checkImmutable(next.volumeBindingMode, previous.volumeBindingMode, ROOT_PATH.child('volumeBindingMode'), errors);
  },
  recheckOnUpdate: 'first',
  warnings: ({ allowedTopologies }) =>
    (allowedTopologies ?? []).flatMap(({ matchLabelExpressions }, index) =>
      (matchLabelExpressions ?? []).flatMap(({ key }, expressionIndex) => {
        const message = nodeLabelWarning(key);
        const path = ROOT_PATH.child('allowedTopologies').index(index).child('matchLabelExpressions').index(expressionIndex).child('key');
        return message === undefined ? [] : [`${path}: ${message}`];
      }),
    ),
});

export function checkProvisioner(provisioner: string | undefined, path: FieldPath, errors: FieldErrors): void {
  if (!provisioner) errors.required(path);
  else errors.invalidEach(path, provisioner.toLowerCase(), isQualifiedName(provisioner.toLowerCase()));
}

export function checkParameters(parameters: Readonly<Record<string, string>> | undefined, path: FieldPath, errors: FieldErrors): void {
  if (sizeOf(parameters) > MAX_PARAMETERS) {
    errors.tooLong(path, MAX_PARAMETERS);
    return;
  }
  let bytes = 0;
  for (const [key, value] of Object.entries(parameters ?? {})) {
    if (key === '') errors.invalid(path, key, 'field can not be empty.');
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > MAX_PARAMETER_BYTES) errors.tooLong(path, MAX_PARAMETER_BYTES);
}

function checkTopologies(terms: storage.StorageClass['allowedTopologies'], path: FieldPath, errors: FieldErrors): void {
  // Upstream compares with one empty term for each term that there is, too.
  const seen = (terms ?? []).map(() => '[]');
  for (const [index, term] of (terms ?? []).entries()) {
    const expressions = path.index(index).child('matchLabelExpressions');
    const keys = new Map<string, string[]>();
    for (const [expressionIndex, { key = '', values = [] }] of (term.matchLabelExpressions ?? []).entries()) {
      const expressionPath = expressions.index(expressionIndex);
      if (isEmpty(values)) errors.required(expressionPath.child('values'));
      for (const [valueIndex, value] of values.entries()) {
        if (values.indexOf(value) < valueIndex) errors.duplicate(expressionPath.child('values').index(valueIndex), value);
      }
      checkLabelName(key, expressionPath.child('key'), errors);
      if (keys.has(key)) errors.duplicate(expressionPath.child('key'), key);
      keys.set(key, values.toSorted());
    }
    const text = JSON.stringify([...keys].sort());
    for (const other of seen) if (other === text) errors.duplicate(expressions, '');
    seen.push(text);
  }
}

export const volumeAttributesClassStrategy = buildStrategy<storage.VolumeAttributesClass>({
  namespaced: false,
  check: checkAttributesClass,
  checkUpdate(next, previous, errors) {
    if (next.driverName !== previous.driverName) errors.forbidden(ROOT_PATH.child('driverName'), 'updates to driverName are forbidden.');
    if (!semanticEqual(next.parameters ?? {}, previous.parameters ?? {})) errors.forbidden(ROOT_PATH.child('parameters'), 'updates to parameters are forbidden.');
  },
});

function checkAttributesClass({ driverName, parameters }: storage.VolumeAttributesClass, errors: FieldErrors): void {
  checkProvisioner(driverName, ROOT_PATH.child('driverName'), errors);
  checkParameters(parameters, ROOT_PATH.child('parameters'), errors);
  if (sizeOf(parameters) === 0) errors.required(ROOT_PATH.child('parameters'), 'must contain at least one key/value pair');
}

export const csiStorageCapacityStrategy = buildStrategy<storage.CSIStorageCapacity>({
  namespaced: true,
  allowUnconditionalUpdate: false,
  check({ nodeTopology, storageClassName = '', capacity }, errors) {
    checkLabelSelector(nodeTopology, ROOT_PATH.child('nodeTopology'), errors);
    checkObjectName(storageClassName, ROOT_PATH.child('storageClassName'), errors);
    if (capacity !== undefined) checkNonNegativeQuantity(capacity, ROOT_PATH.child('capacity'), errors);
  },
  checkUpdate(next, previous, errors) {
    if (!semanticEqual(next.nodeTopology, previous.nodeTopology)) errors.invalid(ROOT_PATH.child('nodeTopology'), next.nodeTopology ?? null, FIELD_IMMUTABLE);
    checkImmutable(next.storageClassName, previous.storageClassName, ROOT_PATH.child('storageClassName'), errors);
  },
  recheckOnUpdate: 'first',
  warnings: ({ nodeTopology }) => nodeSelectorWarnings(nodeTopology, ROOT_PATH.child('nodeTopology')),
});
