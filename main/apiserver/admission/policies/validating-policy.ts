import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, Validation } from '../../../../kube/api/generated/admissionregistration/v1.ts';
import { failureStatus, StatusError, type StatusReason } from '../../../../kube/apimachinery/status.ts';
import { celOfJson } from '../../cel/values.ts';
import type { CostBudget } from '../../cel/cost-budget.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { forbidden } from '../refusal.ts';
import { ConfigurationList } from '../webhooks/configuration-list.ts';
import { matchesCriteria, namespaceOf } from '../webhooks/matching.ts';
import {
  admissionEnvironment, compileConditions, compileExpression, compileVariables, evaluateConditions, evaluateExpression, policyBudget, policyScope, requestBindings, withVariables,
  type Bindings, type Expression, type NamedExpression,
} from './admission-expressions.ts';
import { bindingCriteria, isExemptFromPolicies, policyCriteria, type PolicyOptions } from './policy-matching.ts';
import { collectParams } from './policy-params.ts';

interface CompiledValidation {
  readonly expression: Expression;
  readonly message: string;
  readonly messageExpression: Expression | undefined;
  readonly reason: StatusReason;
}

interface CompiledPolicy {
  readonly policy: ValidatingAdmissionPolicy;
  readonly conditions: readonly NamedExpression[];
  readonly variables: readonly NamedExpression[];
  readonly validations: readonly CompiledValidation[];
}

interface Denial {
  readonly message: string;
  readonly reason: StatusReason;
}

const CODES: Readonly<Record<string, number>> = { Forbidden: 403, Unauthorized: 401, RequestEntityTooLarge: 413, Invalid: 422 };

export interface ValidatingPolicies extends AdmissionPlugin {
  readonly policies: ConfigurationList<ValidatingAdmissionPolicy, CompiledPolicy>;
  readonly bindings: ConfigurationList<ValidatingAdmissionPolicyBinding, ValidatingAdmissionPolicyBinding>;
}

/** Upstream: apiserver/pkg/admission/plugin/policy/validating. Audit annotations are not written: there is no seam for them yet. */
export function validatingPolicies(options: PolicyOptions): ValidatingPolicies {
  const policies = new ConfigurationList(compilePolicy);
  const bindings = new ConfigurationList((binding: ValidatingAdmissionPolicyBinding) => binding);
  return {
    name: 'ValidatingAdmissionPolicy',
    policies,
    bindings,
    handles: (attributes) => !policies.isEmpty && !bindings.isEmpty && !isExemptFromPolicies(attributes),
    async validate(attributes) {
      for (const policy of policies.items) {
        if (!(await matchesCriteria(options.reader, policyCriteria(policy.policy.spec.matchConstraints), attributes))) continue;
        for (const binding of bindings.items) {
          if (binding.spec.policyName === policy.policy.metadata.name) await enforce(options, { policy, binding }, attributes);
        }
      }
    },
  };
}

function compilePolicy(policy: ValidatingAdmissionPolicy): CompiledPolicy {
  const { spec } = policy;
  const hasParams = spec.paramKind !== undefined;
  const scope = policyScope(spec);
  const bodies = admissionEnvironment(scope);
  const messages = admissionEnvironment({ ...scope, hasAuthorizer: false });
  const compileOne = ({ expression, message = '', messageExpression, reason }: Validation): CompiledValidation => ({
    expression: compileExpression(bodies, expression, ['bool']),
    message: message.trim(),
    messageExpression: messageExpression ? compileExpression(messages, messageExpression, ['string']) : undefined,
    reason: (reason ?? 'Invalid') as StatusReason,
  });
  return {
    policy,
    conditions: compileConditions(admissionEnvironment({ hasParams }), spec.matchConditions),
    variables: compileVariables(bodies, spec.variables),
    validations: (spec.validations ?? []).map(compileOne),
  };
}

interface Pair {
  readonly policy: CompiledPolicy;
  readonly binding: ValidatingAdmissionPolicyBinding;
}

async function enforce(options: PolicyOptions, pair: Pair, attributes: AdmissionAttributes): Promise<void> {
  const { policy: { policy }, binding } = pair;
  const criteria = bindingCriteria(policy.spec.matchConstraints, binding.spec.matchResources);
  if (criteria && !(await matchesCriteria(options.reader, criteria, attributes))) return;
  const actions = binding.spec.validationActions ?? [];
  const about = `ValidatingAdmissionPolicy '${policy.metadata.name}' with binding '${binding.metadata.name}'`;
  let params;
  try {
    params = await collectParams(options, { paramKind: policy.spec.paramKind, paramRef: binding.spec.paramRef }, attributes);
  } catch (error) {
    if (policy.spec.failurePolicy === 'Ignore') return;
    throw denialError(attributes, `${about} denied request: failed to configure binding: ${(error as Error).message}`, 'Invalid');
  }
  const bindings = requestBindings(attributes, { authorizer: options.authorizer, namespaceObject: await namespaceOf(options.reader, attributes) });
  for (const param of params) {
    const denials = await evaluatePolicy(pair.policy, { ...bindings, params: celOfJson(param ?? null) });
    for (const { message, reason } of denials) {
      if (actions.includes('Deny')) throw denialError(attributes, `${about} denied request: ${message}`, reason);
      if (actions.includes('Warn')) attributes.warn(`Validation failed for ${about}: ${message}`);
    }
  }
}

async function evaluatePolicy({ policy, conditions, variables, validations }: CompiledPolicy, bindings: Bindings): Promise<readonly Denial[]> {
  const isIgnored = policy.spec.failurePolicy === 'Ignore';
  const budget = policyBudget();
  const { matches, error } = await evaluateConditions(conditions, bindings, budget);
  if (!matches || (error !== undefined && isIgnored)) return [];
  if (error !== undefined) return [{ message: error, reason: 'Invalid' }];
  const inScope = await withVariables(variables, bindings, budget);
  const denials: Denial[] = [];
  for (const validation of validations) {
    const { expression, reason } = validation;
    try {
      if ((await evaluateExpression(expression, inScope, budget)) === true) continue;
    } catch (failure) {
      if (!isIgnored) denials.push({ message: `expression '${expression.source.trim()}' resulted in error: ${(failure as Error).message}`, reason: 'Invalid' });
      continue;
    }
    denials.push({ message: await messageOf(validation, inScope, budget), reason });
  }
  return denials;
}

async function messageOf({ expression, message, messageExpression }: CompiledValidation, bindings: Bindings, budget: CostBudget): Promise<string> {
  const fallback = message === '' ? `failed expression: ${expression.source.trim()}` : message;
  if (!messageExpression) return fallback;
  try {
    const text = await evaluateExpression(messageExpression, bindings, budget);
    const trimmed = typeof text === 'string' ? text.trim() : '';
    return trimmed === '' || trimmed.includes('\n') || trimmed.length > MAX_MESSAGE_BYTES ? fallback : trimmed;
  } catch {
    // A message that cannot be made is no reason to admit; upstream too falls back.
    return fallback;
  }
}

const MAX_MESSAGE_BYTES = 5 * 1024;

function denialError(attributes: AdmissionAttributes, message: string, reason: StatusReason): StatusError {
  const { status } = forbidden(attributes, message);
  return new StatusError(failureStatus({ code: CODES[reason] ?? 422, reason, message: status.message ?? message, details: { ...status.details, causes: [{ message }] } }));
}
