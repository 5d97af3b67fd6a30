import { jsonInKeyOrder, mayBreakKeyOrder } from './go-key-order.ts';

/** Text as Go's fmt and encoding/json write it, because API messages are compared word for word. */

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

/** `%q` of a string. */
export function goQuote(text: string): string {
  let out = '"';
  for (const char of text) out += ESCAPES[char] ?? (isPrintable(char) ? char : escapeRune(char));
  return `${out}"`;
}

function isPrintable(char: string): boolean {
  return char === ' ' || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(char);
}

function escapeRune(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code >= 0xd800 && code <= 0xdfff) return '\\ufffd';
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
}

/** encoding/json escapes these in strings, so that the text is safe inside HTML. */
const HTML_UNSAFE: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

const HTML_UNSAFE_CHARACTERS = Object.keys(HTML_UNSAFE);

/** json.Marshal of a value: JSON.stringify with HTML escaping and Go's order of keys; undefined is null. `indent`: spaces a level. */
export function goJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(value ?? null, undefined, indent);
  const json = mayBreakKeyOrder(text) ? jsonInKeyOrder(value, indent) : text;
  return escapedHtml(json);
}

/** JSON text with what HTML takes for its own escaped, as Go's encoder writes it. */
export function escapedHtml(json: string): string {
  // Searched one by one, which takes a fraction of a pattern's time: most texts have none of them.
  const isSafe = !HTML_UNSAFE_CHARACTERS.some((character) => json.includes(character));
  return isSafe ? json : json.replaceAll(/[<>&\u2028\u2029]/g, (character) => HTML_UNSAFE[character] ?? character);
}

/** `%v` of a decoded JSON value: `map[a:1 b:[x y]]`, `<nil>`. Map keys are sorted, as fmt does. */
export function goValue(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goValue).join(' ')}]`;
  if (typeof value === 'object') {
    const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return `map[${entries.map(([key, item]) => `${key}:${goValue(item)}`).join(' ')}]`;
  }
  return String(value);
}
