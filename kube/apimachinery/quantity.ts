import { LruMap } from './lru-map.ts';

/**
 * Exact amounts such as `1500m`, `2Gi`, `1e3` (upstream: apimachinery/pkg/api/resource). A value is a whole number of nano units, and
 * finer input is rounded away from zero. Values are immutable.
 *
 * Canonical text has no fraction and the largest suffix that allows that: `0.5` is `500m`, `1024Mi` is `1Gi`, `1.5Gi` is `1536Mi`.
 */
export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

export interface Quantity {
  /** The amount times 10^9. */
  readonly nano: bigint;
  readonly format: QuantityFormat;
  /** The text it was parsed from, where upstream keeps that instead of writing the amount anew. */
  readonly text?: string;
}

export class QuantityError extends Error {
  override readonly name = 'QuantityError';
}

const FORMAT_WRONG = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const SUFFIX_WRONG = "unable to parse quantity's suffix";
const NUMBER_WRONG = 'unable to parse numeric part of quantity';

const NANO = 1_000_000_000n;
const MILLI = 1_000_000n;
const MAX_INT64 = 2n ** 63n - 1n;
/** Beyond this exponent upstream's decimal would not fit into memory either; a bound against hostile input. */
const MAX_EXPONENT = 4096;
const DECIMAL_SUFFIXES = new Map([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
]);
const BINARY_SUFFIXES = new Map([
  ['Ki', 10],
  ['Mi', 20],
  ['Gi', 30],
  ['Ti', 40],
  ['Pi', 50],
  ['Ei', 60],
]);
const DECIMAL_BY_EXPONENT = new Map([...DECIMAL_SUFFIXES].map(([suffix, exponent]) => [exponent, suffix]));
const BINARY_BY_EXPONENT = new Map([['', 0] as const, ...BINARY_SUFFIXES].map(([suffix, exponent]) => [exponent, suffix]));

interface Parts {
  readonly negative: boolean;
  /** Digits before and after the point, without leading zeros before it. */
  readonly whole: string;
  readonly fraction: string;
  readonly exponent: number;
  readonly format: QuantityFormat;
}

/** A JSON number is read by its digits. Quantities are few and come again and again: those of the last pods are read once. */
export function parseQuantity(input: string | number): Quantity {
  const text = String(input).trim();
  if (text.length > LONGEST_KNOWN) return parsed(text);
  let quantity = known.get(text);
  if (quantity === undefined) known.set(text, (quantity = parsed(text)));
  return quantity;
}

const LONGEST_KNOWN = 16;
const known = new LruMap<string, Quantity>(256);

function parsed(text: string): Quantity {
  if (text === '0') return { nano: 0n, format: 'DecimalSI', text };
  const parts = splitQuantity(text);
  const nano = toNano(parts);
  const keepsText = isKeptAsWritten(parts);
  const tiny = parts.format === 'BinarySI' && nano > 0n && nano < NANO;
  return { nano, format: tiny ? 'DecimalSI' : parts.format, ...(keepsText ? { text } : {}) };
}

export function tryParseQuantity(input: string | number): Quantity | undefined {
  try {
    return parseQuantity(input);
  } catch (error) {
    if (error instanceof QuantityError) return undefined;
    throw error;
  }
}

