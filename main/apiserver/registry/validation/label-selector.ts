import { emptyAsGiven } from '../../../../kube/api/typed-object.ts';
import type { FieldErrors } from './field-errors.ts';
import type { FieldPath } from './field-path.ts';
import { checkLabelName, checkLabels, sizeOf } from './values.ts';
import { isValidLabelValue } from '../../../../kube/apimachinery/name-validation.ts';

/** metav1.LabelSelector. */
export interface LabelSelectorLike {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] }[];
}

export function checkLabelSelector(
  selector: LabelSelectorLike | undefined,
  path: FieldPath,
  errors: FieldErrors,
  allowInvalidValues = false,
): void {
  if (selector === undefined || selector === null) return;
  checkLabels(selector.matchLabels, path.child('matchLabels'), errors);
  for (const [index, expression] of (selector.matchExpressions ?? []).entries()) {
    checkExpression(expression, path.child('matchExpressions').index(index), errors, allowInvalidValues);
  }
}

function checkExpression(
  { key, operator, values = [] }: NonNullable<LabelSelectorLike['matchExpressions']>[number],
  path: FieldPath,
  errors: FieldErrors,
  allowInvalidValues: boolean,
): void {
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) errors.required(path.child('values'), "must be specified when `operator` is 'In' or 'NotIn'");
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) errors.forbidden(path.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
  } else {
    errors.invalid(path.child('operator'), operator ?? '', 'not a valid selector operator');
  }
  checkLabelName(key ?? '', path.child('key'), errors);
  if (allowInvalidValues) return;
  for (const [index, value] of values.entries()) errors.invalidEach(path.child('values').index(index), value, isValidLabelValue(value));
}

export function isEmptySelector(selector: LabelSelectorLike | undefined): boolean {
  return sizeOf(selector?.matchLabels) === 0 && (selector?.matchExpressions ?? []).length === 0;
}

export function selectorMatches(selector: LabelSelectorLike, labels: Readonly<Record<string, string>> = {}): boolean {
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) if (labels[key] !== value) return false;
  return (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    const value = labels[key];
    if (operator === 'In') return value !== undefined && values.includes(value);
    if (operator === 'NotIn') return value === undefined || !values.includes(value);
    return operator === 'Exists' ? value !== undefined : value === undefined;
  });
}

/** `a=b,c in (d,e)`: the text of a selector, as Scale and printers show it. */
export function selectorText(selector: LabelSelectorLike | undefined): string {
  if (selector === undefined) return '';
  const parts = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({ key, text: `${key}=${value}` }));
  for (const { key, operator, values = [] } of selector.matchExpressions ?? []) {
    const list = `(${values.toSorted().join(',')})`;
    const texts: Record<string, string> = { In: `${key} in ${list}`, NotIn: `${key} notin ${list}`, Exists: key, DoesNotExist: `!${key}` };
    parts.push({ key, text: texts[operator] ?? key });
  }
  return parts.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ text }) => text).join(',');
}

/** Whether a selector cannot be turned into one that matches: an operator that is not known, or values that it cannot have. */
export function invalidSelectorOperator(selector: LabelSelectorLike): boolean {
  return (selector.matchExpressions ?? []).some(({ operator, values = [] }) => {
    if (operator === 'In' || operator === 'NotIn') return values.length === 0;
    return (operator !== 'Exists' && operator !== 'DoesNotExist') || values.length > 0;
  });
}

/** Labels that a message prints: none at all are told from empty ones. */
export function labelsAsGiven(metadata: { readonly labels?: Readonly<Record<string, string>> } | undefined): unknown {
  return metadata?.labels ?? (metadata === undefined ? null : emptyAsGiven(metadata, 'labels'));
}
