import { matchesLabels, newRequirement, type Requirement } from '../../../kube/apimachinery/label-selector.ts';
import type { Node, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm } from '../../../kube/api/generated/core/v1.ts';

/** A compiled node selector: an OR of terms, each an AND of requirements. An empty term matches nothing. */
export type NodeMatcher = (node: Node) => boolean;

export function nodeSelectorMatcher(selector: NodeSelector): NodeMatcher {
  const terms = selector.nodeSelectorTerms.map(termMatcher);
  return (node) => terms.some((matches) => matches(node));
}

export function termMatcher(term: NodeSelectorTerm): NodeMatcher {
  const expressions = (term.matchExpressions ?? []).map(compile);
  const fields = (term.matchFields ?? []).map(compile);
  if (expressions.length === 0 && fields.length === 0) return () => false;
  return (node) =>
    matchesLabels(expressions, node.metadata.labels ?? {}) && (fields.length === 0 || matchesLabels(fields, { 'metadata.name': node.metadata.name }));
}

const OPERATORS = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!', Gt: 'gt', Lt: 'lt' } as const;

function compile({ key, operator, values }: NodeSelectorRequirement): Requirement {
  return newRequirement(key, OPERATORS[operator as keyof typeof OPERATORS], values ?? []);
}
