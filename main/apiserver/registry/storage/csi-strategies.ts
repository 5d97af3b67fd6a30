import type * as storage from '../../../../kube/api/generated/storage/v1.ts';
import { checkVolumeSpec } from '../core/persistentvolume/volume-spec-validation.ts';
import { checkCsiDriverName } from '../core/pod/validation/volume-sources.ts';
import { buildStrategy } from '../validation/build-strategy.ts';
import { withSpecAndMetaOf } from '../validation/parts.ts';
import { FIELD_IMMUTABLE, type FieldErrors } from '../validation/field-errors.ts';
import { SPEC_PATH, STATUS_PATH, type FieldPath } from '../validation/field-path.ts';
import { internalValue } from '../validation/internal-shape.ts';
import { semanticEqual } from '../validation/semantic-equal.ts';
import { checkImmutable, checkNonNegative, checkObjectName, checkQualifiedName, isEmpty } from '../validation/values.ts';

const TOKENS_IN_SECRETS =
  'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes';
const MAX_NODE_ID_LENGTH = 256;
const MAX_ATTACHMENT_BYTES = 256 * 1024;
const MAX_ERROR_MESSAGE_LENGTH = 1024;
const FS_GROUP_POLICIES = ['File', 'None', 'ReadWriteOnceWithFSType'];
const LIFECYCLE_MODES = ['Persistent', 'Ephemeral'];

export const csiDriverStrategy = buildStrategy<storage.CSIDriver>({
  namespaced: false,
  allowUnconditionalUpdate: false,
  defaults({ spec }) {
    if (spec === undefined) return;
    spec.attachRequired ??= true;
    spec.podInfoOnMount ??= false;
    spec.storageCapacity ??= false;
    spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
    if (isEmpty(spec.volumeLifecycleModes)) spec.volumeLifecycleModes = ['Persistent'];
    spec.requiresRepublish ??= false;
    spec.seLinuxMount ??= false;
  },
  dropDisabled: withoutSchedulingOptOut,
  check({ spec }, errors) {
    checkDriver(spec ?? {}, errors);
  },
  warnings({ spec }, previous) {
    const changed = previous === undefined || !semanticEqual(spec?.tokenRequests, previous.spec?.tokenRequests);
    return changed && !isEmpty(spec?.tokenRequests) && spec?.serviceAccountTokenInSecrets === undefined ? [TOKENS_IN_SECRETS] : [];
  },
  /** The first change counts as generation 1: creates have none. */
  prepareForUpdate(next, previous) {
    if (semanticEqual(next.spec, previous.spec)) return next;
    return { ...next, metadata: { ...next.metadata, generation: (previous.metadata.generation ?? 0) + 1 } };
  },
  checkUpdate(next, previous, errors) {
    checkDriver(next.spec ?? {}, errors);
    checkImmutable(next.spec?.attachRequired, previous.spec?.attachRequired, SPEC_PATH.child('attachedRequired'), errors);
    checkImmutable(next.spec?.volumeLifecycleModes, previous.spec?.volumeLifecycleModes, SPEC_PATH.child('volumeLifecycleModes'), errors);
  },
  recheckOnUpdate: false,
});

/** VolumeLimitScaling is off by default in 1.36. */
function withoutSchedulingOptOut(driver: storage.CSIDriver, previous: storage.CSIDriver | undefined): storage.CSIDriver {
  if (driver.spec?.preventPodSchedulingIfMissing === undefined || previous?.spec?.preventPodSchedulingIfMissing !== undefined) return driver;
  const { preventPodSchedulingIfMissing: _dropped, ...spec } = driver.spec;
  return { ...driver, spec };
}

function checkDriver(spec: storage.CSIDriverSpec, errors: FieldErrors): void {
  const policy = spec.fsGroupPolicy;
  if (policy !== undefined && !FS_GROUP_POLICIES.includes(policy)) errors.notSupported(SPEC_PATH.child('fsGroupPolicy'), policy, FS_GROUP_POLICIES);
  checkTokenRequests(spec.tokenRequests, SPEC_PATH.child('tokenRequests'), errors);
  for (const mode of spec.volumeLifecycleModes ?? []) {
    if (!LIFECYCLE_MODES.includes(mode)) errors.notSupported(SPEC_PATH.child('volumeLifecycleModes'), mode, LIFECYCLE_MODES);
  }
  const period = spec.nodeAllocatableUpdatePeriodSeconds;
  if (period !== undefined && period < 10) {
    errors.invalid(SPEC_PATH.child('nodeAllocatableUpdatePeriodSeconds'), period, 'must be greater than or equal to 10 seconds');
  }
  const inSecrets = spec.serviceAccountTokenInSecrets;
  if (inSecrets !== undefined && isEmpty(spec.tokenRequests)) {
    const detail = 'serviceAccountTokenInSecrets is set but no tokenRequests are specified';
    errors.invalid(SPEC_PATH.child('serviceAccountTokenInSecrets'), inSecrets, detail);
  }
}

function checkTokenRequests(requests: readonly storage.TokenRequest[] | undefined, path: FieldPath, errors: FieldErrors): void {
  const seen = new Set<string>();
  for (const [index, { audience = '', expirationSeconds }] of (requests ?? []).entries()) {
    if (seen.has(audience)) {
      errors.duplicate(path.index(index).child('audience'), audience);
      continue;
    }
    seen.add(audience);
    const secondsPath = path.index(index).child('expirationSeconds');
    if (expirationSeconds === undefined) continue;
    if (expirationSeconds < 600) errors.invalid(secondsPath, expirationSeconds, 'may not specify a duration less than 10 minutes');
    if (expirationSeconds > 2 ** 32) errors.invalid(secondsPath, expirationSeconds, 'may not specify a duration larger than 2^32 seconds');
  }
}

