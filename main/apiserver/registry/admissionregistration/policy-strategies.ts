import type * as admission from '../../../../kube/api/generated/admissionregistration/v1.ts';
import { isDns1123Subdomain } from '../../../../kube/apimachinery/name-validation.ts';
import { policyExpressionChecks, type PolicyExpressionChecks } from '../../admission/policies/expression-checks.ts';
import { buildStrategy } from '../validation/build-strategy.ts';
import { withSpecAndMetaOf } from '../validation/parts.ts';
import { checkConditions } from '../validation/conditions.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import { SPEC_PATH, STATUS_PATH, type FieldPath } from '../validation/field-path.ts';
import { semanticEqual } from '../validation/semantic-equal.ts';
import { isEmpty } from '../validation/values.ts';
import { checkParamKind, checkValidations, checkVariables, NO_EXPRESSION_CHECKS } from './policy-validation.ts';
import {
  checkExpression,
  checkFailurePolicy,
  checkMatchConditions,
  checkMatchResources,
  checkMutatingOperations,
  checkParamRef,
  defaultMatchResources,
  REINVOCATION_POLICIES,
} from './rules.ts';

type PolicySpec = Pick<admission.ValidatingAdmissionPolicySpec, 'failurePolicy' | 'paramKind' | 'matchConstraints' | 'matchConditions'>;
const ACTIONS = ['Audit', 'Deny', 'Warn'];
const PATCH_TYPES = ['ApplyConfiguration', 'JSONPatch'];
const CONSTRAINTS = SPEC_PATH.child('matchConstraints');

export const validatingAdmissionPolicyStrategy = buildStrategy<admission.ValidatingAdmissionPolicy>({
  namespaced: false,
  generation: true,
  allowUnconditionalUpdate: false,
  recheckOnUpdate: false,
  defaults: defaultPolicy,
  check: (policy, errors) => checkValidatingPolicy(policy, undefined, errors),
  checkUpdate: (next, previous, errors) => checkValidatingPolicy(next, previous, errors),
  status: { prepare: withSpecAndMetaOf, check: checkPolicyStatus },
});

export const mutatingAdmissionPolicyStrategy = buildStrategy<admission.MutatingAdmissionPolicy>({
  namespaced: false,
  generation: true,
  allowUnconditionalUpdate: false,
  recheckOnUpdate: false,
  defaults: defaultPolicy,
  check: (policy, errors) => checkMutatingPolicy(policy, undefined, errors),
  checkUpdate: (next, previous, errors) => checkMutatingPolicy(next, previous, errors),
});

export const validatingAdmissionPolicyBindingStrategy = buildStrategy<admission.ValidatingAdmissionPolicyBinding>({
  namespaced: false,
  generation: true,
  allowUnconditionalUpdate: false,
  defaults: ({ spec }) => defaultMatchResources(spec?.matchResources),
  check({ spec }, errors) {
    checkBinding(spec, errors);
    checkActions(spec.validationActions ?? [], SPEC_PATH.child('validationActions'), errors);
  },
});

export const mutatingAdmissionPolicyBindingStrategy = buildStrategy<admission.MutatingAdmissionPolicyBinding>({
  namespaced: false,
  generation: true,
  allowUnconditionalUpdate: false,
  defaults: ({ spec }) => defaultMatchResources(spec?.matchResources),
  check({ spec }, errors) {
    checkBinding(spec, errors);
    checkMutatingOperations(spec.matchResources, SPEC_PATH.child('matchResources'), errors);
  },
});

function defaultPolicy(policy: { spec: PolicySpec }): void {
  policy.spec ??= {};
  policy.spec.failurePolicy ??= 'Fail';
  defaultMatchResources(policy.spec.matchConstraints);
}

function checkPolicyHead(spec: PolicySpec, errors: FieldErrors): void {
  checkFailurePolicy(spec.failurePolicy, SPEC_PATH.child('failurePolicy'), errors);
  checkParamKind(spec.paramKind, SPEC_PATH.child('paramKind'), errors);
  if (spec.matchConstraints === undefined) errors.required(CONSTRAINTS);
  else {
    checkMatchResources(spec.matchConstraints, CONSTRAINTS, errors);
    if (isEmpty(spec.matchConstraints.resourceRules)) errors.required(CONSTRAINTS.child('resourceRules'));
  }
}

/** What is stored already stays, whatever the compiler says of it by now. */
function expressionChecksFor(spec: admission.ValidatingAdmissionPolicySpec | admission.MutatingAdmissionPolicySpec, previous: unknown): PolicyExpressionChecks {
  return semanticEqual(spec, previous) ? NO_EXPRESSION_CHECKS : policyExpressionChecks(spec);
}

interface PolicyChange {
  readonly spec: PolicySpec;
  readonly previous: PolicySpec | undefined;
}

