import { goQuote } from '../../../../kube/apimachinery/go-format.ts';
import { isJsonObject } from '../../../../kube/apimachinery/json.ts';
import { elementOfItem, ListItemError } from './list-item.ts';
import { memberType, shapeOf, type ListMergeType, type MapMergeType, type MergeType } from './merge-type.ts';
import { fieldElement, formatPathElement, type PathElement } from './path-element.ts';

/** What does not fit its type, as structured-merge-diff words it: `.spec.bogus: field not declared in schema`. */
export function validateTyped(value: unknown, type: MergeType, options: { readonly allowDuplicates: boolean }): string[] {
  const walk: Walk = { errors: [], allowDuplicates: options.allowDuplicates };
  validate(walk, { value, type, place: undefined });
  return walk.errors;
}

/** One message as it is, several below each other. */
export function formatTypedErrors(errors: readonly string[]): string {
  return errors.length === 1 ? (errors[0] ?? '') : ['errors:', ...errors.map((error) => `  ${error}`)].join('\n');
}

interface Walk {
  readonly errors: string[];
  readonly allowDuplicates: boolean;
}

/** Where a value stands; its text is made only when something is wrong there. */
interface Place {
  readonly parent: Place | undefined;
  /** The name of a field, or an element of a list. */
  readonly name: string;
  readonly isField: boolean;
}

interface Step {
  readonly value: unknown;
  readonly type: MergeType;
  /** undefined: the root. */
  readonly place: Place | undefined;
}

function validate(walk: Walk, step: Step): void {
  const { scalar, list, map } = shapeOf(step.type, step.value);
  if (map !== undefined) validateMap(walk, step, map);
  else if (scalar !== undefined) validateScalar(walk, step, scalar);
  else if (list !== undefined) validateList(walk, step, list);
  else walk.errors.push(at(step.place, 'schema error: invalid atom: inlined'));
}

function pathOf(place: Place | undefined): string {
  if (place === undefined) return '';
  return pathOf(place.parent) + formatPathElement(place.isField ? fieldElement(place.name) : place.name);
}

function at(place: Place | undefined, message: string): string {
  return place === undefined ? message : `${pathOf(place)}: ${message}`;
}

function validateScalar({ errors }: Walk, { value, place }: Step, scalar: NonNullable<MergeType['scalar']>): void {
  if (value === null) return;
  switch (scalar) {
    case 'numeric':
      if (typeof value !== 'number') errors.push(at(place, `expected numeric (int or float), got ${goTypeOf(value)}`));
      return;
    case 'string':
      if (typeof value !== 'string') errors.push(at(place, `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`));
      return;
    case 'boolean':
      if (typeof value !== 'boolean') errors.push(at(place, `expected boolean, got &{${formatPlain(value)}}`));
      return;
    case 'untyped':
      if (typeof value === 'object') errors.push(at(place, `expected any scalar, got &{${formatPlain(value)}}`));
  }
}

function validateList(walk: Walk, { value, place }: Step, list: ListMergeType): void {
  const { errors, allowDuplicates } = walk;
  if (value === null) return;
  if (!Array.isArray(value)) {
    errors.push(at(place, `expected list, got &{${formatPlain(value)}}`));
    return;
  }
  const seen = new Set<PathElement>();
  for (const [index, item] of value.entries()) {
    let element: PathElement = `i:${index}`;
    if (list.relationship !== 'atomic') {
      try {
        element = elementOfItem(list, item);
      } catch (error) {
        if (!(error instanceof ListItemError)) throw error;
        errors.push(at(place, `element ${index}: ${error.message}`));
        return;
      }
      if (seen.has(element) && !allowDuplicates) errors.push(at(place, `duplicate entries for key ${formatPathElement(element)}`));
      seen.add(element);
    }
    validate(walk, { value: item, type: list.element(), place: { parent: place, name: element, isField: false } });
  }
}

function validateMap(walk: Walk, { value, place }: Step, map: MapMergeType): void {
  if (value === null) return;
  if (!isJsonObject(value)) {
    walk.errors.push(at(place, `expected map, got &{${formatPlain(value)}}`));
    return;
  }
  for (const name in value) {
    const member = value[name];
    const type = memberType(map, name);
    const below: Place = { parent: place, name, isField: true };
    if (type === undefined) {
      // As upstream, an undeclared field ends the walk of its object.
      walk.errors.push(`${pathOf(below)}: field not declared in schema`);
      return;
    }
    if (member !== undefined) validate(walk, { value: member, type, place: below });
  }
}

function goTypeOf(value: unknown): string {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}';
}

/** `%#v` */
function goSyntax(value: unknown): string {
  if (typeof value === 'string') return goQuote(value);
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (!isJsonObject(value)) return String(value);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `map[string]interface {}{${entries.map(([key, item]) => `${goQuote(key)}:${goSyntax(item)}`).join(', ')}}`;
}

/** `%v` */
function formatPlain(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(formatPlain).join(' ')}]`;
  if (!isJsonObject(value)) return value === null ? '<nil>' : String(value);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `map[${entries.map(([key, item]) => `${key}:${formatPlain(item)}`).join(' ')}]`;
}
