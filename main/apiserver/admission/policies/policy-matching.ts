import type { MatchResources } from '../../../../kube/api/generated/admissionregistration/v1.ts';
import type { Authorizer } from '../../authorization/authorizer.ts';
import type { AdmissionAttributes } from '../admission.ts';
import { isExempt, type MatchCriteria } from '../webhooks/matching.ts';
import type { ParamOptions } from './policy-params.ts';

export interface PolicyOptions extends ParamOptions {
  readonly authorizer: Authorizer;
}

/** Reviews decide nothing that is stored; upstream keeps policies away from them (pkg/kubeapiserver/admission/exclusion). */
const EXCLUDED = new Set([
  'selfsubjectreviews.authentication.k8s.io', 'tokenreviews.authentication.k8s.io', 'localsubjectaccessreviews.authorization.k8s.io',
  'selfsubjectaccessreviews.authorization.k8s.io', 'selfsubjectrulesreviews.authorization.k8s.io', 'subjectaccessreviews.authorization.k8s.io',
]);

export function isExemptFromPolicies(attributes: AdmissionAttributes): boolean {
  return isExempt(attributes) || EXCLUDED.has(`${attributes.resource}.${attributes.group}`);
}

export function policyCriteria(match: MatchResources | undefined): MatchCriteria {
  return {
    rules: match?.resourceRules ?? [],
    excludeRules: match?.excludeResourceRules ?? [],
    namespaceSelector: match?.namespaceSelector,
    objectSelector: match?.objectSelector,
    matchPolicy: match?.matchPolicy,
  };
}

/** What a binding narrows; without rules of its own, the policy's count. */
export function bindingCriteria(policy: MatchResources | undefined, binding: MatchResources | undefined): MatchCriteria | undefined {
  if (!binding) return undefined;
  const criteria = policyCriteria(binding);
  return criteria.rules.length > 0 ? criteria : { ...criteria, rules: policy?.resourceRules ?? [] };
}
