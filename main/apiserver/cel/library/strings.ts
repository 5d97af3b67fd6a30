import type { Environment } from '@marcbachmann/cel-js';
import { RE2JS } from 're2js';
import { jsonOfCel } from '../values.ts';

/** Regular expressions (RE2), format and the rest of strings (upstream: library/regex.go, cel-go ext/strings.go). */
export function registerStrings(environment: Environment): void {
  const on = (signature: string, handler: (...values: never[]) => unknown): void => {
    environment.registerFunction(signature, handler, { async: false });
  };
  on('string.matchesRe2(string): bool', (text: string, pattern: string) => re2(pattern).matcher(text).find());
  on('matches(string, string): bool', (text: string, pattern: string) => re2(pattern).matcher(text).find());
  on('string.find(string): string', (text: string, pattern: string) => findAll(text, pattern, 1)[0] ?? '');
  on('string.findAll(string): list<string>', (text: string, pattern: string) => findAll(text, pattern, Number.POSITIVE_INFINITY));
  on('string.findAll(string, int): list<string>', (text: string, pattern: string, limit: bigint) => findAll(text, pattern, limit < 0n ? Number.POSITIVE_INFINITY : Number(limit)));
  on('string.replace(string, string): string', (text: string, from: string, to: string) => text.replaceAll(from, () => to));
  on('string.replace(string, string, int): string', replaceSome);
  on('string.charAt(int): string', (text: string, at: bigint) => [...text][Number(at)] ?? '');
  on('string.reverse(): string', (text: string) => [...text].toReversed().join(''));
  on('string.format(list): string', format);
}

function re2(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    throw new Error(`error parsing regexp: ${error instanceof Error ? error.message.replace(/^error parsing regexp: /v, '') : String(error)}`, { cause: error });
  }
}

function findAll(text: string, pattern: string, limit: number): string[] {
  const matcher = re2(pattern).matcher(text);
  const found: string[] = [];
  while (found.length < limit && matcher.find()) found.push(matcher.group() ?? '');
  return found;
}

function replaceSome(text: string, from: string, to: string, limit: bigint): string {
  if (limit < 0n) return text.replaceAll(from, () => to);
  let left = Number(limit);
  return text.replaceAll(from, () => (left-- > 0 ? to : from));
}

function format(pattern: string, values: readonly unknown[]): string {
  let index = 0;
  return pattern.replaceAll(/%(?:\.(\d+))?([a-zA-Z%])/gv, (_, precision: string | undefined, verb: string) => {
    if (verb === '%') return '%';
    if (index >= values.length) throw new Error(`index ${index} out of range`);
    return formatOne(values[index++], { verb, precision: precision === undefined ? 6 : Number(precision) });
  });
}

function formatOne(value: unknown, { verb, precision }: { readonly verb: string; readonly precision: number }): string {
  switch (verb) {
    case 's':
      return textOf(value);
    case 'd':
      return String(value);
    case 'f':
      return Number(value).toFixed(precision);
    case 'e':
      return Number(value).toExponential(precision).replace(/e([+\-])(\d)$/v, 'e$10$2');
    case 'b':
      return (typeof value === 'boolean' ? BigInt(value) : BigInt(value as bigint)).toString(2);
    case 'o':
      return BigInt(value as bigint).toString(8);
    case 'x':
    case 'X': {
      const hex = typeof value === 'string' ? Buffer.from(value).toString('hex') : value instanceof Uint8Array ? Buffer.from(value).toString('hex') : BigInt(value as bigint).toString(16);
      return verb === 'X' ? hex.toUpperCase() : hex;
    }
    default:
      throw new Error(`could not parse formatting clause: unrecognized formatting clause "${verb}"`);
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return `[${value.map(textOf).join(', ')}]`;
  if (typeof value === 'object' && value !== null && !(value instanceof Date)) {
    return `{${Object.entries(value).map(([key, member]) => `${key}: ${textOf(member)}`).sort().join(', ')}}`;
  }
  return String(jsonOfCel(value));
}
