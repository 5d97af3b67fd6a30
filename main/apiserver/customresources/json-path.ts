import { deepEqual, isJsonObject } from '../../../kube/apimachinery/json.ts';

/**
 * The simple JSONPath of printer columns, selectable fields and scale paths (upstream: client-go/util/jsonpath, without braces):
 * `.spec.a`, `['a.b']`, `.metadata.annotations.a\.b`, `.list[0]`, `.list[*].name`, `.conditions[?(@.type=="Ready")].status`.
 */
type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'filter'; readonly left: readonly Step[]; readonly operator: string; readonly right: unknown };

export type JsonPath = readonly Step[];

const TOKEN = /\.?\[\?\(\s*@(?<left>[^=!<>()]*?)\s*(?:(?<operator>==|!=|<=|>=|<|>)\s*(?<right>[^)]*?)\s*)?\)\]|\.?\[(?<index>-?\d+)\]|\.?\[(?<star>\*)\]|\.?\[['"](?<quoted>[^'"]*)['"]\]|\.(?<any>\*)|\.(?<name>(?:\\.|[^.[\]\\])+)/gy;

/** Undefined when it is not of this form. */
export function parseJsonPath(text: string): JsonPath | undefined {
  const source = text.startsWith('.') || text.startsWith('[') || text === '' ? text : `.${text}`;
  const steps: Step[] = [];
  let end = 0;
  for (const match of source.matchAll(TOKEN)) {
    end = match.index + match[0].length;
    steps.push(stepOf(match.groups ?? {}));
  }
  return end === source.length ? steps : undefined;
}

function stepOf({ name, quoted, index, left, operator, right }: Record<string, string | undefined>): Step {
  if (name !== undefined) return { kind: 'field', name: name.replaceAll(/\\(.)/g, '$1') };
  if (quoted !== undefined) return { kind: 'field', name: quoted };
  if (index !== undefined) return { kind: 'index', index: Number(index) };
  if (left !== undefined) return { kind: 'filter', left: parseJsonPath(left) ?? [], operator: operator ?? '', right: literal(right ?? '') };
  return { kind: 'all' };
}

function literal(text: string): unknown {
  const quoted = /^(['"])(.*)\1$/.exec(text);
  if (quoted) return quoted[2];
  if (text === 'true' || text === 'false') return text === 'true';
  return Number.isNaN(Number(text)) ? text : Number(text);
}

/** Every value that the path leads to. */
export function findByJsonPath(value: unknown, path: JsonPath): readonly unknown[] {
  let found: readonly unknown[] = [value];
  for (const step of path) found = found.flatMap((one) => take(one, step));
  return found;
}

function take(value: unknown, step: Step): readonly unknown[] {
  switch (step.kind) {
    case 'field':
      return isJsonObject(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : [];
    case 'index': {
      const item: unknown = Array.isArray(value) ? value.at(step.index) : undefined;
      return item === undefined ? [] : [item];
    }
    case 'all':
      return Array.isArray(value) ? value : isJsonObject(value) ? Object.values(value) : [];
    case 'filter':
      return Array.isArray(value) ? value.filter((item) => holds(findByJsonPath(item, step.left), step)) : [];
  }
}

function holds(found: readonly unknown[], { operator, right }: { readonly operator: string; readonly right: unknown }): boolean {
  if (found.length === 0) return false;
  const left = found[0];
  switch (operator) {
    case '':
      return true;
    case '==':
      return deepEqual(left, right);
    case '!=':
      return !deepEqual(left, right);
    default:
      return typeof left === typeof right && compares(left as number, right as number, operator);
  }
}

function compares(left: number, right: number, operator: string): boolean {
  if (operator === '<') return left < right;
  if (operator === '<=') return left <= right;
  return operator === '>' ? left > right : left >= right;
}

/** A copy with the value of a path of fields replaced; objects on the way are made. */
export function withValueAt(object: Readonly<Record<string, unknown>>, path: JsonPath, value: unknown): Record<string, unknown> {
  const [step, ...rest] = path;
  if (step?.kind !== 'field') return object;
  const current = object[step.name];
  return { ...object, [step.name]: rest.length === 0 ? value : withValueAt(isJsonObject(current) ? current : {}, rest, value) };
}
