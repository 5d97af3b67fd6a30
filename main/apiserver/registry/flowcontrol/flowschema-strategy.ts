import type * as flowcontrol from '../../../../kube/api/generated/flowcontrol/v1.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../../../kube/apimachinery/name-validation.ts';
import { buildStrategy } from '../validation/build-strategy.ts';
import { withSpecAndMetaOf } from '../validation/parts.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import { SPEC_PATH, STATUS_PATH, type FieldPath } from '../validation/field-path.ts';
import { isEmpty } from '../validation/values.ts';

type FlowSchema = flowcontrol.FlowSchema;
const DEFAULT_PRECEDENCE = 1000;
const MAX_PRECEDENCE = 10_000;
const DISTINGUISHERS = ['ByNamespace', 'ByUser'];
const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];
const KINDS = ['Group', 'ServiceAccount', 'User'];
const NAMESPACE_INTRO = "each member of this list must be '*' or a DNS-1123 label; ";

export const flowSchemaStrategy = buildStrategy<FlowSchema>({
  namespaced: false,
  generation: true,
  defaults({ spec }) {
    if (spec !== undefined) spec.matchingPrecedence ||= DEFAULT_PRECEDENCE;
  },
  check,
  status: { prepare: withSpecAndMetaOf, check: ({ status }, _previous, errors) => checkFlowConditions(status?.conditions, errors) },
});

export function checkFlowConditions(conditions: readonly { readonly type?: string }[] | undefined, errors: FieldErrors): void {
  const seen = new Set<string>();
  for (const [index, { type = '' }] of (conditions ?? []).entries()) {
    const path = STATUS_PATH.child('conditions').index(index).child('type');
    if (seen.has(type)) errors.duplicate(path, type);
    seen.add(type);
    if (type === '') errors.required(path);
  }
}

function check({ metadata, spec, status }: FlowSchema, errors: FieldErrors): void {
  const { matchingPrecedence: precedence = 0, distinguisherMethod, priorityLevelConfiguration, rules } = spec;
  const path = SPEC_PATH.child('matchingPrecedence');
  if (precedence <= 0) errors.invalid(path, precedence, 'must be a positive value');
  if (precedence > MAX_PRECEDENCE) errors.invalid(path, precedence, `must not be greater than ${MAX_PRECEDENCE}`);
  if (precedence === 1 && metadata.name !== 'exempt') errors.invalid(path, precedence, "only the schema named 'exempt' may have matchingPrecedence 1");
  if (distinguisherMethod !== undefined && !DISTINGUISHERS.includes(distinguisherMethod.type)) {
    errors.notSupported(SPEC_PATH.child('distinguisherMethod').child('type'), { Type: distinguisherMethod.type }, DISTINGUISHERS);
  }
  const level = priorityLevelConfiguration?.name ?? '';
  const levelPath = SPEC_PATH.child('priorityLevelConfiguration').child('name');
  if (level === '') errors.required(levelPath, 'must reference a priority level');
  else errors.invalidEach(levelPath, level, isDns1123Subdomain(level));
  for (const [index, rule] of (rules ?? []).entries()) checkRules(rule, SPEC_PATH.child('rules').index(index), errors);
  checkFlowConditions(status?.conditions, errors);
}

function checkRules({ subjects, resourceRules, nonResourceRules }: flowcontrol.PolicyRulesWithSubjects, path: FieldPath, errors: FieldErrors): void {
  if (isEmpty(subjects)) errors.required(path.child('subjects'), 'subjects must contain at least one value');
  for (const [index, subject] of (subjects ?? []).entries()) checkSubject(subject, path.child('subjects').index(index), errors);
  if (isEmpty(resourceRules) && isEmpty(nonResourceRules)) errors.required(path, 'at least one of resourceRules and nonResourceRules has to be non-empty');
  for (const [index, rule] of (resourceRules ?? []).entries()) checkResourceRule(rule, path.child('resourceRules').index(index), errors);
  for (const [index, rule] of (nonResourceRules ?? []).entries()) checkNonResourceRule(rule, path.child('nonResourceRules').index(index), errors);
}

const SUBJECT_FIELDS = [['serviceAccount', 'ServiceAccount'], ['user', 'User'], ['group', 'Group']] as const;

