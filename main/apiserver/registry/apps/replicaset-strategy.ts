import type * as apps from '../../../../kube/api/generated/apps/v1.ts';
import { setPodTemplateDefaults } from '../core/pod/defaults.ts';
import { withoutDisabledTemplateFields } from '../core/pod/disabled-fields.ts';
import { checkReplicaStatus } from '../core/replicationcontroller/strategy.ts';
import { buildStrategy } from '../validation/build-strategy.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import { SPEC_PATH } from '../validation/field-path.ts';
import { selectorText } from '../validation/label-selector.ts';
import { checkImmutable, checkNonNegative } from '../validation/values.ts';
import { checkReplicaTemplate, checkSelector, NAME_IN_PODS, podNameWarnings, templateWarnings } from './workload-validation.ts';

type ReplicaSet = apps.ReplicaSet;

export const replicaSetStrategy = buildStrategy<ReplicaSet>({
  namespaced: true,
  generation: true,
  dropDisabled: (obj, previous) => ({ ...obj, spec: withoutDisabledTemplateFields(obj.spec, previous?.spec) }),
  defaults({ spec }) {
    if (spec === undefined) return;
    spec.replicas ??= 1;
    setPodTemplateDefaults(spec.template);
  },
  prepareForCreate: (set) => ({ ...set, status: { replicas: 0 } }),
  check,
  checkUpdate(next, previous, errors) {
    check(next, errors);
    checkImmutable(next.spec.selector, previous.spec.selector, SPEC_PATH.child('selector'), errors);
  },
  recheckOnUpdate: false,
  status: { check: (next, _previous, errors) => checkReplicaStatus(next.status, errors, { fullyLabeled: true }) },
  scale: {
    replicas: ({ spec, status }) => ({ spec: spec.replicas ?? 0, status: status?.replicas ?? 0, selector: selectorText(spec.selector) }),
    withReplicas: (set, replicas) => ({ ...set, spec: { ...set.spec, replicas } }),
  },
  warnings(set, previous) {
    if (previous === undefined) return [...podNameWarnings(set.metadata.name, NAME_IN_PODS), ...templateWarnings(set.spec?.template)];
    return set.metadata.generation === previous.metadata.generation ? [] : templateWarnings(set.spec?.template);
  },
});

function check({ spec }: ReplicaSet, errors: FieldErrors): void {
  checkNonNegative(spec.replicas, SPEC_PATH.child('replicas'), errors);
  checkNonNegative(spec.minReadySeconds, SPEC_PATH.child('minReadySeconds'), errors);
  const texts = { emptyText: 'empty selector is invalid for deployment', brokenText: 'invalid label selector' };
  if (checkSelector(spec.selector, errors, texts)) checkReplicaTemplate(spec.selector, spec.template, errors);
}
