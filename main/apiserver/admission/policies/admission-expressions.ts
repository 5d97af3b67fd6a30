import type { MatchCondition, Variable } from '../../../../kube/api/generated/admissionregistration/v1.ts';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import type { Authorizer } from '../../authorization/authorizer.ts';
import { CelEnvironment, type CelLibrary, type CelProgram } from '../../cel/cel-environment.ts';
import type { TypeProvider } from '../../cel/declarations.ts';
import { celOfJson } from '../../cel/json-values.ts';
import { AUTHORIZER_TYPE, CelAuthorizer, RESOURCE_TYPE } from '../../cel/library/authorizer.ts';
import type { Bindings } from '../../cel/runtime/evaluate.ts';
import { CelEvaluationError } from '../../cel/runtime/evaluation-error.ts';
import { type CelType, DYN, isExactType, typeText } from '../../cel/types.ts';
import type { AdmissionAttributes } from '../admission.ts';
import { admissionTypes, NAMESPACE_TYPE, REQUEST_TYPE, VARIABLES_TYPE } from './admission-types.ts';
import { CostBudget } from './cost-budget.ts';
import { declaredVariableType, VariableMap } from './policy-variables.ts';

export interface ExpressionScope {
  readonly library: CelLibrary;
  readonly hasParams?: boolean;
  /** Types of the variables that come before; absent: there is no `variables` at all. */
  readonly variables?: ReadonlyMap<string, CelType>;
  readonly hasAuthorizer?: boolean;
  readonly hasPatchTypes?: boolean;
  /** What `object`, `oldObject` and `params` are, where that is known. */
  readonly object?: CelType;
  readonly params?: CelType;
  readonly types?: TypeProvider;
}

/** The environment of admission: the names that an expression may use (upstream: apiserver/pkg/admission/plugin/cel/compile.go). */
export function admissionEnvironment({ library, hasParams = false, variables, hasAuthorizer = true, hasPatchTypes = false, object = DYN, params = DYN, types }: ExpressionScope): CelEnvironment {
  return new CelEnvironment({
    library,
    provider: admissionTypes({ hasPatchTypes, ...(variables ? { variables } : {}), ...(types ? { objects: types } : {}) }),
    variables: {
      object, oldObject: object, request: REQUEST_TYPE, namespaceObject: NAMESPACE_TYPE,
      ...(hasParams ? { params } : {}),
      ...(variables ? { variables: VARIABLES_TYPE } : {}),
      ...(hasAuthorizer ? { authorizer: AUTHORIZER_TYPE, 'authorizer.requestResource': RESOURCE_TYPE } : {}),
    },
  });
}

/** One expression of a configuration: ready, or with the reason why it never will be (validation lets none of those in). */
export interface Expression {
  readonly source: string;
  readonly program?: CelProgram;
  readonly problem?: string;
}

/** `expected`: the types that it may have; any where none are given. */
export function compileExpression(environment: CelEnvironment, source: string, expected: readonly CelType[] = []): Expression {
  const { program, problem } = environment.compile(source);
  if (!program) return { source, problem: `compilation failed: ${problem}` };
  if (expected.length === 0 || expected.some((type) => isExactType(type, program.type))) return { source, program };
  const names = expected.map(typeText);
  return { source, problem: `must evaluate to ${names.length === 1 ? names[0] : `one of [${names.join(' ')}]`} but got ${typeText(program.type)}` };
}

/** Fails with upstream's whole sentence. A CostBudgetError ends the policy. */
export async function evaluateExpression({ source, program, problem }: Expression, bindings: Bindings, budget: CostBudget): Promise<unknown> {
  if (!program) throw new CelEvaluationError(`compilation error: ${problem}`);
  const pending = program.evaluate(bindings);
  const outcome = pending instanceof Promise ? await pending : pending;
  budget.spend(outcome.cost);
  if (outcome.error !== undefined) throw new CelEvaluationError(`expression '${source}' resulted in error: ${outcome.error}`);
  return outcome.value;
}

