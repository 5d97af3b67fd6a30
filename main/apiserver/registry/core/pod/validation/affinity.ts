import type * as core from '../../../../../../kube/api/generated/core/v1.ts';
import { isDns1123Label, isDns1123Subdomain, isValidLabelValue } from '../../../../../../kube/apimachinery/name-validation.ts';
import type { FieldErrors } from '../../../validation/field-errors.ts';
import type { FieldPath } from '../../../validation/field-path.ts';
import { checkLabelSelector, type LabelSelectorLike } from '../../../validation/label-selector.ts';
import { checkLabelName, isEmpty, sizeOf } from '../../../validation/values.ts';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';
const WEIGHT = 'must be in the range 1-100';

export function checkAffinity(affinity: core.Affinity | undefined, path: FieldPath, errors: FieldErrors, allowInvalidValues: boolean): void {
  if (affinity === undefined) return;
  if (affinity.nodeAffinity !== undefined) checkNodeAffinity(affinity.nodeAffinity, path.child('nodeAffinity'), errors, allowInvalidValues);
  if (affinity.podAffinity !== undefined) checkPodAffinity(affinity.podAffinity, path.child('podAffinity'), errors, allowInvalidValues);
  if (affinity.podAntiAffinity !== undefined) checkPodAffinity(affinity.podAntiAffinity, path.child('podAntiAffinity'), errors, allowInvalidValues);
}

function checkNodeAffinity(affinity: core.NodeAffinity, path: FieldPath, errors: FieldErrors, allowInvalidValues: boolean): void {
  const required = affinity[REQUIRED];
  if (required !== undefined) checkNodeSelector(required, path.child(REQUIRED), errors, allowInvalidValues);
  for (const [index, term] of (affinity[PREFERRED] ?? []).entries()) {
    const termPath = path.child(PREFERRED).index(index);
    const weight = term.weight ?? 0;
    if (weight <= 0 || weight > 100) errors.invalid(termPath.child('weight'), weight, WEIGHT);
    // Label values of preferences were never checked.
    checkNodeSelectorTerm(term.preference ?? {}, termPath.child('preference'), errors, true);
  }
}

export function checkNodeSelector(selector: core.NodeSelector, path: FieldPath, errors: FieldErrors, allowInvalidValues = false): void {
  const termsPath = path.child('nodeSelectorTerms');
  if (isEmpty(selector.nodeSelectorTerms)) errors.required(termsPath, 'must have at least one node selector term');
  for (const [index, term] of (selector.nodeSelectorTerms ?? []).entries()) {
    checkNodeSelectorTerm(term, termsPath.index(index), errors, allowInvalidValues);
  }
}

function checkNodeSelectorTerm(term: core.NodeSelectorTerm, path: FieldPath, errors: FieldErrors, allowInvalidValues: boolean): void {
  for (const [index, requirement] of (term.matchExpressions ?? []).entries()) {
    checkRequirement(requirement, path.child('matchExpressions').index(index), errors, allowInvalidValues);
  }
  for (const [index, requirement] of (term.matchFields ?? []).entries()) {
    checkFieldRequirement(requirement, path.child('matchFields').index(index), errors);
  }
}

function checkRequirement(requirement: core.NodeSelectorRequirement, path: FieldPath, errors: FieldErrors, allowInvalidValues: boolean): void {
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) errors.required(path.child('values'), "must be specified when `operator` is 'In' or 'NotIn'");
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) errors.forbidden(path.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
      break;
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) errors.required(path.child('values'), "must be specified single value when `operator` is 'Lt' or 'Gt'");
      break;
    default:
      errors.invalid(path.child('operator'), requirement.operator ?? '', 'not a valid selector operator');
  }
  checkLabelName(requirement.key ?? '', path.child('key'), errors);
  if (allowInvalidValues) return;
  for (const [index, value] of values.entries()) errors.invalidEach(path.child('values').index(index), value, isValidLabelValue(value));
}

