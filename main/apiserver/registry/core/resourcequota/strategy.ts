import type * as core from '../../../../../kube/api/generated/core/v1.ts';
import { buildStrategy } from '../../validation/build-strategy.ts';
import { FIELD_IMMUTABLE, type FieldErrors } from '../../validation/field-errors.ts';
import { SPEC_PATH, STATUS_PATH, type FieldPath } from '../../validation/field-path.ts';
import { internalValue } from '../../validation/internal-shape.ts';
import { compareQuantities } from '../../validation/quantities.ts';
import { checkQuotaResourceName, checkResourceQuantity, isStandardQuotaResource } from '../../validation/resource-names.ts';
import { sortedKeys } from '../../validation/values.ts';

type Quota = core.ResourceQuota;
const SCOPES: ReadonlySet<string> = new Set([
  'Terminating', 'NotTerminating', 'BestEffort', 'NotBestEffort', 'PriorityClass', 'CrossNamespacePodAffinity', 'VolumeAttributesClass',
]);
const EXISTS_ONLY: ReadonlySet<string> = new Set(['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'CrossNamespacePodAffinity']);
const COMPUTE: ReadonlySet<string> = new Set([
  'cpu', 'memory', 'ephemeral-storage', 'requests.cpu', 'requests.memory', 'requests.ephemeral-storage', 'limits.cpu', 'limits.memory',
  'limits.ephemeral-storage',
]);
const VOLUME_RESOURCES: ReadonlySet<string> = new Set(['persistentvolumeclaims', 'requests.storage']);

export const resourceQuotaStrategy = buildStrategy<Quota>({
  namespaced: true,
  check(quota, errors) {
    checkList(quota.spec?.hard, SPEC_PATH.child('hard'), errors);
    checkScopes(quota, errors);
    checkScopeSelector(quota, errors);
    checkList(quota.status?.hard, STATUS_PATH.child('hard'), errors);
    checkList(quota.status?.used, STATUS_PATH.child('used'), errors);
  },
  checkUpdate(next, previous, errors) {
    const scopes = next.spec?.scopes ?? [];
    const before = previous.spec?.scopes ?? [];
    const same = scopes.every((scope) => before.includes(scope)) && before.every((scope) => scopes.includes(scope));
    checkList(next.spec?.hard, SPEC_PATH.child('hard'), errors);
    checkScopes(next, errors);
    checkScopeSelector(next, errors);
    if (!same) errors.invalid(SPEC_PATH.child('scopes'), next.spec?.scopes ?? null, FIELD_IMMUTABLE);
  },
  recheckOnUpdate: false,
  status: {
    check(next, _previous, errors) {
      checkList(next.status?.hard, STATUS_PATH.child('hard'), errors);
      checkList(next.status?.used, STATUS_PATH.child('used'), errors);
    },
  },
  warnings: (quota, previous) => (previous === undefined ? warnings(quota) : []),
});

function checkList(list: Readonly<Record<string, string>> | undefined, path: FieldPath, errors: FieldErrors): void {
  for (const name of sortedKeys(list)) {
    checkQuotaResourceName(name, path.key(name), errors);
    checkResourceQuantity(name, list?.[name] ?? '0', path.key(name), errors);
  }
}

/** Whether a scope says anything about a resource. */
function isValidFor(scope: string, resource: string): boolean {
  switch (scope) {
    case 'Terminating':
    case 'NotTerminating':
    case 'NotBestEffort':
    case 'PriorityClass':
    case 'CrossNamespacePodAffinity':
      return resource === 'pods' || COMPUTE.has(resource);
    case 'BestEffort':
      return resource === 'pods';
    case 'VolumeAttributesClass':
      return VOLUME_RESOURCES.has(resource);
    default:
      return true;
  }
}

function checkScopes({ spec }: Quota, errors: FieldErrors): void {
  const scopes = spec?.scopes ?? [];
  const path = SPEC_PATH.child('scopes');
  for (const scope of scopes) {
    if (!SCOPES.has(scope)) errors.invalid(path, scopes, 'unsupported scope');
    for (const name of sortedKeys(spec?.hard)) {
      if (isStandardQuotaResource(name) && !isValidFor(scope, name)) errors.invalid(path, scopes, 'unsupported scope applied to resource');
    }
  }
  checkConflicts(new Set(scopes), path, errors, scopes);
}

function checkConflicts(scopes: ReadonlySet<string>, path: FieldPath, errors: FieldErrors, badValue: unknown): void {
  if (scopes.has('BestEffort') && scopes.has('NotBestEffort')) errors.invalid(path, badValue, 'conflicting scopes');
  if (scopes.has('Terminating') && scopes.has('NotTerminating')) errors.invalid(path, badValue, 'conflicting scopes');
}

const EXISTS_MESSAGE =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";

function checkScopeSelector({ spec }: Quota, errors: FieldErrors): void {
  if (spec?.scopeSelector === undefined) return;
  const path = SPEC_PATH.child('scopeSelector').child('matchExpressions');
  const seen = new Set<string>();
  for (const { scopeName, operator, values = [] } of spec.scopeSelector.matchExpressions ?? []) {
    if (!SCOPES.has(scopeName)) errors.invalid(path.child('scopeName'), scopeName, 'unsupported scope');
    for (const name of sortedKeys(spec.hard)) {
      if (!isStandardQuotaResource(name) || isValidFor(scopeName, name)) continue;
      errors.invalid(path, internalValue('ScopeSelector', spec.scopeSelector), 'unsupported scope applied to resource');
    }
    if (EXISTS_ONLY.has(scopeName) && operator !== 'Exists') errors.invalid(path.child('operator'), operator, EXISTS_MESSAGE);
    if (operator === 'In' || operator === 'NotIn') {
      if (values.length === 0) errors.required(path.child('values'), "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector");
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (values.length > 0) errors.invalid(path.child('values'), values, "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector");
    } else {
      errors.invalid(path.child('operator'), operator, 'not a valid selector operator');
    }
    seen.add(scopeName);
  }
  checkConflicts(seen, path, errors, spec.scopes ?? null);
}

function warnings({ spec }: Quota): string[] {
  const hard = spec?.hard ?? {};
  return ['cpu', 'memory', 'ephemeral-storage'].flatMap((name) => {
    const plain = name !== 'ephemeral-storage' && hard[`requests.${name}`] === undefined;
    const requestName = plain ? name : `requests.${name}`;
    const request = hard[requestName];
    const limit = hard[`limits.${name}`];
    if (request === undefined || limit === undefined || compareQuantities(request, limit) <= 0) return [];
    return [`ResourceQuota ${requestName} (${request}) should be less than limits.${name} (${limit})`];
  });
}
