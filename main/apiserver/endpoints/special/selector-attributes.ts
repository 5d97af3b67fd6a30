import { fieldForbidden, fieldInvalid, fieldRequired, type FieldError } from '../../../../kube/apimachinery/field-error.ts';
import { formatFieldSelector, parseFieldSelector, type FieldRequirement } from '../../../../kube/apimachinery/field-selector.ts';
import { formatLabelSelector, newRequirement, type Requirement } from '../../../../kube/apimachinery/label-selector.ts';
import { parseLabelSelector } from '../../../../kube/apimachinery/label-selector-parser.ts';
import { isQualifiedName, isValidLabelValue } from '../../../../kube/apimachinery/name-validation.ts';

/** fieldSelector and labelSelector of resourceAttributes: a list or watch may be allowed only for some of the objects (KEP-4601). */
export interface SelectorAttributes {
  readonly rawSelector?: string;
  readonly requirements?: readonly SelectorRequirement[];
}
interface SelectorRequirement {
  readonly key?: string;
  readonly operator?: string;
  readonly values?: readonly string[];
}
export interface Selectors {
  readonly fieldSelector?: SelectorAttributes | undefined;
  readonly labelSelector?: SelectorAttributes | undefined;
}

const PATH = 'spec.resourceAttributes';
const LABEL_OPERATORS: Readonly<Record<string, 'in' | 'notin' | 'exists' | '!'>> = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!' };

/** Operators that this server does not know are no error: a newer client may ask with them. */
export function selectorErrors({ fieldSelector, labelSelector }: Selectors): FieldError[] {
  return [...errorsOf('fieldSelector', fieldSelector, fieldErrors), ...errorsOf('labelSelector', labelSelector, labelErrors)];
}

function errorsOf(name: string, selector: SelectorAttributes | undefined, each: (requirement: SelectorRequirement, path: string) => FieldError[]): FieldError[] {
  if (!selector) return [];
  const { rawSelector = '', requirements = [] } = selector;
  const path = `${PATH}.${name}`;
  const errors: FieldError[] = [];
  if (rawSelector !== '' && requirements.length > 0) errors.push(fieldInvalid(`${path}.rawSelector`, rawSelector, 'may not specified at the same time as requirements'));
  if (rawSelector === '' && requirements.length === 0) errors.push(fieldRequired(`${path}.requirements`, `when ${path} is specified, requirements or rawSelector is required`));
  return [...errors, ...requirements.flatMap((requirement, index) => each(requirement, `${path}.requirements[${index}]`))];
}

function fieldErrors(requirement: SelectorRequirement, path: string): FieldError[] {
  return [...(requirement.key ? [] : [fieldRequired(`${path}.key`, 'must be specified')]), ...valueErrors(requirement, path)];
}

function labelErrors(requirement: SelectorRequirement, path: string): FieldError[] {
  const { key = '', values = [] } = requirement;
  return [
    ...valueErrors(requirement, path),
    ...isQualifiedName(key).map((message) => fieldInvalid(`${path}.key`, key, message)),
    ...values.flatMap((value, index) => isValidLabelValue(value).map((message) => fieldInvalid(`${path}.values[${index}]`, value, message))),
  ];
}

function valueErrors({ operator, values = [] }: SelectorRequirement, path: string): FieldError[] {
  const isIn = operator === 'In' || operator === 'NotIn';
  const isExistence = operator === 'Exists' || operator === 'DoesNotExist';
  if (isIn && values.length === 0) return [fieldRequired(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'")];
  if (isExistence && values.length > 0) return [fieldForbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")];
  return [];
}

export interface UnderstoodSelectors {
  /** What authorizers may rely on, as text; absent: none. Leaving out what is not understood asks for more, never for less. */
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  readonly evaluationError: string;
}

export function understoodSelectors({ fieldSelector, labelSelector }: Selectors): UnderstoodSelectors {
  const fields = understood(fieldSelector, parseFieldSelector, fieldRequirement);
  const labels = understood(labelSelector, parseLabelSelector, labelRequirement);
  const problems = [['fieldSelector', fields], ['labelSelector', labels]] as const;
  const texts = problems.filter(([, { isPartial }]) => isPartial).map(([name, { requirements }]) => `${PATH}.${name} ${requirements.length > 0 ? 'partially ignored' : 'ignored'} due to parse error`);
  return {
    ...(fields.requirements.length > 0 ? { fieldSelector: formatFieldSelector(fields.requirements) } : {}),
    ...(labels.requirements.length > 0 ? { labelSelector: formatLabelSelector(labels.requirements) } : {}), evaluationError: texts.join('; '),
  };
}

function understood<R>(selector: SelectorAttributes | undefined, parse: (text: string) => readonly R[], convert: (requirement: SelectorRequirement) => R | undefined): { readonly requirements: readonly R[]; readonly isPartial: boolean } {
  const { rawSelector = '', requirements = [] } = selector ?? {};
  if (requirements.length > 0) {
    const known = requirements.map(convert).filter((requirement) => requirement !== undefined);
    return { requirements: known, isPartial: known.length < requirements.length };
  }
  try {
    return { requirements: rawSelector === '' ? [] : parse(rawSelector), isPartial: false };
  } catch {
    return { requirements: [], isPartial: true };
  }
}

function fieldRequirement({ key = '', operator, values = [] }: SelectorRequirement): FieldRequirement | undefined {
  const [value] = values;
  if (value === undefined || values.length > 1 || (operator !== 'In' && operator !== 'NotIn')) return undefined;
  return { field: key, operator: operator === 'In' ? '=' : '!=', value };
}

function labelRequirement({ key = '', operator = '', values = [] }: SelectorRequirement): Requirement | undefined {
  const known = LABEL_OPERATORS[operator];
  try {
    return known && newRequirement(key, known, values);
  } catch {
    return undefined;
  }
}
