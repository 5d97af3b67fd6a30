import type { PolicyRule } from './rbac.ts';
import { urlMatches } from './rbac.ts';

/** Which of the wanted rules the owner does not have (upstream: component-helpers/auth/rbac/validation Covers). Rules are first split into single questions. */
export function uncoveredRules(owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): readonly PolicyRule[] {
  return wanted.flatMap(breakdown).filter((part) => !owned.some((rule) => covers(rule, part)));
}

function breakdown(rule: PolicyRule): PolicyRule[] {
  const parts: PolicyRule[] = [];
  for (const verb of rule.verbs) {
    for (const url of rule.nonResourceURLs ?? []) parts.push({ verbs: [verb], nonResourceURLs: [url] });
    for (const group of rule.apiGroups ?? []) {
      for (const resource of rule.resources ?? []) {
        const part = { verbs: [verb], apiGroups: [group], resources: [resource] };
        if (rule.resourceNames?.length) for (const name of rule.resourceNames) parts.push({ ...part, resourceNames: [name] });
        else parts.push(part);
      }
    }
  }
  return parts;
}

function covers(owner: PolicyRule, part: PolicyRule): boolean {
  const has = (values: readonly string[] | undefined, wanted: readonly string[] | undefined): boolean =>
    (wanted ?? []).every((value) => (values ?? []).includes('*') || (values ?? []).includes(value));
  if (!has(owner.verbs, part.verbs)) return false;
  if (part.nonResourceURLs) return part.nonResourceURLs.every((url) => (owner.nonResourceURLs ?? []).some((pattern) => urlMatches(pattern, url)));
  if (!has(owner.apiGroups, part.apiGroups) || !(part.resources ?? []).every((resource) => coversResource(owner, resource))) return false;
  if (!owner.resourceNames?.length) return true;
  return !!part.resourceNames?.length && part.resourceNames.every((name) => owner.resourceNames?.includes(name));
}

function coversResource(owner: PolicyRule, resource: string): boolean {
  const slash = resource.indexOf('/');
  return (owner.resources ?? []).some(
    (name) => name === '*' || name === resource || (slash > 0 && name === `*${resource.slice(slash)}`),
  );
}
