import type * as admission from '../../../../kube/api/generated/admissionregistration/v1.ts';
import { isQualifiedName, isValidPathSegmentName } from '../../../../kube/apimachinery/name-validation.ts';
import type { ExpressionCheck } from '../../admission/policies/expression-checks.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import type { FieldPath } from '../validation/field-path.ts';
import { checkLabelSelector } from '../validation/label-selector.ts';
import { isEmpty } from '../validation/values.ts';

export const FAILURE_POLICIES = ['Fail', 'Ignore'];
export const MATCH_POLICIES = ['Equivalent', 'Exact'];
export const REINVOCATION_POLICIES = ['IfNeeded', 'Never'];
const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const MUTATING_OPERATIONS = ['*', 'CONNECT', 'CREATE', 'UPDATE'];
const SCOPES = ['*', 'Cluster', 'Namespaced'];
const MAX_CONDITIONS = 64;

export function defaultRules(rules: readonly admission.RuleWithOperations[] | undefined): void {
  for (const rule of rules ?? []) rule.scope ??= '*';
}

export function defaultMatchResources(match: admission.MatchResources | undefined): void {
  if (match === undefined) return;
  match.matchPolicy ??= 'Equivalent';
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  defaultRules(match.resourceRules);
  defaultRules(match.excludeResourceRules);
}

export function checkRuleWithOperations(rule: admission.RuleWithOperations, path: FieldPath, errors: FieldErrors): void {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [], scope } = rule;
  const operationsPath = path.child('operations');
  if (operations.length === 0) errors.required(operationsPath);
  checkLoneStar(operations, operationsPath, 'operations', errors);
  for (const [index, operation] of operations.entries()) {
    if (!OPERATIONS.includes(operation)) errors.notSupported(operationsPath.index(index), operation, OPERATIONS);
  }
  if (apiGroups.length === 0) errors.required(path.child('apiGroups'));
  checkLoneStar(apiGroups, path.child('apiGroups'), 'API groups', errors);
  const versionsPath = path.child('apiVersions');
  if (apiVersions.length === 0) errors.required(versionsPath);
  checkLoneStar(apiVersions, versionsPath, 'API versions', errors);
  for (const [index, version] of apiVersions.entries()) if (version === '') errors.required(versionsPath.index(index));
  checkResources(resources, path.child('resources'), errors);
  if (scope !== undefined && !SCOPES.includes(scope)) errors.notSupported(path.child('scope'), scope, SCOPES);
}

function checkLoneStar(values: readonly string[], path: FieldPath, what: string, errors: FieldErrors): void {
  if (values.length > 1 && values.includes('*')) errors.invalid(path, values, `if '*' is present, must not specify other ${what}`);
}

function checkResources(resources: readonly string[], path: FieldPath, errors: FieldErrors): void {
  if (resources.length === 0) errors.required(path);
  const wholes = new Set<string>();
  const subresources = new Set<string>();
  let plain = false;
  for (const [index, text] of resources.entries()) {
    if (text === '') {
      errors.required(path.index(index));
      continue;
    }
    const slash = text.indexOf('/');
    if (slash === -1) {
      plain = text !== '*';
      continue;
    }
    const resource = text.slice(0, slash);
    const subresource = text.slice(slash + 1);
    if (wholes.has(resource)) errors.invalid(path.index(index), text, `if '${resource}/*' is present, must not specify ${text}`);
    if (subresources.has(subresource)) errors.invalid(path.index(index), text, `if '*/${subresource}' is present, must not specify ${text}`);
    if (subresource === '*') wholes.add(resource);
    if (resource === '*') subresources.add(subresource);
  }
  if (resources.length > 1 && resources.includes('*/*')) errors.invalid(path, resources, "if '*/*' is present, must not specify other resources");
  if (plain && resources.includes('*')) errors.invalid(path, resources, "if '*' is present, must not specify other resources without subresources");
}

/** An expression that does not compile is refused where it stands. */
export function checkExpression(source: string, check: ExpressionCheck, path: FieldPath, errors: FieldErrors): void {
  const problem = check(source);
  if (problem !== undefined) errors.invalid(path, source, problem);
}

