import type { MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding } from '../../../../kube/api/generated/admissionregistration/v1.ts';
import type { Clock } from '../../../../kube/apimachinery/clock.ts';
import { deepEqual } from '../../../../kube/apimachinery/json.ts';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import { celLibrary } from '../../cel/cel-environment.ts';
import { celOfJson } from '../../cel/json-values.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { forbidden } from '../refusal.ts';
import { ConfigurationList } from '../webhooks/configuration-list.ts';
import { matchesCriteria, namespaceOf } from '../webhooks/matching.ts';
import {
  admissionEnvironment, compileConditions, compileExpression, compileVariables, evaluateConditions, evaluateExpression, requestBindings, withVariables,
  type Expression, type NamedExpression,
} from './admission-expressions.ts';
import { applyMutation, type PatchType } from './apply-mutation.ts';
import { CostBudget, POLICY_COST_LIMIT } from './cost-budget.ts';
import { CONDITION_TYPES, mutationTypes } from './expression-checks.ts';
import { bindingCriteria, isExemptFromPolicies, policyCriteria, type PolicyOptions } from './policy-matching.ts';
import type { MutationMetrics } from './policy-metrics.ts';
import { collectParams } from './policy-params.ts';

interface CompiledMutation {
  readonly patchType: PatchType;
  readonly expression: Expression;
}

interface CompiledPolicy {
  readonly policy: MutatingAdmissionPolicy;
  readonly conditions: readonly NamedExpression[];
  readonly variables: readonly NamedExpression[];
  readonly mutations: readonly CompiledMutation[];
}

export interface MutatingPolicies extends AdmissionPlugin {
  readonly policies: ConfigurationList<MutatingAdmissionPolicy, CompiledPolicy>;
  readonly bindings: ConfigurationList<MutatingAdmissionPolicyBinding, MutatingAdmissionPolicyBinding>;
}

type MutationAttributes = AdmissionAttributes & { readonly object: KubernetesObject };

export interface MutatingPolicyOptions extends PolicyOptions {
  readonly clock: Clock;
  readonly metrics?: MutationMetrics;
}

/** Upstream: apiserver/pkg/admission/plugin/policy/mutating. */
export function mutatingPolicies(options: MutatingPolicyOptions): MutatingPolicies {
  const policies = new ConfigurationList(compilePolicy);
  const bindings = new ConfigurationList((binding: MutatingAdmissionPolicyBinding) => binding);
  return {
    name: 'MutatingAdmissionPolicy',
    isDynamic: true,
    policies,
    bindings,
    handles: (attributes) => !policies.isEmpty && !bindings.isEmpty && attributes.object !== undefined && !isExemptFromPolicies(attributes),
    async mutate(attributes) {
      let current = attributes as MutationAttributes;
      for (const policy of policies.items) {
        if (!(await matchesCriteria(options.reader, policyCriteria(policy.policy.spec.matchConstraints), current))) continue;
        for (const binding of bindings.items) {
          if (binding.spec.policyName !== policy.policy.metadata.name) continue;
          const object = await applyPolicy(options, { policy, binding }, current);
          if (object !== current.object) current = { ...current, object };
        }
      }
      return current.object;
    },
  };
}

function compilePolicy(policy: MutatingAdmissionPolicy): CompiledPolicy {
  const { spec } = policy;
  const base = { library: celLibrary(), hasParams: spec.paramKind !== undefined };
  const { variables, scope } = compileVariables({ ...base, hasPatchTypes: true }, spec.variables);
  const environment = admissionEnvironment(scope);
  return {
    policy,
    conditions: compileConditions(admissionEnvironment(base), spec.matchConditions, CONDITION_TYPES),
    variables,
    mutations: (spec.mutations ?? []).map(({ patchType, jsonPatch, applyConfiguration }) =>
      patchType === 'JSONPatch'
        ? { patchType, expression: compileExpression(environment, jsonPatch?.expression ?? '', mutationTypes(patchType)) }
        : { patchType: 'ApplyConfiguration', expression: compileExpression(environment, applyConfiguration?.expression ?? '', mutationTypes('ApplyConfiguration')) }),
  };
}

interface Pair {
  readonly policy: CompiledPolicy;
  readonly binding: MutatingAdmissionPolicyBinding;
}

async function applyPolicy(options: MutatingPolicyOptions, pair: Pair, attributes: MutationAttributes): Promise<KubernetesObject> {
  const { policy: { policy }, binding } = pair;
  const { rounds } = attributes;
  const key = `policy/${policy.metadata.name}/${binding.metadata.name}`;
  if (rounds?.isSecond && !isWantedAgain(policy, rounds.outputs.get(key), attributes.object)) return attributes.object;
  const criteria = bindingCriteria(policy.spec.matchConstraints, binding.spec.matchResources);
  if (criteria && !(await matchesCriteria(options.reader, criteria, attributes))) return attributes.object;
  const startMs = options.clock.monotonicMs();
  const ran = (problem?: string): void => options.metrics?.ran({ policy: policy.metadata.name, binding: binding.metadata.name, problem, elapsedMs: options.clock.monotonicMs() - startMs });
  try {
    const object = await mutated(options, pair, attributes);
    ran();
    rounds?.outputs.set(key, object);
    return object;
  } catch (error) {
    ran(error instanceof Error ? error.message : String(error));
    if (policy.spec.failurePolicy === 'Ignore') return attributes.object;
    throw forbidden(attributes, `policy '${policy.metadata.name}' with binding '${binding.metadata.name}' denied request: ${(error as Error).message}`);
  }
}

function isWantedAgain({ spec }: MutatingAdmissionPolicy, output: KubernetesObject | undefined, object: KubernetesObject): boolean {
  return spec.reinvocationPolicy === 'IfNeeded' && !deepEqual(output, object);
}

async function mutated(options: PolicyOptions, { policy: { policy, conditions, variables, mutations }, binding }: Pair, attributes: MutationAttributes): Promise<KubernetesObject> {
  const params = await collectParams(options, { paramKind: policy.spec.paramKind, paramRef: binding.spec.paramRef }, attributes);
  const namespaceObject = await namespaceOf(options.reader, attributes);
  let object = attributes.object;
  for (const param of params) {
    const bindings = { ...requestBindings({ ...attributes, object }, { authorizer: options.authorizer, namespaceObject }), params: celOfJson(param ?? null) };
    const { matches, error } = await evaluateConditions(conditions, bindings);
    if (!matches) continue;
    if (error !== undefined) throw new Error(error);
    for (const { patchType, expression } of mutations) {
      const budget = new CostBudget(POLICY_COST_LIMIT);
      const inScope = withVariables(variables, { ...bindings, object: celOfJson(object) }, budget);
      const patch = await evaluateExpression(expression, inScope, budget);
      const changed = applyMutation(object, { patchType, patch });
      if (changed !== object) object = attributes.normalize?.(changed) ?? changed;
    }
  }
  return object;
}
