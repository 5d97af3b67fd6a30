import { aggregateFieldErrors, fieldInvalid, fieldNotSupported, type FieldError } from './field-error.ts';
import { childPath, indexPath, keyPath } from './field-path.ts';
import { goQuote } from './go-format.ts';
import { isQualifiedName, isValidLabelValue } from './name-validation.ts';

/** Label selectors (upstream: apimachinery/pkg/labels, meta/v1 helpers). Parsing the text form is in label-selector-parser.ts. */

export type LabelOperator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt';

export interface Requirement {
  readonly key: string;
  readonly operator: LabelOperator;
  readonly values: readonly string[];
}

/** All requirements must hold: an empty list selects everything. `undefined` in the API means nothing: see {@link requirementsOf}. */
export type LabelRequirements = readonly Requirement[];

export type Labels = Readonly<Record<string, string>>;

/** metav1.LabelSelector, as found in specs. */
export interface LabelSelectorSpec {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] }[];
}

const OPERATORS_IN_ORDER = ['in', 'notin', '=', '==', '!=', 'gt', 'lt', 'exists', '!'];

/** Thrown for selectors that cannot be; the API answers 400 with this message. */
export class SelectorError extends Error {
  override readonly name = 'SelectorError';
}

/** A checked requirement; throws {@link SelectorError} with upstream's aggregated field errors. */
export function newRequirement(key: string, operator: LabelOperator, values: readonly string[], path = ''): Requirement {
  const errors: FieldError[] = labelKeyErrors(key, childPath(path, 'key'));
  const valuesPath = childPath(path, 'values');
  errors.push(...countErrors(operator, values, valuesPath, path));
  values.forEach((value, index) => {
    const messages = isValidLabelValue(value);
    if (messages.length > 0) errors.push(fieldInvalid(keyPath(indexPath(valuesPath, index), key), value, messages.join('; ')));
  });
  if (errors.length > 0) throw new SelectorError(aggregateFieldErrors(errors));
  return { key, operator, values };
}

export function labelKeyErrors(key: string, path: string): FieldError[] {
  const messages = isQualifiedName(key);
  return messages.length > 0 ? [fieldInvalid(path, key, messages.join('; '))] : [];
}

function countErrors(operator: LabelOperator, values: readonly string[], valuesPath: string, path: string): FieldError[] {
  const invalid = (detail: string): FieldError[] => [fieldInvalid(valuesPath, values, detail)];
  switch (operator) {
    case 'in':
    case 'notin':
      return values.length > 0 ? [] : invalid("for 'in', 'notin' operators, values set can't be empty");
    case '=':
    case '==':
    case '!=':
      return values.length === 1 ? [] : invalid('exact-match compatibility requires one single value');
    case 'exists':
    case '!':
      return values.length === 0 ? [] : invalid('values set must be empty for exists and does not exist');
    case 'gt':
    case 'lt':
      return [...(values.length === 1 ? [] : invalid("for 'Gt', 'Lt' operators, exactly one value is required")), ...integerErrors(values, valuesPath)];
    default:
      return [fieldNotSupported(childPath(path, 'operator'), operator, OPERATORS_IN_ORDER)];
  }
}

function integerErrors(values: readonly string[], path: string): FieldError[] {
  return values.flatMap((value, index) =>
    parseInt64(value) === undefined
      ? [fieldInvalid(indexPath(path, index), value, "for 'Gt', 'Lt' operators, the value must be an integer")]
      : [],
  );
}

/** strconv.ParseInt(text, 10, 64). */
export function parseInt64(text: string): bigint | undefined {
  if (!/^[+-]?[0-9]+$/.test(text)) return undefined;
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

export function matchesRequirement({ key, operator, values }: Requirement, labels: Labels): boolean {
  const has = Object.hasOwn(labels, key);
  const value = labels[key] ?? '';
  switch (operator) {
    case 'in':
    case '=':
    case '==':
      return has && values.includes(value);
    case 'notin':
    case '!=':
      return !has || !values.includes(value);
    case 'exists':
      return has;
    case '!':
      return !has;
    case 'gt':
    case 'lt': {
      const actual = has ? parseInt64(value) : undefined;
      const bound = parseInt64(values[0] ?? '');
      if (actual === undefined || bound === undefined) return false;
      return operator === 'gt' ? actual > bound : actual < bound;
    }
  }
}

export function matchesLabels(requirements: LabelRequirements, labels: Labels | undefined): boolean {
  return requirements.every((requirement) => matchesRequirement(requirement, labels ?? {}));
}

/** Sorted by key, as upstream keeps requirements. */
export function sortRequirements(requirements: LabelRequirements): Requirement[] {
  return requirements.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

export function formatRequirement({ key, operator, values }: Requirement): string {
  const list = values.length === 1 ? (values[0] ?? '') : values.toSorted().join(',');
  switch (operator) {
    case 'exists':
      return key;
    case '!':
      return `!${key}`;
    case 'in':
    case 'notin':
      return `${key} ${operator} (${list})`;
    case 'gt':
      return `${key}>${list}`;
    case 'lt':
      return `${key}<${list}`;
    default:
      return `${key}${operator}${list}`;
  }
}

export function formatLabelSelector(requirements: LabelRequirements): string {
  return requirements.map(formatRequirement).join(',');
}

/** Exact match of every label, unchecked: what ReplicationControllers and Services select with. */
export function requirementsFromLabels(labels: Labels | undefined): Requirement[] {
  return sortRequirements(Object.entries(labels ?? {}).map(([key, value]) => ({ key, operator: '=', values: [value] })));
}

/** undefined selects nothing, `{}` everything. Throws {@link SelectorError} for an invalid selector. */
export function requirementsOf(selector: LabelSelectorSpec | undefined): Requirement[] | undefined {
  if (selector === undefined) return undefined;
  const exact = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => newRequirement(key, '=', [value]));
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values }) => newRequirement(key, operatorOf(operator), values ?? []));
  return sortRequirements([...exact, ...expressions]);
}

function operatorOf(operator: string): LabelOperator {
  switch (operator) {
    case 'In':
      return 'in';
    case 'NotIn':
      return 'notin';
    case 'Exists':
      return 'exists';
    case 'DoesNotExist':
      return '!';
    default:
      throw new SelectorError(`${goQuote(operator)} is not a valid label selector operator`);
  }
}

/** Whether a LabelSelector of the API selects these labels; an absent selector selects nothing. */
export function selectorMatches(selector: LabelSelectorSpec | undefined, labels: Labels | undefined): boolean {
  const requirements = requirementsOf(selector);
  return requirements !== undefined && matchesLabels(requirements, labels);
}

/** metav1.FormatLabelSelector, as in printed columns: `<none>` when it selects everything. */
export function formatLabelSelectorSpec(selector: LabelSelectorSpec | undefined): string {
  const text = formatLabelSelector(requirementsOf(selector) ?? []);
  return text === '' ? '<none>' : text;
}