interface ConditionChecks {
  readonly path: FieldPath;
  readonly errors: FieldErrors;
  readonly check: ExpressionCheck;
}

export function checkMatchConditions(conditions: readonly admission.MatchCondition[] | undefined, { path, errors, check }: ConditionChecks): void {
  if (conditions === undefined) return;
  if (conditions.length > MAX_CONDITIONS) errors.tooMany(path, conditions.length, MAX_CONDITIONS);
  const seen = new Set<string>();
  for (const [index, { name = '', expression = '' }] of conditions.entries()) {
    const at = path.index(index);
    const source = expression.trim();
    if (source === '') errors.required(at.child('expression'));
    else checkExpression(source, check, at.child('expression'), errors);
    if (name === '') {
      errors.required(at.child('name'));
      continue;
    }
    errors.invalidEach(at.child('name'), name, isQualifiedName(name));
    if (seen.has(name)) errors.duplicate(at.child('name'), name);
    seen.add(name);
  }
}

export function checkMatchResources(match: admission.MatchResources | undefined, path: FieldPath, errors: FieldErrors): void {
  if (match === undefined) return;
  const { matchPolicy, namespaceSelector, objectSelector } = match;
  if (matchPolicy === undefined) errors.required(path.child('matchPolicy'));
  else if (!MATCH_POLICIES.includes(matchPolicy)) errors.notSupported(path.child('matchPolicy'), matchPolicy, MATCH_POLICIES);
  if (namespaceSelector === undefined) errors.required(path.child('namespaceSelector'));
  checkLabelSelector(namespaceSelector, path.child('namespaceSelector'), errors);
  if (objectSelector === undefined) errors.required(path.child('objectSelector'));
  checkLabelSelector(objectSelector, path.child('objectSelector'), errors);
  for (const field of ['resourceRules', 'excludeResourceRules'] as const) {
    for (const [index, rule] of (match[field] ?? []).entries()) checkNamedRule(rule, path.child(field).index(index), errors);
  }
}

function checkNamedRule(rule: admission.NamedRuleWithOperations, path: FieldPath, errors: FieldErrors): void {
  const seen = new Set<string>();
  for (const [index, name] of (rule.resourceNames ?? []).entries()) {
    const at = path.child('resourceNames').index(index);
    errors.invalidEach(at, name, isValidPathSegmentName(name));
    if (seen.has(name)) errors.duplicate(at, name);
    seen.add(name);
  }
  checkRuleWithOperations(rule, path, errors);
}

/** Mutations cannot look at deletions. */
export function checkMutatingOperations(match: admission.MatchResources | undefined, path: FieldPath, errors: FieldErrors): void {
  for (const { operations } of match?.resourceRules ?? []) {
    for (const operation of operations ?? []) {
      if (MUTATING_OPERATIONS.includes(operation)) continue;
      errors.notSupported(path.child('resourceRules').child('operations'), operation, MUTATING_OPERATIONS);
    }
  }
}

export function checkFailurePolicy(policy: string | undefined, path: FieldPath, errors: FieldErrors): void {
  if (policy === undefined) errors.required(path);
  else if (!FAILURE_POLICIES.includes(policy)) errors.notSupported(path, policy, FAILURE_POLICIES);
}

export function checkParamRef(reference: admission.ParamRef | undefined, path: FieldPath, errors: FieldErrors): void {
  if (reference === undefined) return;
  const { name = '', selector, parameterNotFoundAction: action } = reference;
  const both = name !== '' && selector !== undefined;
  if (name !== '') errors.invalidEach(path.child('name'), name, isValidPathSegmentName(name));
  if (both) errors.forbidden(path.child('name'), 'name and selector are mutually exclusive');
  checkLabelSelector(selector, path.child('selector'), errors);
  if (both) errors.forbidden(path.child('selector'), 'name and selector are mutually exclusive');
  if (name === '' && selector === undefined) errors.required(path, 'one of name or selector must be specified');
  if (isEmpty(action)) errors.required(path.child('parameterNotFoundAction'));
  else if (action !== 'Deny' && action !== 'Allow') errors.notSupported(path.child('parameterNotFoundAction'), action, ['Deny', 'Allow']);
}
