import type { Variable } from '../../../../kube/api/generated/admissionregistration/v1.ts';
import type { CelEnvironment } from '../../cel/cel-environment.ts';
import { celLibrary } from '../../cel/cel-environment.ts';
import { BOOL, type CelType, listType, NULL, STRING } from '../../cel/types.ts';
import { admissionEnvironment, compileExpression, compileVariables } from './admission-expressions.ts';
import { JSON_PATCH_TYPE, OBJECT_TYPE } from './admission-types.ts';
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

export const CONDITION_TYPES: readonly CelType[] = [BOOL];
export const VALIDATION_TYPES: readonly CelType[] = [BOOL];
export const MESSAGE_TYPES: readonly CelType[] = [STRING];
export const AUDIT_VALUE_TYPES: readonly CelType[] = [STRING, NULL];

export function mutationTypes(patchType: PatchType): readonly CelType[] {
  return [patchType === 'JSONPatch' ? listType(JSON_PATCH_TYPE) : OBJECT_TYPE];
}

/** matchConditions of webhooks. */
export function webhookConditionCheck(): ExpressionCheck {
  const environment = admissionEnvironment({ library: celLibrary() });
  return (source) => compileExpression(environment, source, CONDITION_TYPES).problem;
}

/** The expressions of one validating or mutating policy; FieldError is `Invalid value` of the expression with the detail given here. */
export function policyExpressionChecks(spec: { readonly paramKind?: unknown; readonly variables?: readonly Variable[] }): PolicyExpressionChecks {
  const base = { library: celLibrary(), hasParams: spec.paramKind !== undefined };
  const plain = compileVariables(base, spec.variables);
  const patching = compileVariables({ ...base, hasPatchTypes: true }, spec.variables);
  const bodies = admissionEnvironment(plain.scope);
  const mutations = admissionEnvironment(patching.scope);
  const messages = admissionEnvironment({ ...plain.scope, hasAuthorizer: false });
  const conditions = admissionEnvironment(base);
  const check = (environment: CelEnvironment, expected: readonly CelType[]): ExpressionCheck => (source) => compileExpression(environment, source, expected).problem;
  return {
    condition: check(conditions, CONDITION_TYPES),
    validation: check(bodies, VALIDATION_TYPES),
    message: check(messages, MESSAGE_TYPES),
    auditValue: check(bodies, AUDIT_VALUE_TYPES),
    mutation: (patchType) => check(mutations, mutationTypes(patchType)),
    variable: (index) => () => plain.variables[index]?.expression.problem,
  };
}
