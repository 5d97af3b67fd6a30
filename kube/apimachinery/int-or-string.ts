import { goQuote } from './go-format.ts';

/** A number or a text such as `25%` or a port's name (upstream: apimachinery/pkg/util/intstr). */
export type IntOrString = number | string;

/** The percentage of a text like `25%`; undefined for anything else. */
export function parsePercent(value: IntOrString): number | undefined {
  const match = typeof value === 'string' ? /^([+-]?[0-9]+)%$/.exec(value) : null;
  return match === null ? undefined : Number(match[1]);
}

/** A number as it is, a percentage of total; throws upstream's text for any other string. */
export function scaledValue(value: IntOrString | undefined, options: { readonly total: number; readonly roundUp: boolean }): number {
  if (value === undefined) throw new Error('nil value for IntOrString');
  if (typeof value === 'number') return value;
  const percent = parsePercent(value);
  if (percent === undefined) {
    const reason = value.endsWith('%') ? `invalid value ${goQuote(value)}: strconv.Atoi: parsing ${goQuote(value.slice(0, -1))}: invalid syntax` : 'invalid type: string is not a percentage';
    throw new Error(`invalid value for IntOrString: ${reason}`);
  }
  const exact = (percent * options.total) / 100;
  return options.roundUp ? Math.ceil(exact) : Math.floor(exact);
}

/** The number of a number or of a numeric text; 0 for other texts, as upstream's IntValue. */
export function intValue(value: IntOrString): number {
  if (typeof value === 'number') return value;
  return /^[+-]?[0-9]+$/.test(value) ? Number(value) : 0;
}
