import type * as apps from '../../../../kube/api/generated/apps/v1.ts';
import type * as core from '../../../../kube/api/generated/core/v1.ts';
import { setPodTemplateDefaults } from '../core/pod/defaults.ts';
import { withoutDisabledTemplateFields } from '../core/pod/disabled-fields.ts';
import { checkPodTemplateSpec } from '../core/pod/validation/pod.ts';
import { checkClaimSpec } from '../core/persistentvolumeclaim/claim-spec-validation.ts';
import { setClaimSpecDefaults } from '../core/persistentvolumeclaim/defaults.ts';
import { buildStrategy } from '../validation/build-strategy.ts';
import { FieldErrors } from '../validation/field-errors.ts';
import { SPEC_PATH, STATUS_PATH } from '../validation/field-path.ts';
import { selectorText } from '../validation/label-selector.ts';
import { semanticEqual } from '../validation/semantic-equal.ts';
import { checkAnnotations, checkDnsLabel, checkLabels, checkNonNegative, isEmpty } from '../validation/values.ts';
import { claimSpecWarnings } from '../core/pod/warnings.ts';
import { checkAtMost100Percent, checkPositiveIntOrPercent, intOrPercentValue } from './int-or-percent.ts';
import { checkCollisionCount, checkCounts, checkEndlessTemplate, checkSelector, checkTemplateLabels, templateWarnings } from './workload-validation.ts';

type StatefulSet = apps.StatefulSet;
type Spec = apps.StatefulSetSpec;
const TEMPLATE = SPEC_PATH.child('template');
const MUTABLE = ['replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy', 'minReadySeconds'] as const;
const IMMUTABLE_TEXT =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

export const statefulSetStrategy = buildStrategy<StatefulSet>({
  namespaced: true,
  generation: true,
  dropDisabled: (obj, previous) => ({ ...obj, spec: withoutMaxUnavailable(withoutDisabledTemplateFields(obj.spec, previous?.spec), previous?.spec) }),
  defaults({ spec }) {
    if (spec !== undefined) setDefaults(spec);
  },
  prepareForCreate: (set) => ({ ...set, status: { replicas: 0, availableReplicas: 0 } }),
  check: ({ spec }, errors) => check(spec, errors, { isUpdate: false, checkTemplate: true }),
  checkUpdate(next, previous, errors) {
    const ofPrevious = new FieldErrors();
    check(previous.spec, ofPrevious, { isUpdate: true, checkTemplate: true });
    check(next.spec, errors, { isUpdate: true, checkTemplate: ofPrevious.count === 0 });
    const comparable: Record<string, unknown> = { ...next.spec };
    for (const field of MUTABLE) comparable[field] = previous.spec[field];
    if (!semanticEqual(comparable, previous.spec)) errors.forbidden(SPEC_PATH, IMMUTABLE_TEXT);
  },
  recheckOnUpdate: false,
  status: { check: checkStatus },
  scale: {
    replicas: ({ spec, status }) => ({ spec: spec.replicas ?? 0, status: status?.replicas ?? 0, selector: selectorText(spec.selector) }),
    withReplicas: (set, replicas) => ({ ...set, spec: { ...set.spec, replicas } }),
  },
  warnings,
});

/** MaxUnavailableStatefulSet is off in 1.36 by default: a limit that was not there before is not kept. */
function withoutMaxUnavailable(spec: Spec, previous: Spec | undefined): Spec {
  const { updateStrategy } = spec;
  if (updateStrategy?.rollingUpdate?.maxUnavailable === undefined || previous?.updateStrategy?.rollingUpdate?.maxUnavailable !== undefined) return spec;
  const { maxUnavailable: _dropped, ...rollingUpdate } = updateStrategy.rollingUpdate;
  return { ...spec, updateStrategy: { ...updateStrategy, rollingUpdate } };
}

function setDefaults(spec: Spec): void {
  spec.podManagementPolicy ||= 'OrderedReady';
  spec.updateStrategy ??= {};
  if (!spec.updateStrategy.type) {
    spec.updateStrategy.type = 'RollingUpdate';
    spec.updateStrategy.rollingUpdate ??= {};
  }
  const { rollingUpdate, type } = spec.updateStrategy;
  if (type === 'RollingUpdate' && rollingUpdate !== undefined) {
    rollingUpdate.partition ??= 0;
  }
  const policy = (spec.persistentVolumeClaimRetentionPolicy ??= {});
  policy.whenDeleted ||= 'Retain';
  policy.whenScaled ||= 'Retain';
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
  setPodTemplateDefaults(spec.template);
  for (const claim of spec.volumeClaimTemplates ?? []) {
    // Whatever is given: upstream's conversion writes both.
    claim.apiVersion = 'v1';
    claim.kind = 'PersistentVolumeClaim';
    claim.status ??= {};
    claim.status.phase ||= 'Pending';
    setClaimSpecDefaults(claim.spec);
  }
}

