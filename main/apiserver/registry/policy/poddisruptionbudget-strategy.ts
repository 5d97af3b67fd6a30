import type * as policy from '../../../../kube/api/generated/policy/v1.ts';
import { checkAtMost100Percent, checkPositiveIntOrPercent } from '../apps/int-or-percent.ts';
import { buildStrategy } from '../validation/build-strategy.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import { SPEC_PATH, STATUS_PATH } from '../validation/field-path.ts';
import { checkConditions } from '../validation/conditions.ts';
import { checkLabelSelector } from '../validation/label-selector.ts';
import { checkNonNegative } from '../validation/values.ts';

type Budget = policy.PodDisruptionBudget;
const EVICTION_POLICIES = ['AlwaysAllow', 'IfHealthyBudget'];

export const podDisruptionBudgetStrategy = buildStrategy<Budget>({
  namespaced: true,
  allowUnconditionalUpdate: false,
  generation: true,
  prepareForCreate: (budget) => ({ ...budget, status: { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 } }),
  check,
  status: {
    check({ status }, _previous, errors) {
      checkConditions(status?.conditions, STATUS_PATH.child('conditions'), errors);
      for (const field of ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const) {
        checkNonNegative(status?.[field], STATUS_PATH.child(field), errors);
      }
    },
  },
});

function check({ spec = {} }: Budget, errors: FieldErrors): void {
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy } = spec;
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    const value = {
      MinAvailable: minAvailable, Selector: selector ?? null, MaxUnavailable: maxUnavailable, UnhealthyPodEvictionPolicy: unhealthyPodEvictionPolicy ?? null,
    };
    errors.invalid(SPEC_PATH, value, 'minAvailable and maxUnavailable cannot be both set');
  }
  for (const field of ['minAvailable', 'maxUnavailable'] as const) {
    checkPositiveIntOrPercent(spec[field], SPEC_PATH.child(field), errors);
    checkAtMost100Percent(spec[field], SPEC_PATH.child(field), errors);
  }
  checkLabelSelector(selector, SPEC_PATH.child('selector'), errors);
  if (unhealthyPodEvictionPolicy !== undefined && !EVICTION_POLICIES.includes(unhealthyPodEvictionPolicy)) {
    errors.notSupported(SPEC_PATH.child('unhealthyPodEvictionPolicy'), unhealthyPodEvictionPolicy, EVICTION_POLICIES);
  }
}
