import type { MatchCondition, Variable } from '../../../../kube/api/generated/admissionregistration/v1.ts';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import type { Authorizer } from '../../authorization/authorizer.ts';
import { CelEnvironment, CelEvaluationError, type CelProgram } from '../../cel/cel-environment.ts';
import { CostBudget } from '../../cel/cost-budget.ts';
import { CelAuthorizer } from '../../cel/library/authorizer.ts';
import { celOfJson } from '../../cel/values.ts';
import type { AdmissionAttributes } from '../admission.ts';

export const AUTHORIZER_TYPE = 'kubernetes.authorization.Authorizer';
/** Upstream's RuntimeCELCostBudget: what all expressions of one policy may spend together. */
export const POLICY_COST_LIMIT = 10_000_000;

const REQUEST_FIELDS = new Set([
  'kind', 'resource', 'subResource', 'requestKind', 'requestResource', 'requestSubResource', 'name', 'namespace', 'operation', 'userInfo', 'dryRun', 'options',
]);

export interface ExpressionScope {
  readonly hasParams?: boolean;
  /** The variables that come before; absent: there is no `variables` at all. */
  readonly variables?: readonly string[];
  readonly hasAuthorizer?: boolean;
  readonly hasNamespaceObject?: boolean;
}

/** The environment of admission: the names that an expression may use. */
export function admissionEnvironment({ hasParams = false, variables, hasAuthorizer = true, hasNamespaceObject = true }: ExpressionScope = {}): CelEnvironment {
  return new CelEnvironment({
    variables: {
      object: 'dyn', oldObject: 'dyn', request: 'dyn',
      ...(hasNamespaceObject ? { namespaceObject: 'dyn' } : {}),
      ...(hasParams ? { params: 'dyn' } : {}),
      ...(variables ? { variables: 'dyn' } : {}),
      ...(hasAuthorizer ? { authorizer: AUTHORIZER_TYPE } : {}),
    },
    fields: { request: REQUEST_FIELDS, ...(variables ? { variables: new Set(variables) } : {}) },
  });
}

/** One expression of a configuration: ready, or with the reason why it never will be (validation lets none of those in). */
export interface Expression {
  readonly source: string;
  readonly program?: CelProgram;
  readonly problem?: string;
}

export function compileExpression(environment: CelEnvironment, source: string, expected: readonly string[] = []): Expression {
  const { program, problem } = environment.compile(source, expected);
  return program ? { source, program } : { source, problem };
}

export type Bindings = Readonly<Record<string, unknown>>;

export async function evaluateExpression({ program, problem }: Expression, bindings: Bindings, budget: CostBudget): Promise<unknown> {
  if (!program) throw new CelEvaluationError(problem ?? 'not compiled');
  return program.evaluate(bindings, budget);
}

/** What expressions see of a request. */
export function requestBindings(attributes: AdmissionAttributes, { authorizer, namespaceObject }: { readonly authorizer: Authorizer; readonly namespaceObject: KubernetesObject | undefined }): Bindings {
  const { object, oldObject, user, group, resource, subresource, namespace, name } = attributes;
  return {
    object: celOfJson(object ?? null),
    oldObject: celOfJson(oldObject ?? null),
    request: celOfJson(requestOf(attributes)),
    namespaceObject: celOfJson(namespaceObject ?? null),
    authorizer: new CelAuthorizer({ authorizer, user, request: { group, resource, subresource, namespace, name } }),
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

/** The scope of a policy's own expressions, as its spec sets it. */
export function policyScope({ paramKind, variables = [] }: { readonly paramKind?: unknown; readonly variables?: readonly Variable[] }): ExpressionScope {
  return { hasParams: paramKind !== undefined, ...(variables.length > 0 ? { variables: variables.map(({ name }) => name) } : {}) };
}

export function compileVariables(environment: CelEnvironment, variables: readonly Variable[] | undefined): readonly NamedExpression[] {
  return (variables ?? []).map(({ name, expression }) => ({ name, expression: compileExpression(environment, expression) }));
}

export function compileConditions(environment: CelEnvironment, conditions: readonly MatchCondition[] | undefined): readonly NamedExpression[] {
  return (conditions ?? []).map(({ name, expression }) => ({ name, expression: compileExpression(environment, expression, ['bool']) }));
}

/** `variables`: each sees those before it; one that fails does so only where it is used. */
export async function withVariables(variables: readonly NamedExpression[], bindings: Bindings, budget: CostBudget): Promise<Bindings> {
  if (variables.length === 0) return bindings;
  const values = Object.create(null) as Record<string, unknown>;
  const result = { ...bindings, variables: values };
  for (const { name, expression } of variables) {
    try {
      values[name] = await evaluateExpression(expression, result, budget);
    } catch (error) {
      Object.defineProperty(values, name, { enumerable: true, get: () => { throw error; } });
    }
  }
  return result;
}

export interface ConditionsResult {
  readonly matches: boolean;
  /** Set when no condition is false and one failed; the caller's failure policy decides. */
  readonly error?: string;
}

/** All must be true; a false one wins over failures (upstream: webhook/matchconditions/matcher.go). */
export async function evaluateConditions(conditions: readonly NamedExpression[], bindings: Bindings, budget: CostBudget): Promise<ConditionsResult> {
  const errors: string[] = [];
  for (const { expression } of conditions) {
    try {
      if ((await evaluateExpression(expression, bindings, budget)) !== true) return { matches: false };
    } catch (error) {
      errors.push(error instanceof Error ? error.message : String(error));
    }
  }
  if (errors.length === 0) return { matches: true };
  return { matches: true, error: errors.length === 1 ? (errors[0] ?? '') : `[${errors.join(', ')}]` };
}

export function policyBudget(): CostBudget {
  return new CostBudget(POLICY_COST_LIMIT);
}
