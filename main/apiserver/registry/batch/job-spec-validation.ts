import type * as batch from '../../../../kube/api/generated/batch/v1.ts';
import { validateDomainPrefixedPath } from '../../../../kube/apimachinery/domain-validation.ts';
import { OMITTED_VALUE } from '../../../../kube/apimachinery/field-error.ts';
import { goQuote } from '../../../../kube/apimachinery/go-format.ts';
import { checkPodTemplateSpec } from '../core/pod/validation/pod.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import type { FieldPath } from '../validation/field-path.ts';
import { checkNonNegative, checkQualifiedName, isEmpty } from '../validation/values.ts';
import { parseIndexes } from './index-intervals.ts';
import { internalSuccessPolicy } from './job-strategy.ts';

type Spec = batch.JobSpec;
const MAX_PARALLELISM = 100_000;
const MAX_FAILED_INDEXES = 100_000;
const COMPLETIONS_SOFT_LIMIT = 100_000;
const HIGH_COMPLETIONS_LIMIT = 10_000;
const MAX_RULES = 20;
const MAX_EXIT_CODES = 255;
const MAX_MANAGED_BY_LENGTH = 63;
const MAX_SUCCEEDED_INDEXES_LENGTH = 64 * 1024;
const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const OPERATORS = ['In', 'NotIn'];
const STATUSES = ['False', 'True', 'Unknown'];
const REPLACEMENTS = ['Failed', 'TerminatingOrFailed'];

export function checkJobSpec(spec: Spec, path: FieldPath, errors: FieldErrors): void {
  for (const field of ['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished', 'backoffLimitPerIndex'] as const) {
    checkNonNegative(spec[field], path.child(field), errors);
  }
  if (spec.maxFailedIndexes !== undefined) {
    checkNonNegative(spec.maxFailedIndexes, path.child('maxFailedIndexes'), errors);
    if (spec.backoffLimitPerIndex === undefined) errors.required(path.child('backoffLimitPerIndex'), 'when maxFailedIndexes is specified');
  }
  if (spec.managedBy !== undefined) {
    errors.addAll(validateDomainPrefixedPath(spec.managedBy, path.child('managedBy').toString()));
    if (spec.managedBy.length > MAX_MANAGED_BY_LENGTH) errors.tooLong(path.child('managedBy'), MAX_MANAGED_BY_LENGTH);
  }
  checkCompletionMode(spec, path, errors);
  if (spec.podFailurePolicy !== undefined) checkFailurePolicy(spec, spec.podFailurePolicy, path.child('podFailurePolicy').child('rules'), errors);
  if (spec.successPolicy !== undefined) {
    const policyPath = path.child('successPolicy');
    if (spec.completionMode === 'Indexed') checkSuccessPolicy(spec, spec.successPolicy, policyPath.child('rules'), errors);
    else errors.invalid(policyPath, internalSuccessPolicy(spec.successPolicy), 'requires indexed completion mode');
  }
  const replacement = spec.podReplacementPolicy;
  const supported = spec.podFailurePolicy === undefined ? REPLACEMENTS : ['Failed'];
  if (replacement !== undefined && !supported.includes(replacement)) errors.notSupported(path.child('podReplacementPolicy'), replacement, supported);
  checkPodTemplateSpec(spec.template ?? {}, path.child('template'), errors);
  checkRestartPolicy(spec, path.child('template').child('spec').child('restartPolicy'), errors);
}

function checkRestartPolicy({ template, podFailurePolicy }: Spec, path: FieldPath, errors: FieldErrors): void {
  const policy = template?.spec?.restartPolicy ?? '';
  if (policy === 'Always' || policy === '') errors.required(path, 'valid values: "OnFailure", "Never"');
  else if (policy !== 'OnFailure' && policy !== 'Never') errors.notSupported(path, policy, ['OnFailure', 'Never']);
  else if (podFailurePolicy !== undefined && policy !== 'Never') {
    errors.invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified');
  }
}

