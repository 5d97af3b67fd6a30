import type { MetricFamily } from './metric-family.ts';
import { Histogram } from './metric-values.ts';

export const PROMETHEUS_TEXT = 'text/plain; version=0.0.4; charset=utf-8';
/** What a reader may want done to names that are not plain; none is such. */
export const NAME_ESCAPINGS: readonly string[] = ['underscores', 'allow-utf-8', 'dots', 'values'];

/** The Prometheus text format 0.0.4, sorted as its Go client sorts: families by name, lines by label values, labels by name. */
export function formatMetrics(families: readonly MetricFamily[]): string {
  const lines: string[] = [];
  for (const family of [...families].sort((a, b) => (a.name < b.name ? -1 : 1))) formatFamily(family, lines);
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function formatFamily(family: MetricFamily, lines: string[]): void {
  const { name, help, stability, type, labels: names = [], bounds = [] } = family;
  const order = names.map((label, index) => ({ label, index })).sort((a, b) => (a.label < b.label ? -1 : 1));
  const samples = [...family.samples()].map(({ labels, value }) => {
    const pairs = order.map(({ label, index }) => `${label}="${escaped(labels[index] ?? '')}"`);
    return { value, pairs, sortKey: order.map(({ index }) => labels[index] ?? '').join('\u0000') };
  });
  // A family without values is not shown, as in Go's client.
  if (samples.length === 0) return;
  lines.push(`# HELP ${name} ${stability ? `[${stability}] ` : ''}${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, `# TYPE ${name} ${type}`);
  samples.sort((a, b) => (a.sortKey < b.sortKey ? -1 : a.sortKey > b.sortKey ? 1 : 0));
  for (const { value, pairs } of samples) {
    const labels = pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
    if (value instanceof Histogram) formatHistogram({ name, pairs, labels, value, bounds }, lines);
    else lines.push(`${name}${labels} ${goFloat(value)}`);
  }
}

interface HistogramLines {
  readonly name: string;
  readonly pairs: readonly string[];
  readonly labels: string;
  readonly value: Histogram;
  readonly bounds: readonly number[];
}

function formatHistogram({ name, pairs, labels, value, bounds }: HistogramLines, lines: string[]): void {
  let total = 0;
  for (const [index, count] of value.counts.entries()) {
    total += count;
    const bound = index < bounds.length ? goFloat(bounds[index] as number) : '+Inf';
    lines.push(`${name}_bucket{${[...pairs, `le="${bound}"`].join(',')}} ${goFloat(total)}`);
  }
  lines.push(`${name}_sum${labels} ${goFloat(value.sum)}`, `${name}_count${labels} ${goFloat(value.count)}`);
}

function escaped(value: string): string {
  return /[\\"\n]/.test(value) ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n') : value;
}

/** As Go's strconv.FormatFloat(value, 'g', -1, 64): with an exponent below 1e-4 and from 1e6 on. */
export function goFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return '0';
  const [digits = '0', exponentText = '0'] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 6) return String(value);
  return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}