export function requestBindings(attributes: AdmissionAttributes, { authorizer, namespaceObject }: { readonly authorizer: Authorizer; readonly namespaceObject: KubernetesObject | undefined }): Bindings {
  const { object, oldObject, user, group, resource, subresource, namespace, name } = attributes;
  const asker = new CelAuthorizer({ authorizer, user });
  return {
    object: celOfJson(object ?? null),
    oldObject: celOfJson(oldObject ?? null),
    request: celOfJson(requestOf(attributes)),
    namespaceObject: celOfJson(namespaceObject ?? null),
    authorizer: asker,
    'authorizer.requestResource': asker.forRequest({ group, resource, subresource, namespace, name }),
  };
}

/** AdmissionRequest without its objects. */
export function requestOf({ group, version, resource, subresource, kind, namespace, name, operation, user, dryRun, options }: AdmissionAttributes): Record<string, unknown> {
  const place = { group, version, resource };
  const ofKind = { group: kind.group, version: kind.version, kind: kind.kind };
  return {
    kind: ofKind, resource: place, ...(subresource === '' ? {} : { subResource: subresource }),
    requestKind: ofKind, requestResource: place, ...(subresource === '' ? {} : { requestSubResource: subresource }),
    ...(name === '' ? {} : { name }), ...(namespace === '' ? {} : { namespace }), operation,
    userInfo: { username: user.name, ...(user.uid ? { uid: user.uid } : {}), groups: user.groups, ...(user.extra ? { extra: user.extra } : {}) },
    dryRun, ...(options === undefined ? {} : { options }),
  };
}

export interface NamedExpression {
  readonly name: string;
  readonly expression: Expression;
}

/** The variables of a policy, each compiled in the scope of those before it; and the scope of all. */
export interface CompiledVariables {
  readonly variables: readonly NamedExpression[];
  readonly scope: ExpressionScope;
}

export function compileVariables(scope: ExpressionScope, variables: readonly Variable[] | undefined): CompiledVariables {
  if (!variables || variables.length === 0) return { variables: [], scope };
  const types = new Map<string, CelType>();
  const compiled = variables.map(({ name, expression: source }) => {
    const expression = compileExpression(admissionEnvironment({ ...scope, variables: new Map(types) }), source);
    // One without an expression is told as such, and is no variable to the others.
    if (source?.trim()) types.set(name, declaredVariableType(expression.program?.type));
    return { name, expression };
  });
  return { variables: compiled, scope: { ...scope, variables: types } };
}

export function compileConditions(environment: CelEnvironment, conditions: readonly MatchCondition[] | undefined, expected: readonly CelType[]): readonly NamedExpression[] {
  return (conditions ?? []).map(({ name, expression }) => ({ name, expression: compileExpression(environment, expression, expected) }));
}

/** `variables`: evaluated where they are used, once; one that fails does so there. */
export function withVariables(variables: readonly NamedExpression[], bindings: Bindings, budget: CostBudget): Bindings {
  if (variables.length === 0) return bindings;
  const values = new VariableMap(variables, budget);
  const result = { ...bindings, variables: values };
  values.bind(result);
  return result;
}

export interface ConditionsResult {
  readonly matches: boolean;
  /** Set when no condition is false and one failed; the caller's failure policy decides. */
  readonly error?: string;
}

/** Upstream's RuntimeCELCostBudgetMatchConditions. */
const CONDITIONS_COST_LIMIT = 2_500_000;

/** All must be true; a false one wins over failures (upstream: webhook/matchconditions/matcher.go). They never see the namespace. */
export async function evaluateConditions(conditions: readonly NamedExpression[], bindings: Bindings): Promise<ConditionsResult> {
  const errors: string[] = [];
  const budget = new CostBudget(CONDITIONS_COST_LIMIT);
  for (const { expression } of conditions) {
    try {
      if ((await evaluateExpression(expression, { ...bindings, namespaceObject: null }, budget)) !== true) return { matches: false };
    } catch (error) {
      errors.push(error instanceof Error ? error.message : String(error));
      if (budget.isSpent) return { matches: true, error: errors.at(-1) ?? '' };
    }
  }
  if (errors.length === 0) return { matches: true };
  return { matches: true, error: errors.length === 1 ? (errors[0] ?? '') : `[${[...new Set(errors)].join(', ')}]` };
}
