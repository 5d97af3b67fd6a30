import { goQuote } from '../../../../kube/apimachinery/go-format.ts';
import { CelEvaluationError } from '../runtime/evaluation-error.ts';
import { typeOfValue } from '../runtime/type-of-value.ts';
import { CelDuration, CelMap, CelTimestamp, CelUint } from '../runtime/values.ts';
import { textOfValue } from './conversions.ts';

const DEFAULT_PRECISION = 6;
const SPECIAL = new Set(['NaN', 'Infinity', '-Infinity']);

export type Verb = 's' | 'd' | 'f' | 'e' | 'b' | 'x' | 'X' | 'o';

/** Types that a clause takes, and what it says of others (upstream: cel-go ext/formatting.go). */
export const CLAUSES: Readonly<Record<Verb, { readonly kinds: readonly string[]; readonly refusal: string }>> = {
  s: { kinds: ['list', 'map', 'int', 'uint', 'double', 'bool', 'string', 'timestamp', 'bytes', 'duration', 'type', 'null'], refusal: 'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps' },
  d: { kinds: ['int', 'uint'], refusal: 'decimal clause can only be used on integers' },
  f: { kinds: ['double', 'string'], refusal: 'fixed-point clause can only be used on doubles' },
  e: { kinds: ['double', 'string'], refusal: 'scientific clause can only be used on doubles' },
  b: { kinds: ['int', 'uint', 'bool'], refusal: 'only integers and bools can be formatted as binary' },
  x: { kinds: ['int', 'uint', 'string', 'bytes'], refusal: 'only integers, byte buffers, and strings can be formatted as hex' },
  X: { kinds: ['int', 'uint', 'string', 'bytes'], refusal: 'only integers, byte buffers, and strings can be formatted as hex' },
  o: { kinds: ['int', 'uint'], refusal: 'octal clause can only be used on integers' },
};

export interface Clause {
  readonly verb: Verb;
  readonly precision: number | undefined;
}

/** Reads a pattern; `onClause` gets each clause with the index of its argument. Throws plain Errors. */
export function readPattern(pattern: string, count: number, onClause: (clause: Clause, index: number) => string): { readonly text: string; readonly used: number } {
  let text = '';
  let used = 0;
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] ?? '';
    if (character !== '%') {
      text += character;
    } else if (pattern[at + 1] === '%') {
      text += '%';
      at++;
    } else {
      if (used >= count) throw new CelEvaluationError(`index ${used} out of range`);
      if (at + 1 >= pattern.length) throw new CelEvaluationError('unexpected end of string');
      const { clause, length } = readClause(pattern.slice(at + 1));
      text += onClause(clause, used++);
      at += length;
    }
  }
  return { text, used };
}

function readClause(rest: string): { readonly clause: Clause; readonly length: number } {
  const [all = '', digits] = /^\.(\d*)/.exec(rest) ?? [];
  const refuse = (why: string): CelEvaluationError => new CelEvaluationError(`could not parse formatting clause: ${why}`);
  if (digits !== undefined && all.length === rest.length) throw refuse('error while parsing precision: could not find end of precision specifier');
  if (digits === '') throw refuse('error while parsing precision: error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax');
  const verb = rest[all.length] ?? '';
  if (!Object.hasOwn(CLAUSES, verb)) throw refuse(`unrecognized formatting clause "${verb}"`);
  return { clause: { verb: verb as Verb, precision: digits === undefined ? undefined : Number(digits) }, length: all.length + 1 };
}

/** `'%s is %.2f'.format([name, number])` */
export function formatText(pattern: string, values: readonly unknown[]): string {
  return readPattern(pattern, values.length, (clause, index) => {
    try {
      return formatClause(values[index], clause);
    } catch (error) {
      throw new CelEvaluationError(`error during formatting: ${(error as Error).message}`);
    }
  }).text;
}

