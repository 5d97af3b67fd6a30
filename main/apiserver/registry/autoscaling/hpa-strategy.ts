import { wasGivenEmpty } from '../../../../kube/api/typed-object.ts';
import type * as autoscaling from '../../../../kube/api/generated/autoscaling/v2.ts';
import { buildStrategy } from '../validation/build-strategy.ts';
import { SPEC_PATH, STATUS_PATH, type FieldPath } from '../validation/field-path.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import { checkNonNegativeQuantity } from '../validation/quantities.ts';
import { checkNonNegative, isEmpty } from '../validation/values.ts';
import { checkMetrics, checkReference } from './metric-validation.ts';

type Autoscaler = autoscaling.HorizontalPodAutoscaler;
const MAX_PERIOD_SECONDS = 1800;
const MAX_WINDOW_SECONDS = 3600;
const SELECT_POLICIES = ['Disabled', 'Max', 'Min'];
const POLICY_TYPES = ['Percent', 'Pods'];

export const horizontalPodAutoscalerStrategy = buildStrategy<Autoscaler>({
  namespaced: true,
  defaults: setAutoscalerDefaults,
  prepareForCreate: (autoscaler) => ({ ...autoscaler, status: { desiredReplicas: 0 } as autoscaling.HorizontalPodAutoscalerStatus }),
  check,
  status: {
    check({ status }, _previous, errors) {
      checkNonNegative(status?.currentReplicas, STATUS_PATH.child('currentReplicas'), errors);
      checkNonNegative(status?.desiredReplicas, STATUS_PATH.child('desiredReplicas'), errors);
    },
  },
});

export function setAutoscalerDefaults({ spec }: Autoscaler): void {
  if (spec === undefined) return;
  spec.minReplicas ??= 1;
  if (isEmpty(spec.metrics)) spec.metrics = [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }];
  const { behavior } = spec;
  if (behavior === undefined) return;
  const up = (behavior.scaleUp ??= {});
  up.stabilizationWindowSeconds ??= 0;
  up.selectPolicy ??= 'Max';
  if (!wasGivenEmpty(up, 'policies')) up.policies ??= [{ type: 'Pods', value: 4, periodSeconds: 15 }, { type: 'Percent', value: 100, periodSeconds: 15 }];
  const down = (behavior.scaleDown ??= {});
  down.selectPolicy ??= 'Max';
  if (!wasGivenEmpty(down, 'policies')) down.policies ??= [{ type: 'Percent', value: 100, periodSeconds: 15 }];
}

function check({ spec }: Autoscaler, errors: FieldErrors): void {
  const { minReplicas, maxReplicas = 0, scaleTargetRef, metrics, behavior } = spec ?? ({} as Partial<autoscaling.HorizontalPodAutoscalerSpec>);
  const maxPath = SPEC_PATH.child('maxReplicas');
  if (minReplicas !== undefined && minReplicas < 1) errors.invalid(SPEC_PATH.child('minReplicas'), minReplicas, 'must be greater than or equal to 1');
  if (maxReplicas === 0) errors.required(maxPath, 'must be set and greater than 0');
  else if (maxReplicas < 1) errors.invalid(maxPath, maxReplicas, 'must be greater than or equal to 1');
  if (minReplicas !== undefined && maxReplicas < minReplicas) errors.invalid(maxPath, maxReplicas, 'must be greater than or equal to `minReplicas`');
  checkReference(scaleTargetRef, SPEC_PATH.child('scaleTargetRef'), errors, { needsGroup: true });
  checkMetrics(metrics ?? [], SPEC_PATH.child('metrics'), errors);
  if (minReplicas === 0 && !metrics?.some(({ type }) => type === 'Object' || type === 'External')) {
    errors.forbidden(SPEC_PATH.child('metrics'), 'must specify at least one Object or External metric to support scaling to zero replicas');
  }
  if (behavior?.scaleUp !== undefined) checkRules(behavior.scaleUp, SPEC_PATH.child('behavior').child('scaleUp'), errors);
  if (behavior?.scaleDown !== undefined) checkRules(behavior.scaleDown, SPEC_PATH.child('behavior').child('scaleDown'), errors);
}

function checkRules(rules: autoscaling.HPAScalingRules, path: FieldPath, errors: FieldErrors): void {
  const window = rules.stabilizationWindowSeconds;
  const windowPath = path.child('stabilizationWindowSeconds');
  if (window !== undefined && window < 0) errors.invalid(windowPath, window, 'must be greater than or equal to zero');
  if (window !== undefined && window > MAX_WINDOW_SECONDS) errors.invalid(windowPath, window, `must be less than or equal to ${MAX_WINDOW_SECONDS}`);
  if (rules.selectPolicy !== undefined && !SELECT_POLICIES.includes(rules.selectPolicy)) {
    errors.notSupported(path.child('selectPolicy'), rules.selectPolicy, SELECT_POLICIES);
  }
  if (isEmpty(rules.policies)) errors.required(path.child('policies'), 'must specify at least one Policy');
  for (const [index, { type = '', value = 0, periodSeconds = 0 }] of (rules.policies ?? []).entries()) {
    const policyPath = path.child('policies').index(index);
    if (!POLICY_TYPES.includes(type)) errors.notSupported(policyPath.child('type'), type, POLICY_TYPES);
    if (value <= 0) errors.invalid(policyPath.child('value'), value, 'must be greater than zero');
    const periodPath = policyPath.child('periodSeconds');
    if (periodSeconds <= 0) errors.invalid(periodPath, periodSeconds, 'must be greater than zero');
    if (periodSeconds > MAX_PERIOD_SECONDS) errors.invalid(periodPath, periodSeconds, `must be less than or equal to ${MAX_PERIOD_SECONDS}`);
  }
  if (rules.tolerance !== undefined) checkNonNegativeQuantity(rules.tolerance, path.child('tolerance'), errors);
}
