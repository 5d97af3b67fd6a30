import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, Validation } from '../../../../kube/api/generated/admissionregistration/v1.ts';
import type { Clock } from '../../../../kube/apimachinery/clock.ts';
import { failureStatus, StatusError, type StatusReason } from '../../../../kube/apimachinery/status.ts';
import { celLibrary } from '../../cel/cel-environment.ts';
import { celOfJson } from '../../cel/json-values.ts';
import type { Bindings } from '../../cel/runtime/evaluate.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { forbidden } from '../refusal.ts';
import { ConfigurationList } from '../webhooks/configuration-list.ts';
import { matchesCriteria, namespaceOf } from '../webhooks/matching.ts';
import {
  admissionEnvironment, compileConditions, compileExpression, compileVariables, evaluateConditions, evaluateExpression, requestBindings, withVariables, type Expression, type NamedExpression,
} from './admission-expressions.ts';
import { CostBudget, POLICY_COST_LIMIT } from './cost-budget.ts';
import { AUDIT_VALUE_TYPES, CONDITION_TYPES, MESSAGE_TYPES, VALIDATION_TYPES } from './expression-checks.ts';
import { bindingCriteria, isExemptFromPolicies, policyCriteria, type PolicyOptions } from './policy-matching.ts';
import type { PolicyCheck, PolicyMetrics } from './policy-metrics.ts';
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
  /** By key. */
  readonly auditAnnotations: readonly NamedExpression[];
}

interface Denial {
  readonly message: string;
  readonly reason: StatusReason;
  /** Of the validation; absent for what every action denies. */
  readonly index?: number;
  /** A failure, by a policy whose failures count for nothing. */
  readonly isIgnored?: boolean;
  readonly elapsedMs?: number;
}

/** What one policy thinks of a request, with one set of parameters. */
interface Verdict {
  readonly denials: readonly Denial[];
  readonly annotations: readonly (readonly [string, string])[];
}

const CODES: Readonly<Record<string, number>> = { Forbidden: 403, Unauthorized: 401, RequestEntityTooLarge: 413, Invalid: 422 };

export interface ValidatingPolicies extends AdmissionPlugin {
  readonly policies: ConfigurationList<ValidatingAdmissionPolicy, CompiledPolicy>;
  readonly bindings: ConfigurationList<ValidatingAdmissionPolicyBinding, ValidatingAdmissionPolicyBinding>;
}

export interface ValidatingPolicyOptions extends PolicyOptions {
  readonly clock: Clock;
  readonly metrics?: PolicyMetrics;
}

/** Upstream: apiserver/pkg/admission/plugin/policy/validating. */
export function validatingPolicies(options: ValidatingPolicyOptions): ValidatingPolicies {
  const policies = new ConfigurationList(compilePolicy);
  const bindings = new ConfigurationList((binding: ValidatingAdmissionPolicyBinding) => binding);
  return {
    name: 'ValidatingAdmissionPolicy',
    isDynamic: true,
    policies,
    bindings,
    handles: (attributes) => !policies.isEmpty && !bindings.isEmpty && !isExemptFromPolicies(attributes),
    async validate(attributes) {
      const denied: StatusError[] = [];
      for (const policy of policies.items) {
        if (!(await matchesCriteria(options.reader, policyCriteria(policy.policy.spec.matchConstraints), attributes))) continue;
        const annotations = new Map<string, string[]>();
        for (const binding of bindings.items) {
          if (binding.spec.policyName === policy.policy.metadata.name) denied.push(...(await enforce(options, { policy, binding, annotations }, attributes)));
        }
        for (const [key, values] of annotations) attributes.annotate?.(`${policy.policy.metadata.name}/${key}`, values.join(', '));
      }
      // All are asked, since they may warn; the first refusal is told.
      if (denied[0]) throw denied[0];
    },
  };
}