function checkCompletionMode(spec: Spec, path: FieldPath, errors: FieldErrors): void {
  const { completionMode, backoffLimitPerIndex, maxFailedIndexes } = spec;
  if (completionMode !== undefined && completionMode !== 'NonIndexed' && completionMode !== 'Indexed') {
    errors.notSupported(path.child('completionMode'), completionMode, ['NonIndexed', 'Indexed']);
  }
  if (completionMode === 'Indexed') checkIndexed(spec, path, errors);
  if (completionMode !== undefined && completionMode !== 'NonIndexed') return;
  const detail = 'requires indexed completion mode';
  if (backoffLimitPerIndex !== undefined) errors.invalid(path.child('backoffLimitPerIndex'), backoffLimitPerIndex, detail);
  if (maxFailedIndexes !== undefined) errors.invalid(path.child('maxFailedIndexes'), maxFailedIndexes, detail);
}

function checkIndexed({ completions, parallelism, maxFailedIndexes, backoffLimitPerIndex }: Spec, path: FieldPath, errors: FieldErrors): void {
  if (completions === undefined) errors.required(path.child('completions'), 'when completion mode is Indexed');
  if (parallelism !== undefined && parallelism > MAX_PARALLELISM) {
    errors.invalid(path.child('parallelism'), parallelism, `must be less than or equal to ${MAX_PARALLELISM} when completion mode is Indexed`);
  }
  const failedPath = path.child('maxFailedIndexes');
  if (completions !== undefined && maxFailedIndexes !== undefined && maxFailedIndexes > completions) {
    errors.invalid(failedPath, maxFailedIndexes, 'must be less than or equal to completions');
  }
  if (maxFailedIndexes !== undefined && maxFailedIndexes > MAX_FAILED_INDEXES) {
    errors.invalid(failedPath, maxFailedIndexes, `must be less than or equal to ${MAX_FAILED_INDEXES}`);
  }
  if (completions === undefined || completions <= COMPLETIONS_SOFT_LIMIT || backoffLimitPerIndex === undefined) return;
  if (maxFailedIndexes === undefined) errors.required(failedPath, `must be specified when completions is above ${COMPLETIONS_SOFT_LIMIT}`);
  const detail = `must be less than or equal to ${HIGH_COMPLETIONS_LIMIT} when completions are above ${COMPLETIONS_SOFT_LIMIT} and used with backoff limit per index`;
  if (parallelism !== undefined && parallelism > HIGH_COMPLETIONS_LIMIT) errors.invalid(path.child('parallelism'), parallelism, detail);
  if (maxFailedIndexes !== undefined && maxFailedIndexes > HIGH_COMPLETIONS_LIMIT) errors.invalid(failedPath, maxFailedIndexes, detail);
}

function quotedList(values: readonly string[]): string {
  return `valid values: [${values.map(goQuote).join(' ')}]`;
}

function checkFailurePolicy(spec: Spec, { rules = [] }: batch.PodFailurePolicy, path: FieldPath, errors: FieldErrors): void {
  if (rules.length > MAX_RULES) errors.tooMany(path, rules.length, MAX_RULES);
  const podSpec = spec.template?.spec;
  const names = new Set([...(podSpec?.containers ?? []), ...(podSpec?.initContainers ?? [])].map(({ name }) => name));
  for (const [index, rule] of rules.entries()) {
    const rulePath = path.index(index);
    const action = rule.action ?? '';
    if (action === '') errors.required(rulePath.child('action'), quotedList(ACTIONS));
    else if (action === 'FailIndex') {
      if (spec.backoffLimitPerIndex === undefined) errors.invalid(rulePath.child('action'), action, 'requires the backoffLimitPerIndex to be set');
    } else if (!ACTIONS.includes(action)) errors.notSupported(rulePath.child('action'), action, ACTIONS);
    if (rule.onExitCodes !== undefined) checkExitCodes(rule.onExitCodes, rulePath.child('onExitCodes'), errors, names);
    const hasConditions = !isEmpty(rule.onPodConditions);
    if (hasConditions) checkPodConditions(rule.onPodConditions ?? [], rulePath.child('onPodConditions'), errors);
    if (rule.onExitCodes !== undefined && hasConditions) {
      errors.invalid(rulePath, OMITTED_VALUE, 'specifying both OnExitCodes and OnPodConditions is not supported');
    }
    if (rule.onExitCodes === undefined && !hasConditions) {
      errors.invalid(rulePath, OMITTED_VALUE, 'specifying one of OnExitCodes and OnPodConditions is required');
    }
  }
}

