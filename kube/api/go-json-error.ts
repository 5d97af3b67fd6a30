import { isNumberLiteral } from '../apimachinery/number-literal.ts';

/** A failed decode, with the text that Go's encoding/json gives it; callers wrap it into a 400 Status. */
export class GoDecodeError extends Error {
  override readonly name = 'GoDecodeError';
}

/** What encoding/json only remembers, and goes on; an error that a type's own UnmarshalJSON returns ends it. */
export class GoSavedError extends GoDecodeError {}

/** What encoding/json calls a JSON value. */
export function goValueName(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number' || isNumberLiteral(value)) return 'number';
  return typeof value === 'string' ? 'string' : 'object';
}

export interface StructField {
  /** Go's name of the struct, `ObjectMeta`. */
  readonly struct: string;
  /** Field names from the root without indexes, `metadata.labels`. */
  readonly path: string;
}

/** `json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string` */
export function unmarshalTypeError(value: unknown, field: StructField, goType: string): GoSavedError {
  const number = isNumberLiteral(value) ? value.rawJSON : typeof value === 'number' ? String(value) : undefined;
  const what = number !== undefined && /^u?int\d*$/.test(goType) ? `number ${number}` : goValueName(value);
  return new GoSavedError(`json: cannot unmarshal ${what} into Go struct field ${field.struct}.${field.path} of type ${goType}`);
}

const rfc3339Layout = [
  { pattern: /^\d{4}/, layout: '2006' },
  { pattern: /^-/, layout: '-' },
  { pattern: /^\d{2}/, layout: '01' },
  { pattern: /^-/, layout: '-' },
  { pattern: /^\d{2}/, layout: '02' },
  { pattern: /^T/, layout: 'T' },
  { pattern: /^\d{2}/, layout: '15' },
  { pattern: /^:/, layout: ':' },
  { pattern: /^\d{2}/, layout: '04' },
  { pattern: /^:/, layout: ':' },
] as const;
const secondsAndZone = [
  { pattern: /^\d{2}(?:[.,]\d+)?/, layout: '05' },
  { pattern: /^(?:Z|[+-]\d{2}:\d{2})/, layout: 'Z07:00' },
] as const;
const microsAndZone = [
  { pattern: /^\d{2}/, layout: '05' },
  { pattern: /^\.\d{6}/, layout: '.000000' },
  { pattern: /^(?:Z|[+-]\d{2}:\d{2})/, layout: 'Z07:00' },
] as const;

/** Milliseconds since the epoch, or time.Parse's error. With micros six digits of a second must be there, as MicroTime wants. */
export function parseRfc3339(text: string, { micros = false }: { readonly micros?: boolean } = {}): number {
  const layoutText = micros ? '2006-01-02T15:04:05.000000Z07:00' : '2006-01-02T15:04:05Z07:00';
  let rest = text;
  for (const { pattern, layout } of [...rfc3339Layout, ...(micros ? microsAndZone : secondsAndZone)]) {
    const match = pattern.exec(rest);
    if (!match) {
      const as = `parsing time ${JSON.stringify(text)} as ${JSON.stringify(layoutText)}`;
      throw new GoDecodeError(`${as}: cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(layout)}`);
    }
    rest = rest.slice(match[0].length);
  }
  if (rest !== '') throw new GoDecodeError(`parsing time ${JSON.stringify(text)}: extra text: ${JSON.stringify(rest)}`);
  const ms = Date.parse(text.replace(',', '.').replace(/(\.\d{3})\d+/, '$1'));
  if (Number.isNaN(ms)) throw new GoDecodeError(`parsing time ${JSON.stringify(text)}: ${outOfRange(text)} out of range`);
  return ms;
}

function outOfRange(text: string): string {
  const number = (start: number): number => Number(text.slice(start, start + 2));
  if (number(5) < 1 || number(5) > 12) return 'month';
  if (number(11) > 23) return 'hour';
  if (number(14) > 59) return 'minute';
  if (number(17) > 59) return 'second';
  return 'day';
}