function splitQuantity(text: string): Parts {
  const match = /^([+-]?)0*([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/.exec(text);
  if (match === null || text === '') throw new QuantityError(FORMAT_WRONG);
  const [, sign = '', whole = '', fraction = '', suffix = ''] = match;
  return { negative: sign === '-', whole: whole === '' ? '0' : whole, fraction, ...interpretSuffix(suffix) };
}

function interpretSuffix(suffix: string): Pick<Parts, 'exponent' | 'format'> {
  const decimal = DECIMAL_SUFFIXES.get(suffix);
  if (decimal !== undefined) return { exponent: decimal, format: 'DecimalSI' };
  const binary = BINARY_SUFFIXES.get(suffix);
  if (binary !== undefined) return { exponent: binary, format: 'BinarySI' };
  if (!/^[eE][-+]?[0-9]+$/.test(suffix)) throw new QuantityError(SUFFIX_WRONG);
  const exponent = Number(suffix.slice(1));
  if (Math.abs(exponent) > MAX_EXPONENT) throw new QuantityError(NUMBER_WRONG);
  return { exponent, format: 'DecimalExponent' };
}

function toNano({ negative, whole, fraction, exponent, format }: Parts): bigint {
  const digits = BigInt(whole + fraction);
  const factor = format === 'BinarySI' ? 2n ** BigInt(exponent) : 1n;
  const scale = 9 - fraction.length + (format === 'BinarySI' ? 0 : exponent);
  const product = digits * factor;
  const nano = scale >= 0 ? product * 10n ** BigInt(scale) : divideUp(product, 10n ** BigInt(-scale));
  const capped = format === 'BinarySI' && nano > MAX_INT64 * NANO ? MAX_INT64 * NANO : nano;
  return negative ? -capped : capped;
}

/** Of a value that is not negative. */
function divideUp(value: bigint, divisor: bigint): bigint {
  return (value + divisor - 1n) / divisor;
}

/** Upstream's fast path keeps the written text where it takes it for canonical, `01` and `1E3` included. */
function isKeptAsWritten({ whole, fraction, exponent, format }: Parts): boolean {
  const digits = whole + fraction;
  if (format === 'BinarySI') {
    const fits = fraction === '' && 15 - whole.length - Math.trunc((exponent * 3) / 10) - 1 >= 0;
    return fits && exponent % 10 === 0 && (BigInt(digits) & 7n) !== 0n;
  }
  const scale = exponent - fraction.length;
  return digits.length <= 18 && scale >= -9 && scale % 3 === 0 && !digits.endsWith('000') && !digits.startsWith('0');
}

export function formatQuantity(quantity: Quantity): string {
  return quantity.text ?? canonicalText(quantity);
}

/** The canonical form of a quantity's text: what the API answers for what a client sent. Throws {@link QuantityError}. */
export function canonicalQuantity(input: string | number): string {
  return formatQuantity(parseQuantity(input));
}

/** Away from zero to whole thousandths: nothing finer is kept of an amount of a compute resource. The text is canonical. */
export function roundedToMilli(canonical: string): string {
  if (!/[nue]/.test(canonical)) return canonical;
  const { nano, format } = parseQuantity(canonical);
  const rest = nano % MILLI;
  return rest === 0n ? canonical : formatQuantity({ nano: nano - rest + (nano < 0n ? -MILLI : MILLI), format });
}

function canonicalText({ nano, format }: Quantity): string {
  if (nano === 0n) return '0';
  const isBinary = format === 'BinarySI' && nano % NANO === 0n && (nano <= -1024n * NANO || nano >= 1024n * NANO);
  return isBinary ? binaryText(nano / NANO) : decimalText(nano, format);
}

function binaryText(value: bigint): string {
  let mantissa = value;
  let exponent = 0;
  while (exponent < 60 && mantissa % 1024n === 0n) {
    mantissa /= 1024n;
    exponent += 10;
  }
  return `${mantissa}${BINARY_BY_EXPONENT.get(exponent) ?? ''}`;
}

function decimalText(nano: bigint, format: QuantityFormat): string {
  const maxExponent = format === 'DecimalExponent' ? Infinity : 18;
  let mantissa = nano;
  let exponent = -9;
  while (exponent < maxExponent && mantissa % 1000n === 0n) {
    mantissa /= 1000n;
    exponent += 3;
  }
  if (format !== 'DecimalExponent') return `${mantissa}${DECIMAL_BY_EXPONENT.get(exponent) ?? ''}`;
  return exponent === 0 ? String(mantissa) : `${mantissa}e${exponent}`;
}

/** The sum takes the first one's format, unless that is zero. */
export function addQuantities(a: Quantity, b: Quantity): Quantity {
  return { nano: a.nano + b.nano, format: a.nano === 0n ? b.format : a.format };
}
export function subtractQuantities(a: Quantity, b: Quantity): Quantity {
  return { nano: a.nano - b.nano, format: a.nano === 0n ? b.format : a.format };
}
export function negateQuantity({ nano, format }: Quantity): Quantity {
  return { nano: -nano, format };
}
export function compareQuantities(a: Quantity, b: Quantity): -1 | 0 | 1 {
  return a.nano < b.nano ? -1 : a.nano > b.nano ? 1 : 0;
}

/** Whole units, rounded away from zero as upstream's Value. Numbers beyond 2^53 lose precision. */
export function quantityValue(quantity: Quantity): number {
  return Number(scaleAwayFromZero(quantity.nano, NANO));
}
/** Thousandths, rounded away from zero as upstream's MilliValue. */
export function quantityMilliValue(quantity: Quantity): number {
  return Number(scaleAwayFromZero(quantity.nano, 1_000_000n));
}
function scaleAwayFromZero(nano: bigint, unit: bigint): bigint {
  return nano < 0n ? -divideUp(-nano, unit) : divideUp(nano, unit);
}

export function quantityFromValue(value: number | bigint, format: QuantityFormat = 'DecimalSI'): Quantity {
  return { nano: BigInt(value) * NANO, format };
}
export function quantityFromMilliValue(value: number | bigint, format: QuantityFormat = 'DecimalSI'): Quantity {
  return { nano: BigInt(value) * 1_000_000n, format };
}