function checkSubject(subject: flowcontrol.Subject, path: FieldPath, errors: FieldErrors): void {
  const own = SUBJECT_FIELDS.find(([, kind]) => kind === subject.kind);
  if (own === undefined) {
    errors.notSupported(path.child('kind'), subject.kind, KINDS);
    return;
  }
  const [field, kind] = own;
  const value = subject[field];
  if (value === undefined) errors.required(path.child(field), `${field} is required when subject kind is '${kind}'`);
  else if (field === 'serviceAccount') checkServiceAccount(subject.serviceAccount ?? { name: '', namespace: '' }, path.child(field), errors);
  else if (isEmpty(value.name)) errors.required(path.child(field).child('name'));
  for (const [other, otherKind] of SUBJECT_FIELDS) {
    if (other !== field && subject[other] !== undefined) errors.forbidden(path.child(other), `${other} is forbidden when subject kind is not '${otherKind}'`);
  }
}

function checkServiceAccount({ name, namespace }: flowcontrol.ServiceAccountSubject, path: FieldPath, errors: FieldErrors): void {
  if (!name) errors.required(path.child('name'));
  else if (name !== '*') errors.invalidEach(path.child('name'), name, isDns1123Subdomain(name));
  if (!namespace) errors.required(path.child('namespace'), 'must specify namespace for service account');
  else errors.invalidEach(path.child('namespace'), namespace, isDns1123Label(namespace));
}

function checkVerbs(verbs: readonly string[] | undefined, path: FieldPath, errors: FieldErrors): void {
  if (isEmpty(verbs)) errors.required(path, 'verbs must contain at least one value');
  else if (verbs?.includes('*')) {
    if (verbs.length > 1) errors.invalid(path, verbs, "if '*' is present, must not specify other verbs");
  } else if (!verbs?.every((verb) => VERBS.includes(verb))) errors.notSupported(path, verbs, VERBS);
}

function checkResourceRule(rule: flowcontrol.ResourcePolicyRule, path: FieldPath, errors: FieldErrors): void {
  checkVerbs(rule.verbs, path.child('verbs'), errors);
  for (const [field, noun, nouns] of [['apiGroups', 'api group', 'api groups'], ['resources', 'resource', 'resources']] as const) {
    const values = rule[field] ?? [];
    if (values.length === 0) errors.required(path.child(field), `resource rules must supply at least one ${noun}`);
    else if (values.length > 1 && values.includes('*')) errors.invalid(path.child(field), values, `if '*' is present, must not specify other ${nouns}`);
  }
  const namespaces = rule.namespaces ?? [];
  const namespacesPath = path.child('namespaces');
  if (namespaces.length === 0 && !rule.clusterScope) {
    errors.required(namespacesPath, 'resource rules that are not cluster scoped must supply at least one namespace');
  } else if (namespaces.includes('*')) {
    if (namespaces.length > 1) errors.invalid(namespacesPath, namespaces, "if '*' is present, must not specify other namespaces");
  } else {
    for (const [index, namespace] of namespaces.entries()) {
      errors.invalidEach(namespacesPath.index(index), namespace, isDns1123Label(namespace).map((message) => `${NAMESPACE_INTRO}${message}`));
    }
  }
}

function checkNonResourceRule({ verbs, nonResourceURLs = [] }: flowcontrol.NonResourcePolicyRule, path: FieldPath, errors: FieldErrors): void {
  checkVerbs(verbs, path.child('verbs'), errors);
  const urlsPath = path.child('nonResourceURLs');
  if (nonResourceURLs.length === 0) errors.required(urlsPath, 'nonResourceURLs must contain at least one value');
  else if (nonResourceURLs.includes('*')) {
    if (nonResourceURLs.length > 1) errors.invalid(urlsPath, nonResourceURLs, "if '*' is present, must not specify other non-resource URLs");
  } else {
    for (const [index, url] of nonResourceURLs.entries()) {
      const problem = urlProblem(url);
      if (problem !== undefined) errors.invalid(urlsPath.index(index), url, problem);
    }
  }
}

function urlProblem(url: string): string | undefined {
  if (url === '') return 'must not be empty';
  if (url === '/') return undefined;
  if (!url.startsWith('/')) return 'must start with slash';
  if (url.includes(' ')) return 'must not contain white-space';
  if (url.includes('//')) return 'must not contain double slash';
  const wildcards = url.split('*').length - 1;
  return wildcards > 1 || (wildcards === 1 && !url.endsWith('/*')) ? 'wildcard can only do suffix matching' : undefined;
}
