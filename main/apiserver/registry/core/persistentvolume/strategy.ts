import type * as core from '../../../../../kube/api/generated/core/v1.ts';
import type { StrategyContext } from '../../generic/strategy.ts';
import { formatTime } from '../../../../../kube/apimachinery/time.ts';
import { buildStrategy } from '../../validation/build-strategy.ts';
import { ROOT_PATH, SPEC_PATH } from '../../validation/field-path.ts';
import { internalDiff, internalValue } from '../../validation/internal-shape.ts';
import { withSpecOf } from '../../validation/parts.ts';
import { semanticEqual } from '../../validation/semantic-equal.ts';
import { checkImmutable } from '../../validation/values.ts';
import { setAzureDiskDefaults, setRbdDefaults, setScaleIoDefaults } from '../pod/defaults.ts';
import { nodeSelectorTermWarnings } from '../pod/node-label-warnings.ts';
import { checkVolumeSpec, VOLUME_SOURCES } from './volume-spec-validation.ts';
import type { FieldErrors } from '../../validation/field-errors.ts';

type Volume = core.PersistentVolume;

export const persistentVolumeStrategy = buildStrategy<Volume>({
  namespaced: false,
  defaults: setDefaults,
  prepareForCreate: (volume, { now }) => ({ ...volume, status: { phase: 'Pending', lastPhaseTransitionTime: formatTime(now) } }),
  check: ({ spec, metadata }, errors) => checkVolumeSpec(spec, SPEC_PATH, errors, metadata.name),
  checkUpdate(next, previous, errors) {
    // Once more: upstream's strategy and its ValidatePersistentVolumeUpdate both check the whole volume.
    checkVolumeSpec(next.spec, SPEC_PATH, errors, next.metadata.name);
    checkSource(next, previous, errors);
    checkImmutable(next.spec.volumeMode ?? '', previous.spec.volumeMode ?? '', ROOT_PATH.child('volumeMode'), errors);
    checkNodeAffinity(next, previous, errors);
    if (previous.spec.volumeAttributesClassName !== undefined && next.spec.volumeAttributesClassName === undefined) {
      errors.forbidden(SPEC_PATH.child('volumeAttributesClassName'), 'update from non-nil value to nil is forbidden');
    }
  },
  recheckOnUpdate: 'first',
  status: { prepare: prepareStatus },
  warnings,
});

function setDefaults(volume: Volume): void {
  const { spec } = volume;
  volume.status ??= {};
  volume.status.phase ||= 'Pending';
  if (spec === undefined) return;
  spec.persistentVolumeReclaimPolicy ||= 'Retain';
  spec.volumeMode ??= 'Filesystem';
  if (spec.hostPath !== undefined) spec.hostPath.type ??= '';
  if (spec.iscsi !== undefined) spec.iscsi.iscsiInterface ||= 'default';
  if (spec.rbd !== undefined) setRbdDefaults(spec.rbd);
  if (spec.azureDisk !== undefined) setAzureDiskDefaults(spec.azureDisk);
  if (spec.scaleIO !== undefined) setScaleIoDefaults(spec.scaleIO);
}

function sourceOf(spec: core.PersistentVolumeSpec): Record<string, unknown> {
  const source: Record<string, unknown> = {};
  for (const field of VOLUME_SOURCES) if (spec[field] !== undefined) source[field] = spec[field];
  return source;
}

function checkSource(next: Volume, previous: Volume, errors: FieldErrors): void {
  const after = sourceOf(next.spec);
  const before = sourceOf(previous.spec);
  const csi = next.spec.csi;
  if (csi?.controllerExpandSecretRef !== undefined && previous.spec.csi !== undefined && previous.spec.csi.controllerExpandSecretRef === undefined) {
    const { controllerExpandSecretRef: _allowed, ...rest } = csi;
    after['csi'] = rest;
  }
  if (semanticEqual(after, before)) return;
  const diff = internalDiff('PersistentVolumeSource', before, after);
  errors.forbidden(SPEC_PATH.child('persistentvolumesource'), `spec.persistentvolumesource is immutable after creation\n${diff}`);
}

const BETA_LABELS: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
};

function checkNodeAffinity(next: Volume, previous: Volume, errors: FieldErrors): void {
  const before = previous.spec.nodeAffinity;
  if (before === undefined) return;
  const after = next.spec.nodeAffinity;
  const keys = (after?.required?.nodeSelectorTerms ?? []).map((term) => (term.matchExpressions ?? []).map(({ key }) => key));
  const terms = before.required?.nodeSelectorTerms.map((term, termIndex) => {
    if (term.matchExpressions === undefined) return term;
    const matchExpressions = term.matchExpressions.map((expression, index) => {
      const key = keys[termIndex]?.[index];
      return key !== undefined && BETA_LABELS[expression.key] === key ? { ...expression, key } : expression;
    });
    return { ...term, matchExpressions };
  });
  const allowed = terms === undefined ? before : { ...before, required: { nodeSelectorTerms: terms } };
  if (semanticEqual(after, allowed)) return;
  errors.invalid(ROOT_PATH.child('nodeAffinity'), internalValue('VolumeNodeAffinity', after), 'field is immutable, except for updating from beta label to GA');
}

/** The time of the last change of phase is kept, or set with a change that does not bring one. */
function prepareStatus(next: Volume, previous: Volume, { now }: StrategyContext): Volume {
  const { phase, lastPhaseTransitionTime: given } = next.status ?? {};
  const before = previous.status?.lastPhaseTransitionTime;
  const isSamePhase = phase === previous.status?.phase;
  const lastPhaseTransitionTime = isSamePhase ? (given ?? before) : given === undefined || given === before ? formatTime(now) : given;
  const result = withSpecOf(next, previous);
  return lastPhaseTransitionTime === given ? result : { ...result, status: { ...next.status, lastPhaseTransitionTime } };
}

const DEPRECATED_ANNOTATIONS = [
  ['volume.beta.kubernetes.io/storage-class', 'deprecated since v1.8; use "storageClassName" attribute instead'],
  ['volume.beta.kubernetes.io/mount-options', 'deprecated since v1.31; use "mountOptions" attribute instead'],
] as const;
const DEPRECATED_SOURCES = [
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
] as const;

function warnings({ metadata, spec }: Volume): string[] {
  const found: string[] = [];
  for (const [key, message] of DEPRECATED_ANNOTATIONS) {
    if (metadata.annotations?.[key] !== undefined) found.push(`metadata.annotations[${key}]: ${message}`);
  }
  if (spec?.persistentVolumeReclaimPolicy === 'Recycle') {
    found.push('spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.');
  }
  const path = SPEC_PATH.child('nodeAffinity').child('required').child('nodeSelectorTerms');
  for (const [index, term] of (spec?.nodeAffinity?.required?.nodeSelectorTerms ?? []).entries()) {
    found.push(...nodeSelectorTermWarnings(term, path.index(index), { checkValues: false }));
  }
  for (const [field, name, message] of DEPRECATED_SOURCES) if (spec?.[field] !== undefined) found.push(`spec.${name}: ${message}`);
  return found;
}
