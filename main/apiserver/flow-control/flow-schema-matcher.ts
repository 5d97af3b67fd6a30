import type { FlowSchema, NonResourcePolicyRule, PolicyRulesWithSubjects, ResourcePolicyRule, Subject } from '../../../kube/api/generated/flowcontrol/v1.ts';
import { SERVICE_ACCOUNT_PREFIX, type User } from '../authentication/user.ts';
import type { RequestInfo } from '../filters/request-info.ts';

export type SchemaMatcher = (user: User, info: RequestInfo) => boolean;

/** Turns the rules of a flow schema into a function, once per change of it (upstream: util/flowcontrol/rule.go). */
export function compileFlowSchema({ spec }: FlowSchema): SchemaMatcher {
  const rules = (spec.rules ?? []).map(compileRule);
  if (rules.length === 1) return rules[0] as SchemaMatcher;
  return (user, info) => rules.some((matches) => matches(user, info));
}

function compileRule({ subjects, resourceRules = [], nonResourceRules = [] }: PolicyRulesWithSubjects): SchemaMatcher {
  const matchesUser = compileSubjects(subjects);
  const resources = resourceRules.map(compileResourceRule);
  const paths = nonResourceRules.map(compilePathRule);
  return (user, info) => {
    if (!matchesUser(user)) return false;
    const rules = info.isResourceRequest ? resources : paths;
    for (const matches of rules) if (matches(info)) return true;
    return false;
  };
}

function compileSubjects(subjects: readonly Subject[]): (user: User) => boolean {
  const users = new Set<string>();
  const groups = new Set<string>();
  const prefixes: string[] = [];
  for (const { kind, user, group, serviceAccount } of subjects) {
    if (kind === 'User' && user) users.add(user.name);
    else if (kind === 'Group' && group) groups.add(group.name);
    else if (kind === 'ServiceAccount' && serviceAccount) {
      const { namespace, name } = serviceAccount;
      if (name === '*') prefixes.push(`${SERVICE_ACCOUNT_PREFIX}${namespace}:`);
      else users.add(`${SERVICE_ACCOUNT_PREFIX}${namespace}:${name}`);
    }
  }
  if (users.has('*') || groups.has('*')) return () => true;
  return ({ name, groups: own }) => {
    if (users.has(name)) return true;
    for (const prefix of prefixes) if (name.startsWith(prefix)) return true;
    for (const group of own) if (groups.has(group)) return true;
    return false;
  };
}

/** `*` stands for all only where it stands alone. */
function oneOf(values: readonly string[]): (value: string) => boolean {
  if (values.length === 1 && values[0] === '*') return () => true;
  if (values.length === 1) return (value) => value === values[0];
  const set = new Set(values);
  return (value) => set.has(value);
}

function compileResourceRule({ verbs, apiGroups, resources, clusterScope, namespaces }: ResourcePolicyRule): (info: RequestInfo) => boolean {
  const verb = oneOf(verbs);
  const group = oneOf(apiGroups);
  const resource = oneOf(resources);
  const namespace = oneOf(namespaces ?? []);
  const inCluster = clusterScope ?? false;
  return (info) =>
    verb(info.verb) && group(info.apiGroup) && resource(info.subresource === '' ? info.resource : `${info.resource}/${info.subresource}`) &&
    (info.namespace === '' ? inCluster : namespace(info.namespace));
}

/** A path covers what lies below it, with or without the star. */
function compilePathRule({ verbs, nonResourceURLs }: NonResourcePolicyRule): (info: RequestInfo) => boolean {
  const verb = oneOf(verbs);
  const all = nonResourceURLs.includes('*');
  const prefixes = nonResourceURLs.map((url) => url.replace(/\*$/, '')).map((url) => (url.endsWith('/') ? url : `${url}/`));
  return (info) => verb(info.verb) && (all || nonResourceURLs.includes(info.path) || prefixes.some((prefix) => info.path.startsWith(prefix)));
}
