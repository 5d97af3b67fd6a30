import { goQuote } from '../../../../kube/apimachinery/go-format.ts';
import { isJsonObject } from '../../../../kube/apimachinery/json.ts';
import { elementOfItem, ListItemError } from './list-item.ts';
import { memberType, shapeOf, type ListMergeType, type MapMergeType, type MergeType } from './merge-type.ts';
import { fieldElement, formatPathElement, type PathElement } from './path-element.ts';

/** What does not fit its type, as structured-merge-diff words it: `.spec.bogus: field not declared in schema`. */
export function validateTyped(value: unknown, type: MergeType, options: { readonly allowDuplicates: boolean }): string[] {
  return validate({ value, type, path: '', allowDuplicates: options.allowDuplicates });
}

/** One message as it is, several below each other. */
export function formatTypedErrors(errors: readonly string[]): string {
  return errors.length === 1 ? (errors[0] ?? '') : ['errors:', ...errors.map((error) => `  ${error}`)].join('\n');
}

interface Step {
  readonly value: unknown;
  readonly type: MergeType;
  readonly path: string;
  readonly allowDuplicates: boolean;
}

function validate(step: Step): string[] {
  const { scalar, list, map } = shapeOf(step.type, step.value);
  if (map !== undefined) return validateMap(step, map);
  if (scalar !== undefined) return validateScalar(step, scalar);
  if (list !== undefined) return validateList(step, list);
  return [at(step.path, 'schema error: invalid atom: inlined')];
}

function at(path: string, message: string): string {
  return path === '' ? message : `${path}: ${message}`;
}

function validateScalar({ value, path }: Step, scalar: NonNullable<MergeType['scalar']>): string[] {
  if (value === null) return [];
  switch (scalar) {
    case 'numeric':
      return typeof value === 'number' ? [] : [at(path, `expected numeric (int or float), got ${goTypeOf(value)}`)];
    case 'string':
      return typeof value === 'string' ? [] : [at(path, `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`)];
    case 'boolean':
      return typeof value === 'boolean' ? [] : [at(path, `expected boolean, got &{${formatPlain(value)}}`)];
    case 'untyped':
      return typeof value === 'object' ? [at(path, `expected any scalar, got &{${formatPlain(value)}}`)] : [];
  }
}

function validateList({ value, path, allowDuplicates }: Step, list: ListMergeType): string[] {
  if (value === null) return [];
  if (!Array.isArray(value)) return [at(path, `expected list, got &{${formatPlain(value)}}`)];
  const seen = new Set<PathElement>();
  const errors: string[] = [];
  for (const [index, item] of value.entries()) {
    let element: PathElement = `i:${index}`;
    if (list.relationship !== 'atomic') {
      try {
        element = elementOfItem(list, item);
      } catch (error) {
        if (error instanceof ListItemError) return [...errors, at(path, `element ${index}: ${error.message}`)];
        throw error;
      }
      if (seen.has(element) && !allowDuplicates) errors.push(at(path, `duplicate entries for key ${formatPathElement(element)}`));
      seen.add(element);
    }
    errors.push(...validate({ value: item, type: list.element(), path: path + formatPathElement(element), allowDuplicates }));
  }
  return errors;
}

function validateMap({ value, path, allowDuplicates }: Step, map: MapMergeType): string[] {
  if (value === null) return [];
  if (!isJsonObject(value)) return [at(path, `expected map, got &{${formatPlain(value)}}`)];
  const errors: string[] = [];
  for (const [name, member] of Object.entries(value)) {
    const type = memberType(map, name);
    const memberPath = path + formatPathElement(fieldElement(name));
    // As upstream, an undeclared field ends the walk of its object.
    if (type === undefined) return [...errors, `${memberPath}: field not declared in schema`];
    if (member !== undefined) errors.push(...validate({ value: member, type, path: memberPath, allowDuplicates }));
  }
  return errors;
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
