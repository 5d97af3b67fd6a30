import { isNumberLiteral } from './number-literal.ts';

/**
 * JavaScript puts keys that are array indices before all others, by their value; Go sorts the keys of a map by bytes:
 *
 *     {"2":1,"10":1,"a":1}  →  {"10":1,"2":1,"a":1}
 *
 * Such a key is the first of its object, and no string of JSON has an unescaped quote inside: the text alone tells whether there is one.
 */
const DIGIT_AT_FIRST = /\{\s*"\d/;
const INDEX = /^(?:0|[1-9]\d*)$/;

/** Whether the text, as JSON.stringify wrote it, may have keys out of Go's order. */
export function mayBreakKeyOrder(json: string): boolean {
  return DIGIT_AT_FIRST.test(json);
}

/** JSON.stringify with the keys of such objects by bytes; others stay as they are. `indent`: spaces a level. */
export function jsonInKeyOrder(value: unknown, indent = 0): string {
  return written(value, { indent, level: 0 }) ?? 'null';
}

interface Depth {
  readonly indent: number;
  readonly level: number;
}

/** Undefined for what JSON has no form of. */
function written(value: unknown, { indent, level }: Depth): string | undefined {
  if (typeof value !== 'object' || value === null || isNumberLiteral(value) || 'toJSON' in value) return JSON.stringify(value);
  const inner = { indent, level: level + 1 };
  if (Array.isArray(value)) return joined(value.map((item) => written(item, inner) ?? 'null'), '[]', inner);
  const colon = indent > 0 ? ': ' : ':';
  const members = keysOf(value).flatMap((key) => {
    const text = written((value as Readonly<Record<string, unknown>>)[key], inner);
    return text === undefined ? [] : [`${JSON.stringify(key)}${colon}${text}`];
  });
  return joined(members, '{}', inner);
}

function keysOf(value: object): readonly string[] {
  const keys = Object.keys(value);
  return INDEX.test(keys[0] ?? '') ? keys.sort(compareCodePoints) : keys;
}

/** The order of code points is that of UTF-8's bytes. */
function compareCodePoints(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  const length = Math.max(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const difference = (left[index]?.codePointAt(0) ?? -1) - (right[index]?.codePointAt(0) ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}

function joined(parts: readonly string[], brackets: string, { indent, level }: Depth): string {
  const [open = '', close = ''] = brackets;
  if (parts.length === 0 || indent === 0) return `${open}${parts.join(',')}${close}`;
  const lineOf = (depth: number): string => `\n${' '.repeat(indent * depth)}`;
  return `${open}${lineOf(level)}${parts.join(`,${lineOf(level)}`)}${lineOf(level - 1)}${close}`;
}
