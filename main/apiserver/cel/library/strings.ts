import { RE2JS } from 're2js';
import { declare, type FunctionDeclaration, global, method } from '../declarations.ts';
import { CelEvaluationError } from '../runtime/evaluation-error.ts';
import { textSize } from '../runtime/values.ts';
import { BOOL, DYN, INT, listType, STRING } from '../types.ts';
import { formatText } from './format-text.ts';

const TEXT_LIST = listType(STRING);
/** Compiled patterns that are kept; expressions use few. */
const MAX_PATTERNS = 256;

/** Strings and regular expressions (upstream: cel-go ext/strings.go at version 2, apiserver/pkg/cel/library/regex.go). */
export function stringFunctions(): readonly FunctionDeclaration[] {
  const compile = patternCache();
  const matches = (text: string, pattern: string): boolean => compile(pattern, (detail) => `error parsing regexp: ${detail}`).matcher(text).find();
  const findAll = (text: string, pattern: string, limit = -1n): string[] => {
    const matcher = compile(pattern, (detail) => `Illegal regex: error parsing regexp: ${detail}`).matcher(text);
    const found: string[] = [];
    while ((limit < 0n || found.length < limit) && matcher.find()) found.push(matcher.group() ?? '');
    return found;
  };
  return [
    declare('contains', method('contains_string', [STRING, STRING], BOOL, (text: string, part: string) => text.includes(part))),
    declare('startsWith', method('starts_with_string', [STRING, STRING], BOOL, (text: string, part: string) => text.startsWith(part))),
    declare('endsWith', method('ends_with_string', [STRING, STRING], BOOL, (text: string, part: string) => text.endsWith(part))),
    declare('matches', global('matches', [STRING, STRING], BOOL, matches), method('matches_string', [STRING, STRING], BOOL, matches)),
    declare('find', method('string_find_string', [STRING, STRING], STRING, (text: string, pattern: string) => findAll(text, pattern, 1n)[0] ?? '')),
    declare('findAll', method('string_find_all_string', [STRING, STRING], TEXT_LIST, (text: string, pattern: string) => findAll(text, pattern)), method('string_find_all_string_int', [STRING, STRING, INT], TEXT_LIST, findAll)),
    declare('charAt', method('string_char_at_int', [STRING, INT], STRING, charAt)),
    declare('indexOf', method('string_index_of_string', [STRING, STRING], INT, (text: string, part: string) => indexOf(text, part, 0n)), method('string_index_of_string_int', [STRING, STRING, INT], INT, indexOf)),
    declare('lastIndexOf', method('string_last_index_of_string', [STRING, STRING], INT, lastIndex), method('string_last_index_of_string_int', [STRING, STRING, INT], INT, lastIndexOf)),
    declare('lowerAscii', method('string_lower_ascii', [STRING], STRING, (text: string) => text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase()))),
    declare('upperAscii', method('string_upper_ascii', [STRING], STRING, (text: string) => text.replaceAll(/[a-z]/g, (letter) => letter.toUpperCase()))),
    declare('replace', method('string_replace_string_string', [STRING, STRING, STRING], STRING, (text: string, from: string, to: string) => replace(text, from, to, -1n)), method('string_replace_string_string_int', [STRING, STRING, STRING, INT], STRING, replace)),
    declare('split', method('string_split_string', [STRING, STRING], TEXT_LIST, (text: string, separator: string) => split(text, separator, -1n)), method('string_split_string_int', [STRING, STRING, INT], TEXT_LIST, split)),
    declare('substring', method('string_substring_int', [STRING, INT], STRING, (text: string, start: bigint) => substring(text, start)), method('string_substring_int_int', [STRING, INT, INT], STRING, substring)),
    declare('trim', method('string_trim', [STRING], STRING, (text: string) => text.replaceAll(/^[\p{White_Space}]+|[\p{White_Space}]+$/gu, ''))),
    declare('format', method('string_format', [STRING, listType(DYN)], STRING, formatText)),
    declare('strings.quote', global('strings_quote', [STRING], STRING, quote)),
    declare('join', method('list_join', [TEXT_LIST], STRING, (list: readonly unknown[]) => join(list, '')), method('list_join_string', [TEXT_LIST, STRING], STRING, join)),
  ];
}