function compilePolicy(policy: ValidatingAdmissionPolicy): CompiledPolicy {
  const { spec } = policy;
  const base = { library: celLibrary(), hasParams: spec.paramKind !== undefined };
  const { variables, scope } = compileVariables(base, spec.variables);
  const bodies = admissionEnvironment(scope);
  const messages = admissionEnvironment({ ...scope, hasAuthorizer: false });
  const compileOne = ({ expression, message = '', messageExpression, reason }: Validation): CompiledValidation => ({
    expression: compileExpression(bodies, expression, VALIDATION_TYPES),
    message: message.trim(),
    messageExpression: messageExpression ? compileExpression(messages, messageExpression, MESSAGE_TYPES) : undefined,
    reason: (reason ?? 'Invalid') as StatusReason,
  });
  return {
    policy,
    conditions: compileConditions(admissionEnvironment(base), spec.matchConditions, CONDITION_TYPES),
    variables,
    validations: (spec.validations ?? []).map(compileOne),
    auditAnnotations: (spec.auditAnnotations ?? []).map(({ key, valueExpression }) => ({ name: key, expression: compileExpression(bodies, valueExpression.trim(), AUDIT_VALUE_TYPES) })),
  };
}

interface Pair {
  readonly policy: CompiledPolicy;
  readonly binding: ValidatingAdmissionPolicyBinding;
  readonly annotations: Map<string, string[]>;
}

const FAILURE_ANNOTATION = 'validation.policy.admission.k8s.io/validation_failure';

async function enforce(options: ValidatingPolicyOptions, pair: Pair, attributes: AdmissionAttributes): Promise<readonly StatusError[]> {
  const { policy: { policy }, binding } = pair;
  const criteria = bindingCriteria(policy.spec.matchConstraints, binding.spec.matchResources);
  if (criteria && !(await matchesCriteria(options.reader, criteria, attributes))) return [];
  const about = `ValidatingAdmissionPolicy '${policy.metadata.name}' with binding '${binding.metadata.name}'`;
  const refusal = ({ message, reason }: Denial): StatusError => denialError(attributes, `${about} denied request: ${message}`, reason);
  let params;
  try {
    params = await collectParams(options, { paramKind: policy.spec.paramKind, paramRef: binding.spec.paramRef }, attributes);
  } catch (error) {
    return policy.spec.failurePolicy === 'Ignore' ? [] : [refusal({ message: `failed to configure binding: ${(error as Error).message}`, reason: 'Invalid' })];
  }
  const bindings = requestBindings(attributes, { authorizer: options.authorizer, namespaceObject: await namespaceOf(options.reader, attributes) });
  const refusals: StatusError[] = [];
  for (const param of params) {
    const verdict = await evaluatePolicy(pair.policy, { ...bindings, params: celOfJson(param ?? null) }, () => options.clock.monotonicMs());
    for (const denial of verdict.denials) {
      const count = (action: PolicyCheck['action']): void =>
        options.metrics?.checked({ policy: policy.metadata.name, binding: binding.metadata.name, message: denial.message, action, elapsedMs: denial.elapsedMs ?? 0 });
      if (denial.isIgnored) count('allow');
      else if (takeActions(denial, { about, binding, count }, attributes)) refusals.push(refusal(denial));
    }
    for (const [key, value] of verdict.annotations) addAnnotation(pair.annotations, key, value);
  }
  return refusals;
}

/** Whether the request is refused for it. */
function takeActions(
  denial: Denial, { about, binding, count }: { readonly about: string; readonly binding: ValidatingAdmissionPolicyBinding; readonly count: (action: PolicyCheck['action']) => void }, attributes: AdmissionAttributes,
): boolean {
  const { message, index } = denial;
  const { validationActions = [], policyName } = binding.spec;
  if (index === undefined || validationActions.includes('Deny')) count('deny');
  if (index === undefined) return true;
  if (validationActions.includes('Warn')) {
    count('warn');
    attributes.warn(`Validation failed for ${about}: ${message}`);
  }
  if (validationActions.includes('Audit')) {
    count('audit');
    attributes.annotate?.(FAILURE_ANNOTATION, JSON.stringify([{ message, policy: policyName, binding: binding.metadata.name, expressionIndex: index, validationActions }]));
  }
  return validationActions.includes('Deny');
}