function check(spec: Spec, errors: FieldErrors, { isUpdate, checkTemplate }: { readonly isUpdate: boolean; readonly checkTemplate: boolean }): void {
  checkPolicies(spec, errors);
  if (!isUpdate) {
    for (const [index, claim] of (spec.volumeClaimTemplates ?? []).entries()) {
      checkClaimSpec(claim.spec, SPEC_PATH.child('volumeClaimTemplates').index(index).child('spec'), errors);
    }
  }
  checkNonNegative(spec.replicas, SPEC_PATH.child('replicas'), errors);
  checkNonNegative(spec.minReadySeconds, SPEC_PATH.child('minReadySeconds'), errors);
  checkNonNegative(spec.ordinals?.start, SPEC_PATH.child('ordinals.start'), errors);
  if (!isUpdate && !isEmpty(spec.serviceName)) checkDnsLabel(spec.serviceName as string, SPEC_PATH.child('serviceName'), errors);
  if (checkSelector(spec.selector, errors, { emptyText: 'empty selector is invalid for statefulset', brokenText: '' })) {
    const template = templateWithClaims(spec);
    checkTemplateLabels(spec.selector, template, TEMPLATE, errors);
    if (checkTemplate) checkPodTemplateSpec(template, TEMPLATE, errors);
    // Upstream checks metadata of this template twice, and reports it twice.
    checkLabels(template.metadata?.labels, TEMPLATE.child('labels'), errors);
    checkAnnotations(template.metadata?.annotations, TEMPLATE.child('annotations'), errors);
  }
  checkEndlessTemplate(spec.template, TEMPLATE, errors, 'StatefulSet');
}

/** The template as its pods will be: claims are mounted like volumes, and names come from the set. */
function templateWithClaims({ template, volumeClaimTemplates = [] }: Spec): core.PodTemplateSpec {
  if (template?.spec === undefined) return template ?? {};
  const { subdomain: _subdomain, hostname: _hostname, ...podSpec } = template.spec;
  if (volumeClaimTemplates.length === 0) return { ...template, spec: podSpec };
  // Of two claims with one name the pods mount one.
  const names = new Set(volumeClaimTemplates.map(({ metadata }) => metadata.name));
  const claims = [...names].map((name): core.Volume => ({ name, persistentVolumeClaim: { claimName: name } }));
  const others = (podSpec.volumes ?? []).filter(({ name }) => !claims.some((claim) => claim.name === name));
  return { ...template, spec: { ...podSpec, volumes: [...claims, ...others] } };
}

function checkPolicies(spec: Spec, errors: FieldErrors): void {
  const management = spec.podManagementPolicy ?? '';
  const managementPath = SPEC_PATH.child('podManagementPolicy');
  if (management === '') errors.required(managementPath);
  else if (management !== 'OrderedReady' && management !== 'Parallel') errors.invalid(managementPath, management, "must be 'OrderedReady' or 'Parallel'");
  checkRollout(spec.updateStrategy ?? {}, errors);
  const retention = spec.persistentVolumeClaimRetentionPolicy;
  for (const field of ['whenDeleted', 'whenScaled'] as const) {
    const value = retention?.[field];
    if (retention === undefined || value === 'Retain' || value === 'Delete') continue;
    errors.notSupported(SPEC_PATH.child('persistentVolumeClaimRetentionPolicy').child(field), value, ['Retain', 'Delete']);
  }
}

function checkRollout({ type = '', rollingUpdate }: apps.StatefulSetUpdateStrategy, errors: FieldErrors): void {
  const path = SPEC_PATH.child('updateStrategy');
  const internal = rollingUpdate === undefined ? null : { Partition: rollingUpdate.partition ?? 0, MaxUnavailable: rollingUpdate.maxUnavailable ?? null };
  if (type === '') errors.required(path);
  else if (type === 'OnDelete') {
    if (rollingUpdate !== undefined) errors.invalid(path.child('rollingUpdate'), internal, "only allowed for updateStrategy 'RollingUpdate'");
  } else if (type !== 'RollingUpdate') {
    errors.invalid(path, { Type: type, RollingUpdate: internal }, "must be 'RollingUpdate' or 'OnDelete'");
  } else if (rollingUpdate !== undefined) {
    checkNonNegative(rollingUpdate.partition, path.child('rollingUpdate').child('partition'), errors);
    const { maxUnavailable } = rollingUpdate;
    if (maxUnavailable === undefined) return;
    const unavailablePath = path.child('rollingUpdate').child('maxUnavailable');
    checkPositiveIntOrPercent(maxUnavailable, unavailablePath, errors);
    if (intOrPercentValue(maxUnavailable) === 0) errors.invalid(unavailablePath, maxUnavailable, 'cannot be 0');
    checkAtMost100Percent(maxUnavailable, unavailablePath, errors);
  }
}

function checkStatus({ status }: StatefulSet, previous: StatefulSet, errors: FieldErrors): void {
  checkCounts(status, ['replicas', 'readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas', 'observedGeneration', 'collisionCount'], errors);
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0 } = status ?? {};
  for (const field of ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'] as const) {
    const value = status?.[field] ?? 0;
    if (value > replicas) errors.invalid(STATUS_PATH.child(field), value, 'cannot be greater than status.replicas');
  }
  if (availableReplicas > readyReplicas) errors.invalid(STATUS_PATH.child('availableReplicas'), availableReplicas, 'cannot be greater than status.readyReplicas');
  checkCollisionCount(status?.collisionCount, previous.status?.collisionCount, errors);
}

function warnings(set: StatefulSet, previous: StatefulSet | undefined): string[] {
  const found: string[] = [];
  if (previous === undefined || set.metadata.generation !== previous.metadata.generation) found.push(...templateWarnings(set.spec?.template));
  for (const [index, claim] of (set.spec?.volumeClaimTemplates ?? []).entries()) {
    found.push(...claimSpecWarnings(claim.spec, SPEC_PATH.child('volumeClaimTemplates').index(index)));
  }
  if ((set.spec?.revisionHistoryLimit ?? 0) < 0) found.push('spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended');
  return found;
}
