import { goQuote } from '../../../../kube/apimachinery/go-format.ts';
import { parseDuration } from '../../../../kube/apimachinery/duration.ts';

interface Field {
  readonly first: number;
  readonly last: number;
  readonly names?: readonly string[];
}
const FIELDS: readonly Field[] = [
  { first: 0, last: 59 },
  { first: 0, last: 23 },
  { first: 1, last: 31 },
  { first: 1, last: 12, names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] },
  { first: 0, last: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
];
const DESCRIPTORS: ReadonlySet<string> = new Set(['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly']);

/** What is wrong with a schedule, in the words of the parser that upstream uses (robfig/cron v3); undefined when nothing is. */
export function cronScheduleError(text: string): string | undefined {
  let spec = text;
  const zone = /^(?:CRON_)?TZ=(\S*)\s?/.exec(spec);
  if (zone !== null) spec = spec.slice(zone[0].length).trim();
  if (spec.startsWith('@')) return descriptorError(spec);
  const fields = spec.split(/\s+/).filter((field) => field !== '');
  if (fields.length !== FIELDS.length) {
    return `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`;
  }
  for (const [index, field] of fields.entries()) {
    for (const part of field.split(',').filter((item) => item !== '')) {
      const message = rangeError(part, FIELDS[index] as Field);
      if (message !== undefined) return message;
    }
  }
  return undefined;
}

function descriptorError(spec: string): string | undefined {
  if (DESCRIPTORS.has(spec)) return undefined;
  if (!spec.startsWith('@every ')) return `unrecognized descriptor: ${spec}`;
  try {
    parseDuration(spec.slice('@every '.length));
    return undefined;
  } catch (error) {
    return `failed to parse duration ${spec}: ${(error as Error).message}`;
  }
}

function rangeError(text: string, field: Field): string | undefined {
  const rangeAndStep = text.split('/');
  const lowAndHigh = (rangeAndStep[0] ?? '').split('-');
  const single = lowAndHigh.length === 1;
  const any = lowAndHigh[0] === '*' || lowAndHigh[0] === '?';
  let start: number | string = field.first;
  let end: number | string = field.last;
  if (!any) {
    start = numberOf(lowAndHigh[0] ?? '', field);
    if (typeof start === 'string') return start;
    if (lowAndHigh.length > 2) return `too many hyphens: ${text}`;
    end = single ? start : numberOf(lowAndHigh[1] ?? '', field);
    if (typeof end === 'string') return end;
  }
  let step: number | string = 1;
  if (rangeAndStep.length === 2) {
    step = plainNumber(rangeAndStep[1] ?? '');
    if (typeof step === 'string') return step;
    if (single && !any) end = field.last;
  } else if (rangeAndStep.length > 2) return `too many slashes: ${text}`;
  if (start < field.first) return `beginning of range (${start}) below minimum (${field.first}): ${text}`;
  if (end > field.last) return `end of range (${end}) above maximum (${field.last}): ${text}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${text}`;
  return step === 0 ? `step of range should be a positive number: ${text}` : undefined;
}

/** The number, or what is wrong. */
function numberOf(text: string, { names, first }: Field): number | string {
  const named = names?.indexOf(text.toLowerCase()) ?? -1;
  return named >= 0 ? named + first : plainNumber(text);
}
function plainNumber(text: string): number | string {
  if (!/^[+-]?\d+$/.test(text)) return `failed to parse int from ${text}: strconv.Atoi: parsing ${goQuote(text)}: invalid syntax`;
  return Number(text) < 0 ? `negative number (${Number(text)}) not allowed: ${text}` : Number(text);
}
