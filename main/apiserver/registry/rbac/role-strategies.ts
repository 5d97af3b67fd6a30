import type * as rbac from '../../../../kube/api/generated/rbac/v1.ts';
import { buildStrategy } from '../validation/build-strategy.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import { ROOT_PATH, type FieldPath } from '../validation/field-path.ts';
import { checkLabelSelector } from '../validation/label-selector.ts';
import { isEmpty } from '../validation/values.ts';

const RULES = ROOT_PATH.child('rules');

export const roleStrategy = buildStrategy<rbac.Role>({
  namespaced: true,
  allowCreateOnUpdate: true,
  check: ({ rules }, errors) => checkRules(rules, errors, true),
});

export const clusterRoleStrategy = buildStrategy<rbac.ClusterRole>({
  namespaced: false,
  allowCreateOnUpdate: true,
  check({ rules, aggregationRule }, errors) {
    checkRules(rules, errors, false);
    if (aggregationRule === undefined) return;
    const path = ROOT_PATH.child('aggregationRule').child('clusterRoleSelectors');
    const selectors = aggregationRule.clusterRoleSelectors ?? [];
    if (selectors.length === 0) errors.required(path, 'at least one clusterRoleSelector required if aggregationRule is non-nil');
    for (const [index, selector] of selectors.entries()) {
      const before = errors.count;
      checkLabelSelector(selector, path.index(index), errors);
      // Whatever is wrong with it, it selects nothing: upstream says both.
      if (errors.count > before) errors.invalid(path.index(index), null, 'invalid label selector.');
    }
  },
});

function checkRules(rules: readonly rbac.PolicyRule[] | undefined, errors: FieldErrors, namespaced: boolean): void {
  for (const [index, rule] of (rules ?? []).entries()) checkRule(rule, RULES.index(index), errors, namespaced);
}

function checkRule(rule: rbac.PolicyRule, path: FieldPath, errors: FieldErrors, namespaced: boolean): void {
  if (isEmpty(rule.verbs)) errors.required(path.child('verbs'), 'verbs must contain at least one value');
  if (!isEmpty(rule.nonResourceURLs)) {
    const urls = path.child('nonResourceURLs');
    if (namespaced) errors.invalid(urls, rule.nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs');
    if (!isEmpty(rule.apiGroups) || !isEmpty(rule.resources) || !isEmpty(rule.resourceNames)) {
      errors.invalid(urls, rule.nonResourceURLs, 'rules cannot apply to both regular resources and non-resource URLs');
    }
    return;
  }
  if (isEmpty(rule.apiGroups)) errors.required(path.child('apiGroups'), 'resource rules must supply at least one api group');
  if (isEmpty(rule.resources)) errors.required(path.child('resources'), 'resource rules must supply at least one resource');
}
