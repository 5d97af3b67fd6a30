import { A, declare, type FunctionDeclaration, global, method } from '../declarations.ts';
import { CelEvaluationError } from '../runtime/evaluation-error.ts';
import { typeOfValue } from '../runtime/type-of-value.ts';
import { CelDuration, CelMap, CelTimestamp, CelUint, TypeValue, textSize } from '../runtime/values.ts';
import { BOOL, BYTES, DOUBLE, DURATION, DYN, INT, listType, mapType, STRING, TIMESTAMP, typeType, UINT, type CelType } from '../types.ts';
import { asDuration, asInt, asTimestamp, asUint } from './arithmetic.ts';
import { durationOf, parseTimestamp, secondsOf, textOfDuration, textOfTimestamp } from './time.ts';

const SECOND = 1_000_000_000n;
const MAX_PLAIN_POWER = 6;
const [TRUE, FALSE] = [new Set(['1', 't', 'T', 'TRUE', 'true', 'True']), new Set(['0', 'f', 'F', 'FALSE', 'false', 'False'])];
const FLOAT = /^[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)$/;
const SPECIAL_FLOATS: Readonly<Record<string, number>> = { nan: Number.NaN, inf: Infinity, '+inf': Infinity, '-inf': -Infinity, infinity: Infinity, '+infinity': Infinity, '-infinity': -Infinity };

/** Whatever is wrong with a text is told as this. */
function unconvertible(type: string): CelEvaluationError {
  return new CelEvaluationError(`type conversion error from 'string' to '${type}'`);
}

function intOfText(text: string): bigint {
  const value = /^[+-]?\d+$/.test(text) ? BigInt(text.replace(/^\+/, '')) : undefined;
  if (value === undefined || value !== BigInt.asIntN(64, value)) throw unconvertible('int');
  return value;
}

function uintOfText(text: string): CelUint {
  const value = /^\d+$/.test(text) ? BigInt(text) : undefined;
  if (value === undefined || value !== BigInt.asUintN(64, value)) throw unconvertible('uint');
  return new CelUint(value);
}

function doubleOfText(text: string): number {
  const special = SPECIAL_FLOATS[text.toLowerCase()];
  if (special !== undefined) return special;
  if (!FLOAT.test(text)) throw unconvertible('double');
  return Number(text);
}

function boolOfText(text: string): boolean {
  if (TRUE.has(text)) return true;
  if (FALSE.has(text)) return false;
  throw unconvertible('bool');
}

function durationOfText(text: string): CelDuration {
  try {
    return durationOf(text);
  } catch {
    throw unconvertible(DURATION.name);
  }
}

function timestampOfText(text: string): CelTimestamp {
  const parsed = parseTimestamp(text);
  if (!parsed) throw unconvertible(TIMESTAMP.name);
  return asTimestamp(parsed.nanos);
}

function intOfDouble(value: number): bigint {
  if (!Number.isFinite(value) || value <= -(2 ** 63) || value >= 2 ** 63) throw new CelEvaluationError('integer overflow');
  return BigInt(Math.trunc(value));
}

function uintOfDouble(value: number): CelUint {
  if (!Number.isFinite(value) || value < 0 || value >= 2 ** 64) throw new CelEvaluationError('unsigned integer overflow');
  return new CelUint(BigInt(Math.trunc(value)));
}

/** strconv.FormatFloat(value, 'g', -1, 64): exponents from 10^6, or below 10^-4. */
export function textOfDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const [digits = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (value !== 0 && (power < -4 || power >= MAX_PLAIN_POWER)) return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  return String(value);
}

function textOfBytes(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new CelEvaluationError('invalid UTF-8 in bytes, cannot convert to string');
  }
}

/** Any value's text, as `string(value)` where there is such a conversion. */
export function textOfValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'number':
      return textOfDouble(value);
    default:
      if (value instanceof CelUint) return String(value.value);
      if (value instanceof CelTimestamp) return textOfTimestamp(value);
      if (value instanceof CelDuration) return textOfDuration(value);
      if (value instanceof Uint8Array) return textOfBytes(value);
      return value instanceof TypeValue ? value.type.name : String(value);
  }
}

export function conversions(): readonly FunctionDeclaration[] {
  const identity = (value: unknown): unknown => value;
  return [
    declare('type', global('type', [A], typeType(A), (value: unknown) => new TypeValue(typeOfValue(value)))),
    declare('dyn', global('to_dyn', [A], DYN, identity)),
    declare('bool', global('bool_to_bool', [BOOL], BOOL, identity), global('string_to_bool', [STRING], BOOL, boolOfText)),
    declare('bytes', global('bytes_to_bytes', [BYTES], BYTES, identity), global('string_to_bytes', [STRING], BYTES, (text: string) => new Uint8Array(Buffer.from(text)))),
    declare('double', global('double_to_double', [DOUBLE], DOUBLE, identity), global('int64_to_double', [INT], DOUBLE, Number), global('string_to_double', [STRING], DOUBLE, doubleOfText),
      global('uint64_to_double', [UINT], DOUBLE, ({ value }: CelUint) => Number(value))),
    declare('duration', global('duration_to_duration', [DURATION], DURATION, identity), global('int64_to_duration', [INT], DURATION, asDuration), global('string_to_duration', [STRING], DURATION, durationOfText)),
    declare('int', global('int64_to_int64', [INT], INT, identity), global('double_to_int64', [DOUBLE], INT, intOfDouble), global('duration_to_int64', [DURATION], INT, ({ nanos }: CelDuration) => nanos),
      global('string_to_int64', [STRING], INT, intOfText), global('timestamp_to_int64', [TIMESTAMP], INT, secondsOf), global('uint64_to_int64', [UINT], INT, ({ value }: CelUint) => asInt(value))),
    declare('string', ...([['string_to_string', STRING], ['bool_to_string', BOOL], ['bytes_to_string', BYTES], ['double_to_string', DOUBLE], ['duration_to_string', DURATION], ['int64_to_string', INT], ['timestamp_to_string', TIMESTAMP],
      ['uint64_to_string', UINT]] as const).map(([id, type]) => global(id, [type], STRING, textOfValue))),
    declare('timestamp', global('timestamp_to_timestamp', [TIMESTAMP], TIMESTAMP, identity), global('int64_to_timestamp', [INT], TIMESTAMP, (seconds: bigint) => asTimestamp(seconds * SECOND)),
      global('string_to_timestamp', [STRING], TIMESTAMP, timestampOfText)),
    declare('uint', global('uint64_to_uint64', [UINT], UINT, identity), global('double_to_uint64', [DOUBLE], UINT, uintOfDouble), global('int64_to_uint64', [INT], UINT, asUint),
      global('string_to_uint64', [STRING], UINT, uintOfText)),
    sizes(),
  ];
}

function sizes(): FunctionDeclaration {
  const rows: readonly (readonly [string, CelType, (value: never) => number])[] = [
    ['bytes', BYTES, (value: Uint8Array) => value.length],
    ['list', listType(A), (value: readonly unknown[]) => value.length],
    ['map', mapType(A, A), (value: CelMap) => value.size],
    ['string', STRING, (value: string) => textSize(value)],
  ];
  return declare('size', ...rows.flatMap(([name, type, count]) => {
    const implementation = (value: never): bigint => BigInt(count(value));
    const wanted = name === 'map' ? mapType(A, { kind: 'param', name: 'B', parameters: [] }) : type;
    return [global(`size_${name}`, [wanted], INT, implementation), method(`${name}_size`, [wanted], INT, implementation)];
  }));
}
