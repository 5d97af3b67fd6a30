import { parseFieldSelector } from '../../../kube/apimachinery/field-selector.ts';
import { parseLabelSelector } from '../../../kube/apimachinery/label-selector-parser.ts';
import type { LabelOperator } from '../../../kube/apimachinery/label-selector.ts';
import type { Attributes } from './authorizer.ts';

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}
type Texts = Readonly<Record<string, string>>;

/** authorization.k8s.io/v1 SubjectAccessReviewSpec, with what Go leaves out left out. */
export interface SubjectAccessReviewSpec {
  readonly resourceAttributes?: { readonly [name: string]: unknown };
  readonly nonResourceAttributes?: Texts;
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  readonly uid?: string;
}

/** The question as a webhook is asked it (upstream: plugin/pkg/authorizer/webhook). */
export function reviewSpecOf(attributes: Attributes): SubjectAccessReviewSpec {
  const { user: { name, groups, extra, uid }, isResourceRequest, verb, path } = attributes;
  return {
    ...(isResourceRequest ? { resourceAttributes: { ...given(resourceTexts(attributes)), ...selectorsOf(attributes) } } : { nonResourceAttributes: given({ path, verb }) }),
    ...(name === '' ? {} : { user: name }), ...(groups.length === 0 ? {} : { groups }), ...(extra && Object.keys(extra).length > 0 ? { extra } : {}), ...(uid ? { uid } : {}),
  };
}

/** The same for match conditions: texts that are empty are there, so that no expression fails over them. */
export function requestVariableOf(attributes: Attributes): unknown {
  const { user: { name, groups, extra = {}, uid = '' }, isResourceRequest, verb, path } = attributes;
  const asked = isResourceRequest ? { resourceAttributes: { ...resourceTexts(attributes), ...selectorsOf(attributes) } } : { nonResourceAttributes: { path, verb } };
  return { user: name, groups, uid, extra, ...asked };
}

function resourceTexts({ namespace, verb, apiGroup, apiVersion, resource, subresource, name }: Attributes): Texts {
  return { namespace, verb, group: apiGroup, version: apiVersion, resource, subresource, name };
}

function given(texts: Texts): Texts {
  return Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== ''));
}

function selectorsOf({ fieldSelector, labelSelector }: Attributes): object {
  const fields = readable(fieldSelector, parseFieldSelector).map(({ field, operator, value }): Requirement => ({ key: field, operator: operator === '!=' ? 'NotIn' : 'In', values: [value] }));
  const labels = readable(labelSelector, parseLabelSelector).flatMap(({ key, operator, values }): readonly Requirement[] => {
    const asked = LABEL_OPERATORS[operator];
    return asked ? [{ key, operator: asked, ...(values.length > 0 ? { values } : {}) }] : [];
  });
  return { ...(fields.length > 0 ? { fieldSelector: { requirements: fields } } : {}), ...(labels.length > 0 ? { labelSelector: { requirements: labels } } : {}) };
}

/** Others are left out: the question is then about more, never about less. */
const LABEL_OPERATORS: Partial<Record<LabelOperator, string>> = { '=': 'In', '==': 'In', in: 'In', '!=': 'NotIn', notin: 'NotIn', exists: 'Exists', '!': 'DoesNotExist' };

/** None where it cannot be read: the endpoint will say so. */
function readable<R>(selector: string | undefined, parse: (text: string) => readonly R[]): readonly R[] {
  try {
    return selector === undefined ? [] : parse(selector);
  } catch {
    return [];
  }
}