function addAnnotation(annotations: Map<string, string[]>, key: string, value: string): void {
  const values = annotations.get(key) ?? [];
  if (!values.includes(value)) annotations.set(key, [...values, value]);
}

async function evaluatePolicy({ policy, conditions, variables, validations, auditAnnotations }: CompiledPolicy, bindings: Bindings, nowMs: () => number): Promise<Verdict> {
  const isIgnored = policy.spec.failurePolicy === 'Ignore';
  let startMs = nowMs();
  const elapsedMs = (): number => nowMs() - startMs;
  const failed = (error: unknown, index?: number): readonly Denial[] => [{ message: (error as Error).message, reason: 'Invalid', index: index ?? 0, isIgnored, elapsedMs: elapsedMs() }];
  const { matches, error } = await evaluateConditions(conditions, bindings);
  if (error !== undefined) return { denials: failed(new Error(error)), annotations: [] };
  if (!matches) return { denials: [], annotations: [] };
  const budget = new CostBudget(POLICY_COST_LIMIT);
  const inScope = withVariables(variables, bindings, budget);
  const denials: Denial[] = [];
  for (const [index, validation] of validations.entries()) {
    startMs = nowMs();
    try {
      if ((await evaluateExpression(validation.expression, inScope, budget)) === true) continue;
    } catch (failure) {
      if (budget.isSpent) return { denials: failed(failure), annotations: [] };
      denials.push(...failed(failure, index));
      continue;
    }
    denials.push({ message: await messageOf(validation, inScope, budget), reason: validation.reason, index, elapsedMs: elapsedMs() });
  }
  const annotated = await auditAnnotationsOf(auditAnnotations, withVariables(variables, bindings, new CostBudget(POLICY_COST_LIMIT)));
  return { denials: [...denials, ...(isIgnored ? [] : annotated.denials)], annotations: annotated.annotations };
}

async function auditAnnotationsOf(expressions: readonly NamedExpression[], bindings: Bindings): Promise<Verdict> {
  const denials: Denial[] = [];
  const annotations: (readonly [string, string])[] = [];
  const budget = new CostBudget(POLICY_COST_LIMIT);
  for (const { name, expression } of expressions) {
    try {
      const value = await evaluateExpression(expression, bindings, budget);
      const text = typeof value === 'string' ? value.trim() : '';
      if (text !== '') annotations.push([name, text.slice(0, MAX_ANNOTATION)]);
    } catch (error) {
      denials.push({ message: (error as Error).message, reason: 'Invalid' });
    }
  }
  return { denials, annotations };
}

async function messageOf({ expression, message, messageExpression }: CompiledValidation, bindings: Bindings, budget: CostBudget): Promise<string> {
  const fallback = message === '' ? `failed expression: ${expression.source.trim()}` : message;
  if (!messageExpression) return fallback;
  try {
    const text = await evaluateExpression(messageExpression, bindings, budget);
    const trimmed = typeof text === 'string' ? text.trim() : '';
    return trimmed === '' || trimmed.includes('\n') || Buffer.byteLength(trimmed) > MAX_MESSAGE_BYTES ? fallback : trimmed;
  } catch {
    // A message that cannot be made is no reason to admit; upstream too falls back.
    return fallback;
  }
}

const MAX_MESSAGE_BYTES = 5 * 1024;
const MAX_ANNOTATION = 10 * 1024;

function denialError(attributes: AdmissionAttributes, message: string, reason: StatusReason): StatusError {
  const { status } = forbidden(attributes, message);
  return new StatusError(failureStatus({ code: CODES[reason] ?? 422, reason, message: status.message ?? message, details: { ...status.details, causes: [{ message }] } }));
}