function checkFieldRequirement(requirement: core.NodeSelectorRequirement, path: FieldPath, errors: FieldErrors): void {
  const values = requirement.values ?? [];
  if (requirement.operator === 'In' || requirement.operator === 'NotIn') {
    if (values.length !== 1) {
      errors.required(path.child('values'), "must be only one value when `operator` is 'In' or 'NotIn' for node field selector");
    }
  } else {
    errors.invalid(path.child('operator'), requirement.operator ?? '', 'not a valid selector operator');
  }
  if (requirement.key !== 'metadata.name') errors.invalid(path.child('key'), requirement.key ?? '', 'not a valid field selector key');
  else for (const [index, value] of values.entries()) errors.invalidEach(path.child('values').index(index), value, isDns1123Subdomain(value));
}

function checkPodAffinity(
  affinity: core.PodAffinity | core.PodAntiAffinity,
  path: FieldPath,
  errors: FieldErrors,
  allowInvalidValues: boolean,
): void {
  for (const [index, term] of (affinity[REQUIRED] ?? []).entries()) {
    checkPodAffinityTerm(term, path.child(REQUIRED).index(index), errors, allowInvalidValues);
  }
  for (const [index, weighted] of (affinity[PREFERRED] ?? []).entries()) {
    const termPath = path.child(PREFERRED).index(index);
    const weight = weighted.weight ?? 0;
    if (weight <= 0 || weight > 100) errors.invalid(termPath.child('weight'), weight, WEIGHT);
    checkPodAffinityTerm(weighted.podAffinityTerm ?? {}, termPath.child('podAffinityTerm'), errors, allowInvalidValues);
  }
}

function checkPodAffinityTerm(term: core.PodAffinityTerm, path: FieldPath, errors: FieldErrors, allowInvalidValues: boolean): void {
  checkLabelSelector(term.labelSelector, path.child('labelSelector'), errors, allowInvalidValues);
  checkLabelSelector(term.namespaceSelector, path.child('namespaceSelector'), errors, allowInvalidValues);
  for (const name of term.namespaces ?? []) errors.invalidEach(path.child('namespace'), name, isDns1123Label(name));
  checkMatchLabelKeys(
    { matchLabelKeys: term.matchLabelKeys, mismatchLabelKeys: term.mismatchLabelKeys, selector: term.labelSelector },
    path,
    errors,
  );
  if (isEmpty(term.topologyKey)) errors.required(path.child('topologyKey'), 'can not be empty');
  checkLabelName(term.topologyKey ?? '', path.child('topologyKey'), errors);
}

interface LabelKeys {
  readonly matchLabelKeys: readonly string[] | undefined;
  readonly mismatchLabelKeys: readonly string[] | undefined;
  readonly selector: LabelSelectorLike | undefined;
}

/** The API server merges these keys into the selector itself, so that a key of matchLabelKeys occurs there once. */
export function checkMatchLabelKeys({ matchLabelKeys, mismatchLabelKeys, selector }: LabelKeys, path: FieldPath, errors: FieldErrors): void {
  checkLabelKeys(matchLabelKeys, path.child('matchLabelKeys'), errors, selector);
  checkLabelKeys(mismatchLabelKeys, path.child('mismatchLabelKeys'), errors, selector);
  if (selector !== undefined && matchLabelKeys !== undefined) {
    const seen = new Set(sizeOf(selector.matchLabels) > 0 ? Object.keys(selector.matchLabels ?? {}) : []);
    for (const { key } of selector.matchExpressions ?? []) {
      const index = matchLabelKeys.lastIndexOf(key);
      if (index >= 0 && seen.has(key)) errors.invalid(path.index(index), key, 'exists in both matchLabelKeys and labelSelector');
      seen.add(key);
    }
  }
  for (const [index, key] of (matchLabelKeys ?? []).entries()) {
    if (!mismatchLabelKeys?.includes(key)) continue;
    errors.invalid(path.child('matchLabelKeys').index(index), key, 'exists in both matchLabelKeys and mismatchLabelKeys');
  }
}

function checkLabelKeys(
  keys: readonly string[] | undefined,
  path: FieldPath,
  errors: FieldErrors,
  selector: LabelSelectorLike | undefined,
): void {
  if (keys === undefined || keys.length === 0) return;
  if (selector === undefined) errors.forbidden(path, 'must not be specified when labelSelector is not set');
  else for (const [index, key] of keys.entries()) checkLabelName(key, path.index(index), errors);
}