function checkPolicyConditions({ spec, previous }: PolicyChange, checks: PolicyExpressionChecks, errors: FieldErrors): void {
  const isKept = previous !== undefined && semanticEqual(spec.paramKind, previous.paramKind) && semanticEqual(spec.matchConditions, previous.matchConditions);
  if (!isKept) checkMatchConditions(spec.matchConditions, { path: SPEC_PATH.child('matchConditions'), errors, check: checks.condition });
}

function checkValidatingPolicy(next: admission.ValidatingAdmissionPolicy, previous: admission.ValidatingAdmissionPolicy | undefined, errors: FieldErrors): void {
  const checks = expressionChecksFor(next.spec, previous?.spec);
  checkPolicyHead(next.spec, errors);
  checkPolicyConditions({ spec: next.spec, previous: previous?.spec }, checks, errors);
  checkVariables(next.spec.variables, checks, errors);
  checkValidations(next, checks, errors);
}

function checkMutatingPolicy({ spec }: admission.MutatingAdmissionPolicy, previous: admission.MutatingAdmissionPolicy | undefined, errors: FieldErrors): void {
  const checks = expressionChecksFor(spec, previous?.spec);
  checkPolicyHead(spec, errors);
  checkMutatingOperations(spec.matchConstraints, CONSTRAINTS, errors);
  checkPolicyConditions({ spec, previous: previous?.spec }, checks, errors);
  checkVariables(spec.variables, checks, errors);
  const { mutations = [], reinvocationPolicy = '' } = spec;
  if (mutations.length === 0) errors.required(SPEC_PATH.child('mutations'), 'mutations must contain at least one item');
  for (const [index, mutation] of mutations.entries()) checkMutation(mutation, { path: SPEC_PATH.child('mutations').index(index), errors, checks });
  const path = SPEC_PATH.child('reinvocationPolicy');
  if (reinvocationPolicy === '') errors.required(path);
  else if (!REINVOCATION_POLICIES.includes(reinvocationPolicy)) errors.notSupported(path, reinvocationPolicy, REINVOCATION_POLICIES);
}

interface MutationChecks {
  readonly path: FieldPath;
  readonly errors: FieldErrors;
  readonly checks: PolicyExpressionChecks;
}

function checkMutation(mutation: admission.Mutation, { path, errors, checks }: MutationChecks): void {
  const { patchType = '' } = mutation;
  if (patchType === '') {
    errors.required(path.child('patchType'));
    return;
  }
  if (!PATCH_TYPES.includes(patchType)) {
    errors.notSupported(path.child('patchType'), patchType, PATCH_TYPES);
    return;
  }
  const isJsonPatch = patchType === 'JSONPatch';
  const [own, other] = isJsonPatch ? (['jsonPatch', 'applyConfiguration'] as const) : (['applyConfiguration', 'jsonPatch'] as const);
  const patch = mutation[own];
  if (patch === undefined) errors.required(path.child(own), `must be specified when patchType is ${patchType}`);
  else {
    const source = (patch.expression ?? '').trim();
    const at = path.child(own).child('expression');
    if (source === '') errors.required(at);
    else checkExpression(source, checks.mutation(isJsonPatch ? 'JSONPatch' : 'ApplyConfiguration'), at, errors);
  }
  if (mutation[other] !== undefined) errors.invalid(path.child(other), `{${other}}`, `must not be specified when patchType is ${patchType}`);
}

function checkBinding({ policyName = '', paramRef, matchResources }: admission.MutatingAdmissionPolicyBindingSpec, errors: FieldErrors): void {
  const path = SPEC_PATH.child('policyName');
  if (policyName === '') errors.required(path);
  else errors.invalidEach(path, policyName, isDns1123Subdomain(policyName));
  checkParamRef(paramRef, SPEC_PATH.child('paramRef'), errors);
  checkMatchResources(matchResources, SPEC_PATH.child('matchResources'), errors);
}

function checkActions(actions: readonly string[], path: FieldPath, errors: FieldErrors): void {
  const seen = new Set<string>();
  for (const [index, action] of actions.entries()) {
    if (!ACTIONS.includes(action)) errors.notSupported(path.index(index), action, ACTIONS);
    if (seen.has(action)) errors.duplicate(path.index(index), action);
    seen.add(action);
  }
  if (seen.has('Deny') && seen.has('Warn')) {
    errors.invalid(
      path,
      actions,
      'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
    );
  }
  if (seen.size === 0) errors.required(path, 'at least one validation action is required');
}

function checkPolicyStatus({ status }: admission.ValidatingAdmissionPolicy, _previous: admission.ValidatingAdmissionPolicy, errors: FieldErrors): void {
  const path = STATUS_PATH.child('typeChecking').child('expressionWarnings');
  for (const [index, { warning, fieldRef }] of (status?.typeChecking?.expressionWarnings ?? []).entries()) {
    if (isEmpty(warning)) errors.required(path.index(index).child('warning'));
    if ((fieldRef ?? '').trim() === '') errors.required(path.index(index).child('fieldRef'));
  }
  checkConditions(status?.conditions, STATUS_PATH.child('conditions'), errors);
}