function checkPodConditions(patterns: readonly batch.PodFailurePolicyOnPodConditionsPattern[], path: FieldPath, errors: FieldErrors): void {
  if (patterns.length > MAX_RULES) errors.tooMany(path, patterns.length, MAX_RULES);
  for (const [index, { type = '', status = '' }] of patterns.entries()) {
    checkQualifiedName(type, path.index(index).child('type'), errors);
    const statusPath = path.index(index).child('status');
    if (status === '') errors.required(statusPath, quotedList(STATUSES));
    else if (!STATUSES.includes(status)) errors.notSupported(statusPath, status, STATUSES);
  }
}

function checkExitCodes(requirement: batch.PodFailurePolicyOnExitCodesRequirement, path: FieldPath, errors: FieldErrors, names: ReadonlySet<string>): void {
  const { operator = '', containerName, values = [] } = requirement;
  if (operator === '') errors.required(path.child('operator'), quotedList(OPERATORS));
  else if (!OPERATORS.includes(operator)) errors.notSupported(path.child('operator'), operator, OPERATORS);
  if (containerName !== undefined && !names.has(containerName)) {
    const detail = 'must be one of the container or initContainer names in the pod template';
    errors.invalid(path.child('containerName'), containerName, detail);
  }
  const valuesPath = path.child('values');
  if (values.length === 0) errors.invalid(valuesPath, requirement.values ?? null, 'at least one value is required');
  else if (values.length > MAX_EXIT_CODES) errors.tooMany(valuesPath, values.length, MAX_EXIT_CODES);
  let ordered = true;
  for (const [index, value] of values.entries()) {
    if (operator === 'In' && value === 0) errors.invalid(valuesPath.index(index), value, 'must not be 0 for the In operator');
    if (values.indexOf(value) < index) errors.duplicate(valuesPath.index(index), value);
    if (index > 0 && (values[index - 1] ?? 0) > value) ordered = false;
  }
  if (!ordered) errors.invalid(valuesPath, values, 'must be ordered');
}

function checkSuccessPolicy({ completions = 0 }: Spec, { rules = [] }: batch.SuccessPolicy, path: FieldPath, errors: FieldErrors): void {
  if (rules.length === 0) errors.required(path, 'at least one rules must be specified when the successPolicy is specified');
  if (rules.length > MAX_RULES) errors.tooMany(path, rules.length, MAX_RULES);
  for (const [index, { succeededCount, succeededIndexes }] of rules.entries()) {
    const rulePath = path.index(index);
    if (succeededCount === undefined && succeededIndexes === undefined) {
      errors.required(rulePath, 'at least one of succeededCount or succeededIndexes must be specified');
    }
    const indexesPath = rulePath.child('succeededIndexes');
    const parsed = parseIndexes(succeededIndexes ?? '', completions);
    if (succeededIndexes !== undefined && succeededIndexes.length > MAX_SUCCEEDED_INDEXES_LENGTH) errors.tooLong(indexesPath, MAX_SUCCEEDED_INDEXES_LENGTH);
    if (parsed.error !== undefined) errors.invalid(indexesPath, succeededIndexes, `error parsing succeededIndexes: ${parsed.error}`);
    if (succeededCount === undefined) continue;
    const countPath = rulePath.child('succeededCount');
    checkNonNegative(succeededCount, countPath, errors);
    if (succeededCount > completions) {
      errors.invalid(countPath, succeededCount, `must be less than or equal to ${completions} (the number of specified completions)`);
    }
    if (succeededIndexes !== undefined && succeededCount > parsed.total) {
      const detail = `must be less than or equal to ${parsed.total} (the number of indexes in the specified succeededIndexes field)`;
      errors.invalid(countPath, succeededCount, detail);
    }
  }
}
