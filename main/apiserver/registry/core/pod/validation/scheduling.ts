import type * as core from '../../../../../../kube/api/generated/core/v1.ts';
import { isValidLabelValue } from '../../../../../../kube/apimachinery/name-validation.ts';
import type { FieldErrors } from '../../../validation/field-errors.ts';
import type { FieldPath } from '../../../validation/field-path.ts';
import { checkLabelSelector } from '../../../validation/label-selector.ts';
import { checkLabelName, checkPositive, checkQualifiedName, isEmpty } from '../../../validation/values.ts';
import { checkMatchLabelKeys } from './affinity.ts';

const TAINT_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
const SCHEDULE_ACTIONS = ['DoNotSchedule', 'ScheduleAnyway'];
const NODE_POLICIES = ['Honor', 'Ignore'];

export function checkTaintEffect(effect: string | undefined, path: FieldPath, errors: FieldErrors): void {
  if (isEmpty(effect)) errors.required(path);
  else if (!TAINT_EFFECTS.includes(effect as string)) errors.notSupported(path, effect, TAINT_EFFECTS);
}

export function checkTolerations(tolerations: readonly core.Toleration[] | undefined, path: FieldPath, errors: FieldErrors): void {
  if (tolerations === undefined) return;
  for (const [index, toleration] of tolerations.entries()) checkToleration(toleration, path.index(index), errors);
}

function checkToleration({ key = '', operator = '', value = '', effect = '', tolerationSeconds }: core.Toleration, path: FieldPath, errors: FieldErrors): void {
  if (key !== '') checkLabelName(key, path.child('key'), errors);
  if (key === '' && operator !== 'Exists') {
    const detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    errors.invalid(path.child('operator'), operator, detail);
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    errors.invalid(path.child('effect'), effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
  }
  switch (operator) {
    case 'Equal':
    case '': {
      const messages = isValidLabelValue(value);
      if (messages.length > 0) errors.invalid(path.child('operator'), value, messages.join(';'));
      break;
    }
    case 'Exists':
      if (value !== '') errors.invalid(path.child('operator'), value, "value must be empty when `operator` is 'Exists'");
      break;
    case 'Lt':
    case 'Gt':
      // Numeric comparison is behind an alpha gate, although the answer lists it.
      errors.notSupported(path.child('operator'), operator, ['Equal', 'Exists', 'Lt', 'Gt']);
      break;
    default:
      errors.notSupported(path.child('operator'), operator, ['Equal', 'Exists']);
  }
  if (effect !== '') checkTaintEffect(effect, path.child('effect'), errors);
}

export function checkSchedulingGates(gates: readonly core.PodSchedulingGate[] | undefined, path: FieldPath, errors: FieldErrors): void {
  if (gates === undefined) return;
  const seen = new Set<string>();
  for (const [index, { name = '' }] of gates.entries()) {
    checkQualifiedName(name, path.index(index), errors);
    if (seen.has(name)) errors.duplicate(path.index(index), name);
    seen.add(name);
  }
}

export function checkReadinessGates(gates: readonly core.PodReadinessGate[] | undefined, path: FieldPath, errors: FieldErrors): void {
  for (const [index, { conditionType = '' }] of (gates ?? []).entries()) checkQualifiedName(conditionType, path.index(index).child('conditionType'), errors);
}

export function checkTopologySpread(
  constraints: readonly core.TopologySpreadConstraint[] | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (constraints === undefined) return;
  for (const [index, constraint] of constraints.entries()) {
    const constraintPath = path.index(index);
    const { topologyKey = '', whenUnsatisfiable = '' } = constraint;
    checkPositive(constraint.maxSkew ?? 0, constraintPath.child('maxSkew'), errors);
    if (topologyKey === '') errors.required(constraintPath.child('topologyKey'), 'can not be empty');
    if (!SCHEDULE_ACTIONS.includes(whenUnsatisfiable)) {
      errors.notSupported(constraintPath.child('whenUnsatisfiable'), whenUnsatisfiable, SCHEDULE_ACTIONS);
    }
    const repeats = constraints.slice(index + 1).some((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable);
    if (repeats) errors.duplicate(constraintPath.child('{topologyKey, whenUnsatisfiable}'), `{${topologyKey}, ${whenUnsatisfiable}}`);
    checkSpreadOptions(constraint, constraintPath, errors);
  }
}

function checkSpreadOptions(constraint: core.TopologySpreadConstraint, path: FieldPath, errors: FieldErrors): void {
  const { minDomains, whenUnsatisfiable, labelSelector, matchLabelKeys } = constraint;
  if (minDomains !== undefined) {
    checkPositive(minDomains, path.child('minDomains'), errors);
    if (whenUnsatisfiable !== 'DoNotSchedule') {
      const detail = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
      errors.invalid(path.child('minDomains'), minDomains, detail);
    }
  }
  for (const field of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
    const policy = constraint[field];
    if (policy !== undefined && !NODE_POLICIES.includes(policy)) errors.notSupported(path.child(field), policy, NODE_POLICIES);
  }
  checkMatchLabelKeys({ matchLabelKeys, mismatchLabelKeys: undefined, selector: labelSelector }, path, errors);
  checkLabelSelector(labelSelector, path.child('labelSelector'), errors);
}

/** Bound pods keep their tolerations; only their time may change, and new ones may come. */
export function checkOnlyAddedTolerations(
  next: readonly core.Toleration[] | undefined,
  previous: readonly core.Toleration[] | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const old of previous ?? []) {
    const kept = next?.some(
      (toleration) =>
        (toleration.key ?? '') === (old.key ?? '') &&
        (toleration.operator ?? '') === (old.operator ?? '') &&
        (toleration.value ?? '') === (old.value ?? '') &&
        (toleration.effect ?? '') === (old.effect ?? ''),
    );
    if (!kept) errors.forbidden(path, 'existing toleration can not be modified except its tolerationSeconds');
  }
  checkTolerations(next, path, errors);
}

export function checkOnlyDeletedGates(
  next: readonly core.PodSchedulingGate[] | undefined,
  previous: readonly core.PodSchedulingGate[] | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const [index, { name }] of (next ?? []).entries()) {
    if (previous?.some((gate) => gate.name === name)) continue;
    errors.forbidden(path.index(index).child('name'), `only deletion is allowed, but found new scheduling gate '${name}'`);
  }
}
