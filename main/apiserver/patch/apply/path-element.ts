import { goJson, goQuote } from '../../../../kube/apimachinery/go-format.ts';

/**
 * One step of a field path (upstream: structured-merge-diff/fieldpath), kept as its FieldsV1 text, which identifies it:
 * `f:spec` a field, `k:{"name":"web"}` a list item by its keys, `v:"x"` an item of a set, `i:3` an index.
 */
export type PathElement = string;

export function fieldElement(name: string): PathElement {
  return `f:${name}`;
}

/** Keys are written sorted by name. */
export function keyElement(keys: readonly (readonly [string, unknown])[]): PathElement {
  const sorted = keys.toSorted(([a], [b]) => compareText(a, b));
  return `k:{${sorted.map(([name, value]) => `${goJson(name)}:${goJson(value)}`).join(',')}}`;
}

/** The same for one key, as most lists have. */
export function singleKeyElement(name: string, value: unknown): PathElement {
  return `k:{${goJson(name)}:${goJson(value)}}`;
}

export function valueElement(value: unknown): PathElement {
  return `v:${goJson(value)}`;
}

/** As it came from a client: checked, and written the one way that makes equal elements equal texts. */
export function parsePathElement(text: string): PathElement {
  if (text.length < 2) throw new Error('key must be 2 characters long:');
  if (text[1] !== ':') throw new Error(`missing colon: ${text}`);
  const rest = text.slice(2);
  switch (text[0]) {
    case 'f':
      return text;
    case 'v':
      return valueElement(JSON.parse(rest));
    case 'k':
      return keyElement(Object.entries(JSON.parse(rest) as object));
    case 'i':
      if (!/^[+-]?[0-9]+$/.test(rest)) throw new Error(`strconv.Atoi: parsing ${goQuote(rest)}: invalid syntax`);
      return `i:${Number(rest)}`;
    default:
      throw new Error('unknown path element type');
  }
}

/** The name of a field element; undefined for the other kinds. */
export function fieldNameOf(element: PathElement): string | undefined {
  return element.startsWith('f:') ? element.slice(2) : undefined;
}

/** `.spec`, `[name="web"]`, `[="x"]`, `[3]`, as conflicts tell them. */
export function formatPathElement(element: PathElement): string {
  const rest = element.slice(2);
  switch (element[0]) {
    case 'f':
      return `.${rest}`;
    case 'k':
      return `[${Object.entries(JSON.parse(rest) as object)
        .map(([name, value]) => `${name}=${formatValue(value)}`)
        .join(',')}]`;
    case 'v':
      return `[=${formatValue(JSON.parse(rest))}]`;
    default:
      return `[${rest}]`;
  }
}

export function formatPath(path: readonly PathElement[]): string {
  return path.map(formatPathElement).join('');
}

function formatValue(value: unknown): string {
  return typeof value === 'string' ? goQuote(value) : value === null ? 'null' : String(value);
}

const KIND_ORDER = 'fkvi';

/** Fields first, then keys, values and indexes; each by content. */
export function comparePathElements(a: PathElement, b: PathElement): number {
  if (a[0] !== b[0]) return KIND_ORDER.indexOf(a[0] ?? '') - KIND_ORDER.indexOf(b[0] ?? '');
  if (a[0] === 'f' || a === b) return compareText(a, b);
  const [leftText, rightText] = [soleTextOf(a), soleTextOf(b)];
  if (leftText !== undefined && rightText !== undefined && a.startsWith(b.slice(0, b.length - rightText.length - 2))) return compareText(leftText, rightText);
  const left: unknown = JSON.parse(a.slice(2));
  const right: unknown = JSON.parse(b.slice(2));
  return a[0] === 'k' ? compareKeys(left as object, right as object) : compareValues(left, right);
}

/** `web` of `k:{"name":"web"}`: the items of most lists, which need not be parsed to be compared. */
function soleTextOf(element: PathElement): string | undefined {
  if (element[0] !== 'k' || !element.endsWith('"}') || element.includes('\\')) return undefined;
  const start = element.indexOf('":"') + 3;
  return start > 2 && element.indexOf('"', start) === element.length - 2 ? element.slice(start, -2) : undefined;
}

function compareKeys(a: object, b: object): number {
  const left = Object.entries(a);
  const right = Object.entries(b);
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const [name = '', value] = left[index] ?? [];
    const [otherName = '', otherValue] = right[index] ?? [];
    const order = compareText(name, otherName) || compareValues(value, otherValue);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function compareValues(a: unknown, b: unknown): number {
  const order = rankOf(a) - rankOf(b);
  if (order !== 0) return order;
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  return Number(a) - Number(b);
}

/** Numbers, strings, booleans, null: the kinds of value that identify an item. */
function rankOf(value: unknown): number {
  return typeof value === 'number' ? 0 : typeof value === 'string' ? 1 : typeof value === 'boolean' ? 2 : 3;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
