import type * as core from '../../../../../kube/api/generated/core/v1.ts';
import { isQualifiedName } from '../../../../../kube/apimachinery/name-validation.ts';
import { buildStrategy } from '../../validation/build-strategy.ts';
import type { FieldErrors } from '../../validation/field-errors.ts';
import { SPEC_PATH, type FieldPath } from '../../validation/field-path.ts';
import { compareQuantities, nanoValue } from '../../validation/quantities.ts';
import { checkContainerResourceName, checkResourceName, isOvercommitAllowed } from '../../validation/resource-names.ts';
import { sizeOf } from '../../validation/values.ts';

type Item = core.LimitRangeItem;
type Field = 'max' | 'min' | 'default' | 'defaultRequest' | 'maxLimitRequestRatio';
const STANDARD_TYPES: ReadonlySet<string> = new Set(['Pod', 'Container', 'PersistentVolumeClaim']);

export const limitRangeStrategy = buildStrategy<core.LimitRange>({
  namespaced: true,
  allowCreateOnUpdate: true,
  defaults(range) {
    for (const item of range.spec?.limits ?? []) if (item.type === 'Container') setDefaults(item);
  },
  // Upstream gives the nameless a name of its own; nobody else has this one.
  prepareForCreate: (range) => (range.metadata.name ? range : { ...range, metadata: { ...range.metadata, name: range.metadata.uid ?? '' } }),
  check(range, errors) {
    const types = new Set<string>();
    for (const [index, item] of (range.spec?.limits ?? []).entries()) {
      const path = SPEC_PATH.child('limits').index(index);
      checkType(item.type ?? '', path.child('type'), errors);
      if (types.has(item.type)) errors.duplicate(path.child('type'), item.type);
      types.add(item.type);
      checkItem(item, path, errors);
    }
  },
});

/** The maximum is the default limit; the default limit, else the minimum, is the default request. */
function setDefaults(item: Item): void {
  const limits: Record<string, string> = item.default ?? {};
  const requests: Record<string, string> = item.defaultRequest ?? {};
  for (const [name, value] of Object.entries(item.max ?? {})) limits[name] ??= value;
  for (const [name, value] of Object.entries(limits)) requests[name] ??= value;
  for (const [name, value] of Object.entries(item.min ?? {})) requests[name] ??= value;
  if (sizeOf(limits) > 0) item.default = limits;
  if (sizeOf(requests) > 0) item.defaultRequest = requests;
}

function checkType(type: string, path: FieldPath, errors: FieldErrors): void {
  const messages = isQualifiedName(type);
  errors.invalidEach(path, type, messages);
  if (messages.length === 0 && !type.includes('/') && !STANDARD_TYPES.has(type)) {
    errors.invalid(path, type, 'must be a standard limit type or fully qualified');
  }
}

function checkItem(item: Item, path: FieldPath, errors: FieldErrors): void {
  const isPod = item.type === 'Pod';
  const names = new Set<string>();
  const checkNames = (field: Field) => {
    const check = isPod || item.type === 'Container' ? checkContainerResourceName : checkResourceName;
    for (const name of Object.keys(item[field] ?? {})) {
      check(name, path.child(field).key(name), errors);
      names.add(name);
    }
  };
  checkNames('max');
  checkNames('min');
  for (const field of ['default', 'defaultRequest'] as const) {
    if (!isPod) checkNames(field);
    else if (sizeOf(item[field]) > 0) errors.forbidden(path.child(field), "may not be specified when `type` is 'Pod'");
  }
  if (item.type === 'PersistentVolumeClaim' && item.min?.['storage'] === undefined && item.max?.['storage'] === undefined) {
    errors.required(path.child('limits'), 'either minimum or maximum storage value is required, but neither was provided');
  }
  checkNames('maxLimitRequestRatio');
  for (const name of names) checkRelations(item, name, path, errors);
}

interface Relation {
  readonly low: Field;
  readonly high: Field;
  readonly at: Field;
  /** Whose value is printed. */
  readonly bad: Field;
  readonly text: (low: string, high: string) => string;
}
const RELATIONS: readonly Relation[] = [
  { low: 'min', high: 'max', at: 'min', bad: 'min', text: (low, high) => `min value ${low} is greater than max value ${high}` },
  { low: 'min', high: 'defaultRequest', at: 'defaultRequest', bad: 'defaultRequest', text: (low, high) => `min value ${low} is greater than default request value ${high}` },
  { low: 'defaultRequest', high: 'max', at: 'defaultRequest', bad: 'defaultRequest', text: (low, high) => `default request value ${low} is greater than max value ${high}` },
  { low: 'defaultRequest', high: 'default', at: 'defaultRequest', bad: 'defaultRequest', text: (low, high) => `default request value ${low} is greater than default limit value ${high}` },
  { low: 'min', high: 'default', at: 'default', bad: 'min', text: (low, high) => `min value ${low} is greater than default value ${high}` },
  { low: 'default', high: 'max', at: 'default', bad: 'max', text: (low, high) => `default value ${low} is greater than max value ${high}` },
];

function checkRelations(item: Item, name: string, path: FieldPath, errors: FieldErrors): void {
  const valueOf = (field: Field) => (item.type === 'Pod' && field.startsWith('default') ? undefined : item[field]?.[name]);
  for (const { low, high, at, bad, text } of RELATIONS) {
    const lower = valueOf(low);
    const upper = valueOf(high);
    if (lower === undefined || upper === undefined || compareQuantities(lower, upper) <= 0) continue;
    errors.invalid(path.child(at).key(name), valueOf(bad), text(lower, upper));
  }
  const ratio = valueOf('maxLimitRequestRatio');
  const min = valueOf('min');
  const max = valueOf('max');
  if (ratio !== undefined) checkRatio({ ratio, min, max }, path.child('maxLimitRequestRatio').key(name), errors);
  const request = valueOf('defaultRequest');
  const limit = valueOf('default');
  if (!isOvercommitAllowed(name) && request !== undefined && limit !== undefined && compareQuantities(request, limit) !== 0) {
    errors.invalid(path.child('defaultRequest').key(name), request, `default value ${limit} must equal to defaultRequest value ${request} in ${name}`);
  }
}

function checkRatio(
  { ratio, min, max }: { readonly ratio: string; readonly min: string | undefined; readonly max: string | undefined },
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (compareQuantities(ratio, '1') < 0) errors.invalid(path, ratio, `ratio ${ratio} is less than 1`);
  if (min === undefined || max === undefined) return;
  const limit = Number(nanoValue(max)) / Number(nanoValue(min));
  if (Number(nanoValue(ratio)) / 1e9 > limit) errors.invalid(path, ratio, `ratio ${ratio} is greater than max/min = ${limit.toFixed(6)}`);
}
