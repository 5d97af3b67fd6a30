import { isDns1123Subdomain } from '../../../kube/apimachinery/name-validation.ts';
import type { User } from '../authentication/user.ts';
import type { RequestInfo } from '../filters/request-info.ts';

/** audit.k8s.io/v1 Policy: what of which requests is written down (upstream: apiserver/pkg/audit/policy). */
export interface AuditPolicy {
  readonly rules: readonly AuditRule[];
  readonly omitStages: readonly AuditStage[];
  readonly omitManagedFields: boolean;
}

export interface AuditRule {
  readonly level: AuditLevel;
  readonly users?: readonly string[];
  readonly userGroups?: readonly string[];
  readonly verbs?: readonly string[];
  readonly resources?: readonly { readonly group?: string; readonly resources?: readonly string[]; readonly resourceNames?: readonly string[] }[];
  readonly namespaces?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly omitStages?: readonly AuditStage[];
  readonly omitManagedFields?: boolean;
}

export const AUDIT_LEVELS = ['None', 'Metadata', 'Request', 'RequestResponse'] as const;
export const AUDIT_STAGES = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const;
export type AuditLevel = (typeof AUDIT_LEVELS)[number];
export type AuditStage = (typeof AUDIT_STAGES)[number];

/** What the first rule that matches asks for. */
export interface AuditDecision {
  readonly level: AuditLevel;
  readonly omitStages: readonly AuditStage[];
  readonly omitManagedFields: boolean;
}

export class AuditPolicyError extends Error {
  override readonly name = 'AuditPolicyError';
}

/** `value` is the parsed YAML or JSON. Throws with all that is wrong. */
export function readAuditPolicy(value: unknown): AuditPolicy {
  const { kind, apiVersion, rules, omitStages = [], omitManagedFields = false } = (typeof value === 'object' && value !== null ? value : {}) as Partial<AuditPolicy> & { readonly kind?: string; readonly apiVersion?: string };
  if (kind !== 'Policy' || apiVersion !== 'audit.k8s.io/v1') throw new AuditPolicyError(`unknown group version field ${apiVersion ?? ''}, Kind=${kind ?? ''} in policy`);
  if (!Array.isArray(rules) || rules.length === 0) throw new AuditPolicyError('loaded illegal policy with 0 rules');
  const problems = [...stageProblems(omitStages, 'omitStages'), ...(rules as readonly AuditRule[]).flatMap((rule, index) => ruleProblems(rule, `rules[${index}]`))];
  if (problems.length > 0) throw new AuditPolicyError(problems.length === 1 ? (problems[0] as string) : `[${problems.join(', ')}]`);
  return { rules, omitStages, omitManagedFields };
}

function ruleProblems({ level, nonResourceURLs = [], resources = [], namespaces = [], omitStages = [] }: AuditRule, path: string): string[] {
  const problems: string[] = [];
  if (!level) problems.push(`${path}.level: Required value`);
  else if (!AUDIT_LEVELS.includes(level)) problems.push(`${path}.level: Unsupported value: ${JSON.stringify(level)}: supported values: ${AUDIT_LEVELS.map((one) => JSON.stringify(one)).join(', ')}`);
  for (const [index, url] of nonResourceURLs.entries()) {
    const at = `${path}.nonResourceURLs[${index}]: Invalid value: ${JSON.stringify(url)}:`;
    if (url === '*') continue;
    if (!url.startsWith('/')) problems.push(`${at} non-resource URL rules must begin with a '/' character`);
    if (url.slice(0, -1).includes('*')) problems.push(`${at} non-resource URL wildcards '*' must be the final character of the rule`);
  }
  for (const { group = '', resources: names = [], resourceNames = [] } of resources) {
    const wrong = group === '' || group === '*' ? [] : isDns1123Subdomain(group);
    if (wrong.length > 0) problems.push(`${path}.resources.group: Invalid value: ${JSON.stringify(group)}: ${wrong.join(',')}`);
    if (resourceNames.length > 0 && names.length === 0) problems.push(`${path}.resources.resourceNames: Invalid value: ${JSON.stringify(resourceNames)}: using resourceNames requires at least one resource`);
  }
  problems.push(...stageProblems(omitStages, `${path}.omitStages`));
  if (nonResourceURLs.length > 0 && (resources.length > 0 || namespaces.length > 0)) {
    problems.push(`${path}.nonResourceURLs: Invalid value: ${JSON.stringify(nonResourceURLs)}: rules cannot apply to both regular resources and non-resource URLs`);
  }
  return problems;
}

function stageProblems(stages: readonly string[], path: string): string[] {
  return stages.flatMap((stage, index) =>
    (AUDIT_STAGES as readonly string[]).includes(stage) ? [] : [`${path}[${index}]: Invalid value: ${JSON.stringify(stage)}: allowed stages are ${AUDIT_STAGES.join(',')}`],
  );
}

export function decideAudit(policy: AuditPolicy, user: User | undefined, info: RequestInfo): AuditDecision {
  const rule = policy.rules.find((candidate) => matches(candidate, user, info));
  if (!rule) return { level: 'None', omitStages: policy.omitStages, omitManagedFields: policy.omitManagedFields };
  return { level: rule.level, omitStages: [...policy.omitStages, ...(rule.omitStages ?? [])], omitManagedFields: rule.omitManagedFields ?? policy.omitManagedFields };
}

function matches(rule: AuditRule, user: User | undefined, info: RequestInfo): boolean {
  const { users = [], userGroups = [], verbs = [], namespaces = [], resources = [], nonResourceURLs = [] } = rule;
  if (users.length > 0 && !(user && users.includes(user.name))) return false;
  if (userGroups.length > 0 && !user?.groups.some((group) => userGroups.includes(group))) return false;
  if (verbs.length > 0 && !verbs.includes(info.verb)) return false;
  if (namespaces.length > 0 || resources.length > 0) return matchesResource(rule, info);
  return nonResourceURLs.length === 0 || (!info.isResourceRequest && nonResourceURLs.some((spec) => matchesPath(info.path, spec)));
}

function matchesPath(path: string, spec: string): boolean {
  return spec === '*' || spec === path || (spec.endsWith('*') && path.startsWith(spec.replace(/\*+$/, '')));
}

function matchesResource({ namespaces = [], resources = [] }: AuditRule, info: RequestInfo): boolean {
  if (!info.isResourceRequest) return false;
  if (namespaces.length > 0 && !namespaces.includes(info.namespace)) return false;
  if (resources.length === 0) return true;
  const { resource, subresource, name } = info;
  const whole = subresource === '' ? resource : `${resource}/${subresource}`;
  return resources.some(({ group = '', resources: names = [], resourceNames = [] }) => {
    if (group !== info.apiGroup && group !== '*') return false;
    if (names.length === 0) return true;
    if (resourceNames.length > 0 && !resourceNames.includes(name)) return false;
    return names.some((one) => one === whole || one === '*' || (subresource !== '' && one === `*/${subresource}`) || one === `${resource}/*`);
  });
}
