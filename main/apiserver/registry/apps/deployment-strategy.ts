import type * as apps from '../../../../kube/api/generated/apps/v1.ts';
import { setPodTemplateDefaults } from '../core/pod/defaults.ts';
import { withoutDisabledTemplateFields } from '../core/pod/disabled-fields.ts';
import { buildStrategy } from '../validation/build-strategy.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import { SPEC_PATH, STATUS_PATH } from '../validation/field-path.ts';
import { withSpecOf } from '../validation/parts.ts';
import { selectorText } from '../validation/label-selector.ts';
import { semanticEqual } from '../validation/semantic-equal.ts';
import { checkImmutable, checkNonNegative } from '../validation/values.ts';
import { checkAtMost100Percent, checkPositiveIntOrPercent, intOrPercentValue } from './int-or-percent.ts';
import { checkCollisionCount, checkCounts, checkReplicaTemplate, checkSelector, NAME_IN_PODS, podNameWarnings, templateWarnings } from './workload-validation.ts';

type Deployment = apps.Deployment;

export const deploymentStrategy = buildStrategy<Deployment>({
  namespaced: true,
  generation: true,
  dropDisabled: (obj, previous) => ({ ...obj, spec: withoutDisabledTemplateFields(obj.spec, previous?.spec) }),
  defaults({ spec }) {
    if (spec === undefined) return;
    spec.replicas ??= 1;
    spec.strategy ??= {};
    spec.strategy.type ||= 'RollingUpdate';
    if (spec.strategy.type === 'RollingUpdate') {
      spec.strategy.rollingUpdate ??= {};
      spec.strategy.rollingUpdate.maxUnavailable ??= '25%';
      spec.strategy.rollingUpdate.maxSurge ??= '25%';
    }
    spec.revisionHistoryLimit ??= 10;
    spec.progressDeadlineSeconds ??= 600;
    setPodTemplateDefaults(spec.template);
  },
  prepareForCreate: (deployment) => ({ ...deployment, status: {} }),
  // Annotations count for the generation as well: they are copied to replica sets.
  prepareForUpdate(next, { metadata: previous }) {
    const { annotations, generation } = next.metadata;
    return semanticEqual(annotations, previous.annotations) ? next : { ...next, metadata: { ...next.metadata, generation: (generation ?? 0) + 1 } };
  },
  check,
  checkUpdate(next, previous, errors) {
    check(next, errors);
    checkImmutable(next.spec.selector, previous.spec.selector, SPEC_PATH.child('selector'), errors);
  },
  recheckOnUpdate: false,
  status: { prepare: (next, previous) => withSpecOf(withLabelsOf(next, previous), previous), check: checkStatus },
  scale: {
    replicas: ({ spec, status }) => ({ spec: spec.replicas ?? 0, status: status?.replicas ?? 0, selector: selectorText(spec.selector) }),
    withReplicas: (deployment, replicas) => ({ ...deployment, spec: { ...deployment.spec, replicas } }),
  },
  warnings(deployment, previous) {
    if (previous === undefined) {
      return [...podNameWarnings(deployment.metadata.name, NAME_IN_PODS), ...templateWarnings(deployment.spec?.template)];
    }
    return deployment.metadata.generation === previous.metadata.generation ? [] : templateWarnings(deployment.spec?.template);
  },
});

/** Labels choose replica sets; whoever writes the status alone cannot change them. */
function withLabelsOf(next: Deployment, { metadata: { labels } }: Deployment): Deployment {
  const { labels: _given, ...metadata } = next.metadata;
  return { ...next, metadata: { ...metadata, ...(labels ? { labels } : {}) } };
}

function check({ spec }: Deployment, errors: FieldErrors): void {
  checkNonNegative(spec.replicas, SPEC_PATH.child('replicas'), errors);
  const texts = { emptyText: 'empty selector is invalid for deployment', brokenText: 'invalid label selector' };
  if (checkSelector(spec.selector, errors, texts)) checkReplicaTemplate(spec.selector, spec.template, errors);
  checkRollout(spec.strategy ?? {}, errors);
  checkNonNegative(spec.minReadySeconds, SPEC_PATH.child('minReadySeconds'), errors);
  checkNonNegative(spec.revisionHistoryLimit, SPEC_PATH.child('revisionHistoryLimit'), errors);
  const deadline = spec.progressDeadlineSeconds;
  if (deadline === undefined) return;
  const path = SPEC_PATH.child('progressDeadlineSeconds');
  checkNonNegative(deadline, path, errors);
  if (deadline <= (spec.minReadySeconds ?? 0)) errors.invalid(path, deadline, 'must be greater than minReadySeconds');
}

function checkRollout(strategy: apps.DeploymentStrategy, errors: FieldErrors): void {
  const path = SPEC_PATH.child('strategy');
  const { type, rollingUpdate } = strategy;
  if (type === 'Recreate') {
    if (rollingUpdate !== undefined) errors.forbidden(path.child('rollingUpdate'), "may not be specified when strategy `type` is 'Recreate'");
  } else if (type !== 'RollingUpdate') {
    const value = { Type: type ?? '', RollingUpdate: rollingUpdate === undefined ? null : { MaxUnavailable: rollingUpdate.maxUnavailable ?? 0, MaxSurge: rollingUpdate.maxSurge ?? 0 } };
    errors.notSupported(path, value, ['Recreate', 'RollingUpdate']);
  } else if (rollingUpdate === undefined) {
    errors.required(path.child('rollingUpdate'), 'this should be defaulted and never be nil');
  } else {
    const { maxUnavailable, maxSurge } = rollingUpdate;
    const unavailablePath = path.child('rollingUpdate').child('maxUnavailable');
    checkPositiveIntOrPercent(maxUnavailable, unavailablePath, errors);
    checkPositiveIntOrPercent(maxSurge, path.child('rollingUpdate').child('maxSurge'), errors);
    if (intOrPercentValue(maxUnavailable) === 0 && intOrPercentValue(maxSurge) === 0) {
      errors.invalid(unavailablePath, maxUnavailable ?? 0, 'may not be 0 when `maxSurge` is 0');
    }
    checkAtMost100Percent(maxUnavailable, unavailablePath, errors);
  }
}

function checkStatus({ status }: Deployment, previous: Deployment, errors: FieldErrors): void {
  checkCounts(status, ['observedGeneration', 'replicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas', 'unavailableReplicas', 'terminatingReplicas', 'collisionCount'], errors);
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0 } = status ?? {};
  for (const field of ['updatedReplicas', 'readyReplicas', 'availableReplicas'] as const) {
    const value = status?.[field] ?? 0;
    if (value > replicas) errors.invalid(STATUS_PATH.child(field), value, 'cannot be greater than status.replicas');
  }
  if (availableReplicas > readyReplicas) errors.invalid(STATUS_PATH.child('availableReplicas'), availableReplicas, 'cannot be greater than readyReplicas');
  checkCollisionCount(status?.collisionCount, previous.status?.collisionCount, errors);
}