export const csiNodeStrategy = buildStrategy<storage.CSINode>({
  namespaced: false,
  allowUnconditionalUpdate: false,
  check({ spec }, errors) {
    const names = new Set<string>();
    for (const [index, driver] of (spec?.drivers ?? []).entries()) {
      const path = SPEC_PATH.child('drivers').index(index);
      checkCsiDriverName(driver.name, path.child('name'), errors);
      checkNodeDriver(driver, path, errors);
      if (names.has(driver.name)) errors.duplicate(path.child('name'), driver.name);
      names.add(driver.name);
      checkTopologyKeys(driver.topologyKeys, path, errors);
    }
  },
  recheckOnUpdate: 'first',
  checkUpdate(next, previous, errors) {
    for (const old of previous.spec?.drivers ?? []) {
      const kept = next.spec?.drivers?.find(({ name }) => name === old.name);
      if (kept === undefined) continue;
      const comparable = ({ allocatable: _mutable, ...rest }: storage.CSINodeDriver) => rest;
      if (semanticEqual(comparable(kept), comparable(old))) continue;
      const value = { Name: kept.name, NodeID: kept.nodeID, TopologyKeys: kept.topologyKeys ?? null, Allocatable: null };
      errors.invalid(SPEC_PATH.child('drivers'), value, FIELD_IMMUTABLE);
    }
  },
});

function checkNodeDriver({ nodeID = '', allocatable }: storage.CSINodeDriver, path: FieldPath, errors: FieldErrors): void {
  if (nodeID === '') errors.required(path.child('nodeID'));
  if (nodeID.length > MAX_NODE_ID_LENGTH) errors.invalid(path.child('nodeID'), nodeID, `must be ${MAX_NODE_ID_LENGTH} characters or less`);
  checkNonNegative(allocatable?.count, path.child('allocatable').child('count'), errors);
}

function checkTopologyKeys(keys: readonly string[] | undefined, path: FieldPath, errors: FieldErrors): void {
  const seen = new Set<string>();
  for (const key of keys ?? []) {
    if (key === '') errors.required(path);
    if (seen.has(key)) errors.duplicate(path, key);
    seen.add(key);
    checkQualifiedName(key, path, errors);
  }
}

export const volumeAttachmentStrategy = buildStrategy<storage.VolumeAttachment>({
  namespaced: false,
  allowUnconditionalUpdate: false,
  check: checkAttachment,
  checkUpdate(next, previous, errors) {
    if (semanticEqual(next.spec, previous.spec)) return;
    const { attacher, nodeName, source } = next.spec;
    const value = { Attacher: attacher, Source: { PersistentVolumeName: source?.persistentVolumeName ?? null, InlineVolumeSpec: internalVolumeSpec(source?.inlineVolumeSpec) }, NodeName: nodeName };
    errors.invalid(SPEC_PATH, value, FIELD_IMMUTABLE);
  },
  recheckOnUpdate: 'first',
  status: { prepare: withSpecAndMetaOf, check: (next, _previous, errors) => checkAttachment(next, errors) },
});

/** Upstream's internal type has the source's fields among its own. */
function internalVolumeSpec(spec: storage.VolumeAttachmentSource['inlineVolumeSpec']): object | null {
  if (spec === undefined) return null;
  const parts = ['PersistentVolumeSource', 'PersistentVolumeSpecBesideSource'].map((shape) => internalValue(shape, spec) as object);
  return { Capacity: spec.capacity ?? null, ...parts[0], ...parts[1] };
}

function checkAttachment({ spec, status }: storage.VolumeAttachment, errors: FieldErrors): void {
  const { attacher, source = {}, nodeName = '' } = spec ?? {};
  checkCsiDriverName(attacher, SPEC_PATH.child('attacher'), errors);
  const path = SPEC_PATH.child('source');
  const { inlineVolumeSpec, persistentVolumeName } = source;
  const exactlyOne = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
  if (inlineVolumeSpec === undefined && persistentVolumeName === undefined) errors.required(path, exactlyOne);
  else if (inlineVolumeSpec !== undefined && persistentVolumeName !== undefined) errors.forbidden(path, exactlyOne);
  else if (persistentVolumeName === '') errors.required(path.child('persistentVolumeName'), 'must specify non empty persistentVolumeName');
  else if (inlineVolumeSpec !== undefined) checkVolumeSpec(inlineVolumeSpec, path.child('inlineVolumeSpec'), errors, '', true);
  checkObjectName(nodeName, SPEC_PATH.child('nodeName'), errors);
  const bytes = Object.entries(status?.attachmentMetadata ?? {}).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  if (bytes > MAX_ATTACHMENT_BYTES) errors.tooLong(STATUS_PATH.child('attachmentMetadata'), MAX_ATTACHMENT_BYTES);
  for (const field of ['attachError', 'detachError'] as const) {
    const { message = '', errorCode } = status?.[field] ?? {};
    if (message.length > MAX_ERROR_MESSAGE_LENGTH) errors.tooLong(STATUS_PATH.child(field).child('message'), MAX_ATTACHMENT_BYTES);
    if (errorCode !== undefined && errorCode < 0) errors.invalid(STATUS_PATH.child(field).child('errorCode'), errorCode, 'must be between 0 and 2147483647, inclusive');
  }
  if (persistentVolumeName !== undefined) checkObjectName(persistentVolumeName, path.child('persistentVolumeName'), errors);
}