/** RE2's patterns; the least recently used ones are forgotten. */
function patternCache(): (pattern: string, describe: (detail: string) => string) => RE2JS {
  const known = new Map<string, RE2JS>();
  return (pattern, describe) => {
    let compiled = known.get(pattern);
    if (compiled) known.delete(pattern);
    else {
      try {
        compiled = RE2JS.compile(pattern);
      } catch (error) {
        throw new CelEvaluationError(describe(patternProblem(error)));
      }
    }
    known.set(pattern, compiled);
    const [oldest] = known.keys();
    if (known.size > MAX_PATTERNS && oldest !== undefined) known.delete(oldest);
    return compiled;
  };
}

/** What is wrong with a pattern, in the words of Go's regexp: `missing closing ]: ...`. */
export function patternProblem(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/^error parsing regexp: /, '');
}

function outOfRange(index: bigint): CelEvaluationError {
  return new CelEvaluationError(`index out of range: ${index}`);
}

function charAt(text: string, index: bigint): string {
  const characters = [...text];
  if (index < 0n || index > characters.length) throw outOfRange(index);
  return characters[Number(index)] ?? '';
}

function indexOf(text: string, part: string, offset: bigint): bigint {
  if (part === '') return offset;
  if (offset < 0n) throw outOfRange(offset);
  const characters = [...text];
  if (offset >= characters.length) return -1n;
  const found = characters.slice(Number(offset)).join('').indexOf(part);
  return found === -1 ? -1n : offset + BigInt(textSize(characters.slice(Number(offset)).join('').slice(0, found)));
}

function lastIndex(text: string, part: string): bigint {
  const size = BigInt([...text].length);
  if (part === '') return size;
  return text.length < part.length || size === 0n ? -1n : lastIndexOf(text, part, size - 1n);
}

function lastIndexOf(text: string, part: string, offset: bigint): bigint {
  if (part === '') return offset;
  if (offset < 0n) throw outOfRange(offset);
  const characters = [...text];
  if (offset >= characters.length) return -1n;
  const before = characters.slice(0, Number(offset)).join('').length;
  const found = text.lastIndexOf(part, before);
  return found === -1 ? -1n : BigInt(textSize(text.slice(0, found)));
}

/** strings.Replace: an empty `from` stands before each character and at the end. */
function replace(text: string, from: string, to: string, limit: bigint): string {
  if (limit < 0n) return text.replaceAll(from, () => to);
  let left = Number(limit);
  return text.replaceAll(from, (found) => (left-- > 0 ? to : found));
}

/** strings.SplitN */
function split(text: string, separator: string, limit: bigint): string[] {
  const parts = separator === '' ? [...text] : text.split(separator);
  if (limit < 0n || parts.length <= limit) return parts;
  if (limit === 0n) return [];
  const kept = Number(limit) - 1;
  return [...parts.slice(0, kept), parts.slice(kept).join(separator)];
}

function substring(text: string, start: bigint, end?: bigint): string {
  const characters = [...text];
  const stop = end ?? BigInt(characters.length);
  if (end !== undefined && start > end) throw new CelEvaluationError(`invalid substring range. start: ${start}, end: ${end}`);
  if (start < 0n || start > characters.length) throw outOfRange(start);
  if (stop < 0n || stop > characters.length) throw outOfRange(stop);
  return characters.slice(Number(start), Number(stop)).join('');
}

const QUOTED: Readonly<Record<string, string>> = { '\u0007': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v', '\\': '\\\\', '"': '\\"' };

function quote(text: string): string {
  return `"${text.replaceAll(/[\u0007\b\f\n\r\t\v\\"]/g, (character) => QUOTED[character] ?? character)}"`;
}

function join(list: readonly unknown[], separator: string): string {
  for (const item of list) if (typeof item !== 'string') throw new CelEvaluationError(`join: invalid input: ${String(item)}`);
  return list.join(separator);
}