function formatClause(value: unknown, { verb, precision = DEFAULT_PRECISION }: Clause): string {
  const { kind, name } = typeOfValue(value);
  const { kinds, refusal } = CLAUSES[verb];
  const isText = (verb === 'f' || verb === 'e') && typeof value === 'string';
  if (!kinds.includes(kind) || (isText && !SPECIAL.has(value))) throw new Error(`${refusal}, was given ${name}`);
  switch (verb) {
    case 's':
      return plainText(value);
    case 'd':
      return textOfValue(value);
    case 'f':
      return fixed(Number(value), precision);
    case 'e':
      return scientific(Number(value), precision);
    case 'b':
      return typeof value === 'boolean' ? String(Number(value)) : integerOf(value).toString(2);
    case 'o':
      return integerOf(value).toString(8);
    default:
      return verb === 'X' ? hexadecimal(value).toUpperCase() : hexadecimal(value);
  }
}

function integerOf(value: unknown): bigint {
  return value instanceof CelUint ? value.value : (value as bigint);
}

function hexadecimal(value: unknown): string {
  if (typeof value === 'string' || value instanceof Uint8Array) return Buffer.from(value as string).toString('hex');
  return integerOf(value).toString(16);
}

/** With commas, as the printer of en_US. */
function fixed(value: number, precision: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '-∞';
  const [whole = '', fraction] = roundedToEven(Math.abs(value), Math.min(precision, MAX_DIGITS)).split('.');
  const sign = value < 0 ? '-' : '';
  return `${sign}${whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ',')}${fraction === undefined ? '' : `.${fraction}`}`;
}

/** By the number's exact digits; of two that are as near the one with an even last digit. */
function roundedToEven(value: number, precision: number): string {
  const exact = value < 1e21 ? value.toFixed(MAX_DIGITS) : `${BigInt(value)}.${'0'.repeat(MAX_DIGITS)}`;
  const end = exact.indexOf('.') + 1 + precision;
  const kept = exact.slice(0, end).replace(/\.$/, '');
  const isTie = /^50*$/.test(exact.slice(end));
  return value >= 1e21 || (isTie && /[02468]$/.test(kept)) ? kept : value.toFixed(precision);
}

/** Of a number's fraction, as many as JavaScript writes. */
const MAX_DIGITS = 100;
const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** `1.052033×10⁰³`, as the printer of en_US. Upstream takes the precision for a width. */
function scientific(value: number, width: number): string {
  if (!Number.isFinite(value)) return fixed(value, DEFAULT_PRECISION);
  const [digits = '', exponent = '0'] = value.toExponential(DEFAULT_PRECISION).split('e');
  const power = [...String(Math.abs(Number(exponent))).padStart(2, '0')].map((digit) => SUPERSCRIPTS[Number(digit)]).join('');
  return `${digits}×10${Number(exponent) < 0 ? '⁻' : ''}${power}`.padStart(width);
}

function plainText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literalText).join(', ')}]`;
  if (value instanceof CelMap) {
    const pairs = value.keys().map((key) => ({ key: keyText(key), value: literalText(value.get(key)) }));
    return `{${pairs.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map((pair) => `${pair.key}:${pair.value}`).join(', ')}}`;
  }
  return value === null ? 'null' : textOfValue(value);
}

function keyText(key: unknown): string {
  return typeof key === 'string' ? goQuote(key) : textOfValue(key);
}

/** Inside a list or map: as a literal of CEL. */
function literalText(value: unknown): string {
  if (typeof value === 'string') return goQuote(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value.toFixed(DEFAULT_PRECISION) : goQuote(textOfValue(value));
  if (value instanceof Uint8Array) return `b${goQuote(textOfValue(value))}`;
  if (value instanceof CelTimestamp) return `timestamp(${goQuote(textOfValue(value))})`;
  if (value instanceof CelDuration) return `duration(${goQuote(textOfValue(value))})`;
  return plainText(value);
}
