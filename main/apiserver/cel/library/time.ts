import { goQuote } from '../../../../kube/apimachinery/go-format.ts';
import { declare, type FunctionDeclaration, method, type Overload } from '../declarations.ts';
import { CelEvaluationError } from '../runtime/evaluation-error.ts';
import { CelDuration, CelTimestamp } from '../runtime/values.ts';
import { DURATION, INT, STRING, TIMESTAMP } from '../types.ts';
import { asDuration } from './arithmetic.ts';

const SECOND = 1_000_000_000n;
const RFC3339 = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:[.,](\d+))?(Z|[+-]\d{2}:\d{2})$/;
const UNITS: Readonly<Record<string, bigint>> = { ns: 1n, us: 1000n, 'µs': 1000n, 'μs': 1000n, ms: 1_000_000n, s: SECOND, m: 60n * SECOND, h: 3600n * SECOND };

/** RFC 3339 with any number of digits; undefined for anything else. */
export function parseTimestamp(text: string): CelTimestamp | undefined {
  const match = RFC3339.exec(text);
  if (!match) return undefined;
  const [, day = '', clock = '', fraction = '', zone = ''] = match;
  const ms = Date.parse(`${day}T${clock}${zone}`);
  if (Number.isNaN(ms) || new Date(Date.parse(`${day}T00:00:00Z`)).toISOString().slice(0, 10) !== day) return undefined;
  return new CelTimestamp(BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0').slice(0, 9)));
}

/** time.ParseDuration, exact. */
export function durationOf(text: string): CelDuration {
  const invalid = (): CelEvaluationError => new CelEvaluationError(`time: invalid duration ${goQuote(text)}`);
  let rest = text.replace(/^[+-]/, '');
  if (rest === '0') return new CelDuration(0n);
  if (rest === '') throw invalid();
  let nanos = 0n;
  while (rest !== '') {
    const match = /^(\d*)(?:\.(\d*))?([^\d.]*)/.exec(rest);
    const [all = '', whole = '', fraction = '', unit = ''] = match ?? [];
    if (whole === '' && fraction === '') throw invalid();
    if (unit === '') throw new CelEvaluationError(`time: missing unit in duration ${goQuote(text)}`);
    const scale = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined;
    if (scale === undefined) throw new CelEvaluationError(`time: unknown unit ${goQuote(unit)} in duration ${goQuote(text)}`);
    nanos += BigInt(`0${whole}`) * scale + (BigInt(`0${fraction}`) * scale) / 10n ** BigInt(fraction.length);
    rest = rest.slice(all.length);
  }
  if (nanos > 2n ** 63n - 1n) throw invalid();
  return asDuration(text.startsWith('-') ? -nanos : nanos);
}

/** RFC 3339 without trailing zeros, in UTC. */
export function textOfTimestamp({ nanos }: CelTimestamp): string {
  const { seconds, rest } = split(nanos);
  const text = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  const fraction = String(rest).padStart(9, '0').replace(/0+$/, '');
  return `${text}${fraction === '' ? '' : `.${fraction}`}Z`;
}

/** Seconds: `5400s`, `0.5s`. */
export function textOfDuration({ nanos }: CelDuration): string {
  const size = nanos < 0n ? -nanos : nanos;
  const fraction = String(size % SECOND).padStart(9, '0').replace(/0+$/, '');
  return `${nanos < 0n ? '-' : ''}${size / SECOND}${fraction === '' ? '' : `.${fraction}`}s`;
}

export function secondsOf({ nanos }: CelTimestamp): bigint {
  return split(nanos).seconds;
}

function split(nanos: bigint): { readonly seconds: bigint; readonly rest: bigint } {
  const rest = ((nanos % SECOND) + SECOND) % SECOND;
  return { seconds: (nanos - rest) / SECOND, rest };
}

type Getter = (date: Date, nanos: bigint) => number;

const DAY_MS = 86_400_000;
const GETTERS: Readonly<Record<string, readonly [string, Getter]>> = {
  getFullYear: ['timestamp_to_year', (date) => date.getUTCFullYear()],
  getMonth: ['timestamp_to_month', (date) => date.getUTCMonth()],
  getDayOfYear: ['timestamp_to_day_of_year', (date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MS)],
  getDayOfMonth: ['timestamp_to_day_of_month', (date) => date.getUTCDate() - 1],
  getDate: ['timestamp_to_day_of_month_1_based', (date) => date.getUTCDate()],
  getDayOfWeek: ['timestamp_to_day_of_week', (date) => date.getUTCDay()],
  getHours: ['timestamp_to_hours', (date) => date.getUTCHours()],
  getMinutes: ['timestamp_to_minutes', (date) => date.getUTCMinutes()],
  getSeconds: ['timestamp_to_seconds', (date) => date.getUTCSeconds()],
  getMilliseconds: ['timestamp_to_milliseconds', (_, nanos) => Number(split(nanos).rest / 1_000_000n)],
};
const DURATION_GETTERS: Readonly<Record<string, readonly [string, (nanos: bigint) => bigint]>> = {
  getHours: ['duration_to_hours', (nanos) => nanos / (3600n * SECOND)],
  getMinutes: ['duration_to_minutes', (nanos) => nanos / (60n * SECOND)],
  getSeconds: ['duration_to_seconds', (nanos) => nanos / SECOND],
  getMilliseconds: ['duration_to_milliseconds', (nanos) => nanos / 1_000_000n],
};

export function timeFunctions(): readonly FunctionDeclaration[] {
  return Object.entries(GETTERS).map(([name, [id, get]]) => {
    const read = ({ nanos }: CelTimestamp, zone = 'UTC'): bigint => BigInt(get(new Date(Number(split(nanos).seconds) * 1000 + offsetMs(nanos, zone)), nanos));
    const overloads: Overload[] = [method(id, [TIMESTAMP], INT, (time: CelTimestamp) => read(time)), method(`${id}_with_tz`, [TIMESTAMP, STRING], INT, read)];
    const ofDuration = DURATION_GETTERS[name];
    if (ofDuration) overloads.push(method(ofDuration[0], [DURATION], INT, ({ nanos }: CelDuration) => ofDuration[1](nanos)));
    return declare(name, ...overloads);
  });
}

const OFFSET = /^([+-]?)(\d{1,2}):(\d{1,2})$/;

/** Of a zone by name (`America/Los_Angeles`) or by offset (`-08:00`). */
function offsetMs(nanos: bigint, zone: string): number {
  if (zone === 'UTC' || zone === '') return 0;
  const match = OFFSET.exec(zone);
  if (match) return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3])) * 60_000;
  try {
    const date = new Date(Number(split(nanos).seconds) * 1000);
    const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(date);
    const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, sign = '+', hours = '0', minutes = '0'] = /GMT([+-])(\d{2}):(\d{2})/.exec(name) ?? [];
    return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  } catch {
    throw new CelEvaluationError(`unknown time zone ${zone}`);
  }
}
