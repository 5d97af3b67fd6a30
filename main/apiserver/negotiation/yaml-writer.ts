import { yamlScalar } from './yaml-scalar.ts';

/**
 * YAML as sigs.k8s.io/yaml writes it: keys in natural order, lists not indented below their key, strings quoted only where
 * they would be read as something else. Clients compare this text, so no general emitter will do.
 */
export function writeYaml(value: unknown, { keysAsGiven = false }: { readonly keysAsGiven?: boolean } = {}): string {
  return `${block(value, { indent: 0, column: 0, isValue: false, keysAsGiven }).replace(/^\n/, '')}\n`;
}

interface Place {
  /** Of the lines of a collection that is written here. */
  readonly indent: number;
  readonly column: number;
  /** Behind a key: collections start on the next line. */
  readonly isValue: boolean;
  /** Keys stay in the object's order. */
  readonly keysAsGiven: boolean;
}

/** What comes behind the key or the dash; collections start with a line break unless they may start in place. */
function block(value: unknown, place: Place): string {
  if (typeof value === 'string') return yamlScalar(value, { column: place.column, indent: place.isValue || place.column > 0 ? place.indent : 2, isKey: false });
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'number') return numberText(value);
  if (typeof value !== 'object') return String(value);
  return Array.isArray(value) ? sequence(value, place) : mapping(value as Readonly<Record<string, unknown>>, place);
}

function numberText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return String(value);
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2');
}

function sequence(items: readonly unknown[], { indent, isValue, keysAsGiven }: Place): string {
  if (items.length === 0) return '[]';
  // Behind a key a list stands as deep as the key.
  const own = isValue ? indent - 2 : indent;
  const pad = ' '.repeat(own);
  const lines = items.map((item) => `- ${block(item, { indent: own + 2, column: own + 2, isValue: false, keysAsGiven }).replace(/^\n */, '')}`);
  return `\n${lines.map((line) => pad + line).join('\n')}`;
}

function mapping(object: Readonly<Record<string, unknown>>, { indent, keysAsGiven }: Place): string {
  const given = Object.keys(object).filter((key) => object[key] !== undefined);
  const keys = keysAsGiven ? given : given.sort(compareKeys);
  if (keys.length === 0) return '{}';
  const pad = ' '.repeat(indent);
  const lines = keys.map((key) => {
    const name = yamlScalar(key, { column: indent, indent: indent + 2, isKey: true });
    const value = block(object[key], { indent: indent + 2, column: indent + name.length + 2, isValue: true, keysAsGiven });
    return `${pad}${name}:${value.startsWith('\n') ? '' : ' '}${value}`;
  });
  return `\n${lines.join('\n')}`;
}

const isLetter = (char: string): boolean => /\p{L}/u.test(char);
const isDigit = (char: string): boolean => char >= '0' && char <= '9';

/** go-yaml's natural order: digits by value, anything else before letters. */
export function compareKeys(a: string, b: string): number {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at += 1;
  if (at >= a.length || at >= b.length) return a.length - b.length;
  const [left, right] = [a.charAt(at), b.charAt(at)];
  if (isLetter(left) && isLetter(right)) return left < right ? -1 : 1;
  if (isLetter(left) || isLetter(right)) return isLetter(right) ? -1 : 1;
  const [first, second] = [digitsFrom(a, at), digitsFrom(b, at)];
  if (isDigit(left) && isDigit(right) && Number(first) !== Number(second)) return Number(first) - Number(second);
  if (first.length !== second.length) return first.length - second.length;
  return left < right ? -1 : 1;
}

function digitsFrom(text: string, start: number): string {
  let end = start;
  while (end < text.length && isDigit(text.charAt(end))) end += 1;
  return text.slice(start, end);
}
