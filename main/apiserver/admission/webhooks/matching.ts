import type { NamedRuleWithOperations } from '../../../../kube/api/generated/admissionregistration/v1.ts';
import { selectorMatches, type LabelSelectorSpec } from '../../../../kube/apimachinery/label-selector.ts';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import type { ObjectReader } from '../../authentication/object-reader.ts';
import type { AdmissionAttributes } from '../admission.ts';

export interface MatchCriteria {
  readonly rules: readonly NamedRuleWithOperations[];
  readonly excludeRules?: readonly NamedRuleWithOperations[];
  readonly namespaceSelector: LabelSelectorSpec | undefined;
  readonly objectSelector: LabelSelectorSpec | undefined;
  readonly matchPolicy: string | undefined;
}

const CONFIGURATION_GROUP = 'admissionregistration.k8s.io';

/** The configuration of admission itself is never subject to it: no cluster locks itself out (upstream: IsExemptAdmissionConfigurationResource). */
export function isExempt({ group }: AdmissionAttributes): boolean {
  return group === CONFIGURATION_GROUP;
}

/** Whether rules and selectors take the request in. Rules come first: most requests end there without a read. */
export async function matchesCriteria(reader: ObjectReader, criteria: MatchCriteria, attributes: AdmissionAttributes): Promise<boolean> {
  const { rules, excludeRules = [], matchPolicy } = criteria;
  if (!rules.some((rule) => matchesRule(rule, attributes, matchPolicy)) || excludeRules.some((rule) => matchesRule(rule, attributes, matchPolicy))) return false;
  return matchesObjectSelector(criteria.objectSelector, attributes) && matchesNamespaceSelector(reader, criteria.namespaceSelector, attributes);
}

/** Differs from upstream: under Equivalent every served version of the resource matches, without conversion to the version of the rule. */
export function matchesRule(rule: NamedRuleWithOperations, attributes: AdmissionAttributes, matchPolicy = 'Equivalent'): boolean {
  const { group, version, operation } = attributes;
  return (
    matchesAny(rule.operations, operation) &&
    matchesAny(rule.apiGroups, group) &&
    (matchPolicy === 'Equivalent' || matchesAny(rule.apiVersions, version)) &&
    (rule.resources ?? []).some((resource) => matchesResource(resource, attributes)) &&
    matchesScope(rule.scope, attributes) &&
    matchesName(rule.resourceNames, attributes)
  );
}

function matchesAny(values: readonly string[] = [], wanted: string): boolean {
  return values.includes('*') || values.includes(wanted);
}

function matchesResource(pattern: string, { resource, subresource }: AdmissionAttributes): boolean {
  const [wanted = '', wantedSubresource = ''] = pattern.split('/');
  return (wanted === '*' || wanted === resource) && (wantedSubresource === '*' || wantedSubresource === subresource);
}

function matchesScope(scope: string | undefined, { namespace, group, resource }: AdmissionAttributes): boolean {
  if (scope === undefined || scope === '*') return true;
  const isCluster = namespace === '' || (group === '' && resource === 'namespaces');
  return isCluster === (scope === 'Cluster');
}

function matchesName(names: readonly string[] = [], { name }: AdmissionAttributes): boolean {
  return names.length === 0 || names.includes(name);
}

function isEverything(selector: LabelSelectorSpec | undefined): boolean {
  return selector === undefined || (Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0);
}

function matchesObjectSelector(selector: LabelSelectorSpec | undefined, { object, oldObject }: AdmissionAttributes): boolean {
  if (isEverything(selector)) return true;
  return [object, oldObject].some((one) => one?.metadata !== undefined && selectorMatches(selector, one.metadata.labels ?? {}));
}

async function matchesNamespaceSelector(reader: ObjectReader, selector: LabelSelectorSpec | undefined, attributes: AdmissionAttributes): Promise<boolean> {
  if (isEverything(selector)) return true;
  const { group, resource, namespace, name } = attributes;
  const isNamespace = group === '' && resource === 'namespaces';
  if (!isNamespace && namespace === '') return true;
  if (isNamespace && attributes.subresource === '' && attributes.object && attributes.operation !== 'DELETE') return selectorMatches(selector, attributes.object.metadata.labels ?? {});
  const stored = await reader.get({ group: '', resource: 'namespaces' }, { name: isNamespace ? name : namespace });
  return stored !== undefined && selectorMatches(selector, stored.metadata.labels ?? {});
}

/** The namespace that a request is in, as `namespaceObject` shows it. */
export async function namespaceOf(reader: ObjectReader, { group, resource, namespace }: AdmissionAttributes): Promise<KubernetesObject | undefined> {
  if (namespace === '' || (group === '' && resource === 'namespaces')) return undefined;
  return reader.get({ group: '', resource: 'namespaces' }, { name: namespace });
}
