import type * as apps from '../../../../kube/api/generated/apps/v1.ts';
import { setPodTemplateDefaults } from '../core/pod/defaults.ts';
import { withoutDisabledTemplateFields } from '../core/pod/disabled-fields.ts';
import { checkPodTemplateSpec } from '../core/pod/validation/pod.ts';
import { buildStrategy } from '../validation/build-strategy.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import { SPEC_PATH } from '../validation/field-path.ts';
import { checkLabelSelector, isEmptySelector, labelsAsGiven, selectorMatches } from '../validation/label-selector.ts';
import { semanticEqual } from '../validation/semantic-equal.ts';
import { checkImmutable, checkNonNegative } from '../validation/values.ts';
import { checkAtMost100Percent, checkPositiveIntOrPercent, intOrPercentValue } from './int-or-percent.ts';
import { checkCollisionCount, checkCounts, checkEndlessTemplate, isBroken, templateWarnings } from './workload-validation.ts';

type DaemonSet = apps.DaemonSet;
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';
const TEMPLATE = SPEC_PATH.child('template');

export const daemonSetStrategy = buildStrategy<DaemonSet>({
  namespaced: true,
  generation: true,
  dropDisabled: (obj, previous) => ({ ...obj, spec: withoutDisabledTemplateFields(obj.spec, previous?.spec) }),
  defaults({ spec, metadata }) {
    // The version's own form of a counter that is zero at first.
    metadata.annotations ??= {};
    metadata.annotations[TEMPLATE_GENERATION] ??= '0';
    if (spec === undefined) return;
    spec.updateStrategy ??= {};
    spec.updateStrategy.type ||= 'RollingUpdate';
    if (spec.updateStrategy.type === 'RollingUpdate') {
      spec.updateStrategy.rollingUpdate ??= {};
      spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
      spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
    }
    spec.revisionHistoryLimit ??= 10;
    setPodTemplateDefaults(spec.template);
  },
  prepareForCreate(set) {
    const status = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 };
    return withTemplateGeneration({ ...set, status }, Math.max(templateGeneration(set), 1));
  },
  prepareForUpdate(next, previous) {
    const before = templateGeneration(previous);
    return withTemplateGeneration(next, semanticEqual(next.spec.template, previous.spec.template) ? before : before + 1);
  },
  check,
  checkUpdate(next, previous, errors) {
    checkImmutable(next.spec.selector, previous.spec.selector, SPEC_PATH.child('selector'), errors);
    check(next, errors);
  },
  recheckOnUpdate: false,
  status: { check: checkStatus },
  warnings(set, previous) {
    return previous === undefined || !semanticEqual(set.spec?.template, previous.spec?.template) ? templateWarnings(set.spec?.template) : [];
  },
});

/** apps/v1 keeps this counter of old versions in an annotation. */
function templateGeneration({ metadata }: DaemonSet): number {
  const value = Number(metadata.annotations?.[TEMPLATE_GENERATION] ?? '0');
  return Number.isSafeInteger(value) ? value : 0;
}
function withTemplateGeneration(set: DaemonSet, generation: number): DaemonSet {
  const annotations = { ...set.metadata.annotations, [TEMPLATE_GENERATION]: String(generation) };
  return { ...set, metadata: { ...set.metadata, annotations } };
}

function check({ spec }: DaemonSet, errors: FieldErrors): void {
  const { selector, template } = spec;
  checkLabelSelector(selector, SPEC_PATH.child('selector'), errors);
  const matches = selector !== undefined && (isBroken(selector) || isEmptySelector(selector) || selectorMatches(selector, template?.metadata?.labels));
  if (!matches) errors.invalid(TEMPLATE.child('metadata').child('labels'), labelsAsGiven(template?.metadata), '`selector` does not match template `labels`');
  if (selector !== undefined && isEmptySelector(selector)) errors.invalid(SPEC_PATH.child('selector'), selector, 'empty selector is invalid for daemonset');
  checkPodTemplateSpec(template ?? {}, TEMPLATE, errors);
  checkEndlessTemplate(template, TEMPLATE, errors, 'DaemonSet');
  checkNonNegative(spec.minReadySeconds, SPEC_PATH.child('minReadySeconds'), errors);
  checkRollout(spec.updateStrategy ?? {}, errors);
  checkNonNegative(spec.revisionHistoryLimit, SPEC_PATH.child('revisionHistoryLimit'), errors);
}

function checkRollout({ type, rollingUpdate }: apps.DaemonSetUpdateStrategy, errors: FieldErrors): void {
  const path = SPEC_PATH.child('updateStrategy');
  if (type === 'OnDelete') return;
  if (type !== 'RollingUpdate') {
    const value = { Type: type ?? '', RollingUpdate: rollingUpdate === undefined ? null : { MaxUnavailable: rollingUpdate.maxUnavailable ?? 0, MaxSurge: rollingUpdate.maxSurge ?? 0 } };
    errors.notSupported(path, value, ['RollingUpdate', 'OnDelete']);
    return;
  }
  if (rollingUpdate === undefined) {
    errors.required(path.child('rollingUpdate'));
    return;
  }
  const { maxUnavailable, maxSurge } = rollingUpdate;
  const unavailablePath = path.child('rollingUpdate').child('maxUnavailable');
  const surgePath = path.child('rollingUpdate').child('maxSurge');
  checkPositiveIntOrPercent(maxUnavailable, unavailablePath, errors);
  checkPositiveIntOrPercent(maxSurge, surgePath, errors);
  checkAtMost100Percent(maxUnavailable, unavailablePath, errors);
  checkAtMost100Percent(maxSurge, surgePath, errors);
  const unavailable = intOrPercentValue(maxUnavailable) !== 0;
  const surge = intOrPercentValue(maxSurge) !== 0;
  if (unavailable && surge) errors.invalid(surgePath, maxSurge, 'may not be set when maxUnavailable is non-zero');
  if (!unavailable && !surge) errors.required(unavailablePath, 'cannot be 0 when maxSurge is 0');
}

function checkStatus({ status }: DaemonSet, previous: DaemonSet, errors: FieldErrors): void {
  checkCounts(
    status,
    [
      'currentNumberScheduled', 'numberMisscheduled', 'desiredNumberScheduled', 'numberReady', 'observedGeneration', 'updatedNumberScheduled',
      'numberAvailable', 'numberUnavailable', 'collisionCount',
    ],
    errors,
  );
  checkCollisionCount(status?.collisionCount, previous.status?.collisionCount, errors);
}
