import type { Variable } from '../../../../kube/api/generated/admissionregistration/v1.ts';
import { admissionEnvironment, policyScope } from './admission-expressions.ts';
import type { PatchType } from './apply-mutation.ts';

/** Compiles one expression for validation: the detail of its FieldError, or undefined when it is fine. */
export type ExpressionCheck = (source: string) => string | undefined;

export interface PolicyExpressionChecks {
  readonly condition: ExpressionCheck;
  readonly validation: ExpressionCheck;
  readonly message: ExpressionCheck;
  readonly auditValue: ExpressionCheck;
  readonly mutation: (patchType: PatchType) => ExpressionCheck;
  /** Of the variable at an index: it sees those before it. */
  readonly variable: (index: number) => ExpressionCheck;
}

/** matchConditions of webhooks. */
export function webhookConditionCheck(): ExpressionCheck {
  const environment = admissionEnvironment({ hasNamespaceObject: false });
  return (source) => environment.compile(source, ['bool']).problem;
}

/** The expressions of one validating or mutating policy; FieldError is `Invalid value` of the expression with the detail given here. */
export function policyExpressionChecks(spec: { readonly paramKind?: unknown; readonly variables?: readonly Variable[] }): PolicyExpressionChecks {
  const scope = policyScope(spec);
  const hasParams = scope.hasParams ?? false;
  const bodies = admissionEnvironment(scope);
  const messages = admissionEnvironment({ ...scope, hasAuthorizer: false });
  const conditions = admissionEnvironment({ hasParams });
  const { variables = [] } = spec;
  return {
    condition: (source) => conditions.compile(source, ['bool']).problem,
    validation: (source) => bodies.compile(source, ['bool']).problem,
    message: (source) => messages.compile(source, ['string']).problem,
    auditValue: (source) => bodies.compile(source, ['string', 'null_type']).problem,
    mutation: (patchType) => (source) => bodies.compile(source, [patchType === 'JSONPatch' ? 'list(JSONPatch)' : 'Object']).problem,
    variable: (index) => (source) => admissionEnvironment({ hasParams, variables: variables.slice(0, index).map(({ name }) => name) }).compile(source).problem,
  };
}
