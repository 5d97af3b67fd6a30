import { Counter, Gauge, Histogram } from './metric-values.ts';

export type MetricType = 'counter' | 'gauge' | 'histogram';
/** How much a reader may rely on it (KEP-1209); the text of help begins with it. */
export type Stability = 'ALPHA' | 'BETA' | 'STABLE';
export type MetricValue = number | Histogram;

export interface MetricDescription {
  readonly name: string;
  readonly help: string;
  /** Absent for what is no metric of Kubernetes: process_… */
  readonly stability?: Stability;
  readonly labels?: readonly string[];
}

/** One metric with all its label values, as the exposition shows it. */
export interface MetricFamily extends MetricDescription {
  readonly type: MetricType;
  /** Of a histogram. */
  readonly bounds?: readonly number[];
  samples(): Iterable<{ readonly labels: readonly string[]; readonly value: MetricValue }>;
  /** Absent for what is counted elsewhere. */
  reset?(): void;
}

/**
 * Label sets of one metric. More than this come only from names that clients make up; what is beyond is counted together, so that
 * nobody can fill the memory.
 */
const MAX_CHILDREN = 10_000;
const OVERFLOW = 'overflow';

/** The values of a metric by its labels, made when first asked for. */
export class MetricVector<V extends Counter | Gauge | Histogram> implements MetricFamily {
  readonly type: MetricType;
  readonly name: string;
  readonly help: string;
  readonly stability?: Stability;
  readonly labels: readonly string[];
  readonly bounds?: readonly number[];
  readonly #make: () => V;
  readonly #children = new Map<string, { readonly labels: readonly string[]; readonly value: V }>();

  constructor(type: MetricType, description: MetricDescription & { readonly bounds?: readonly number[] }, make: () => V) {
    const { name, help, stability, labels = [], bounds } = description;
    this.type = type;
    this.name = name;
    this.help = help;
    this.labels = labels;
    if (stability) this.stability = stability;
    if (bounds) this.bounds = bounds;
    this.#make = make;
    if (labels.length === 0) this.with();
  }

  /** The value with these labels, in the order of the description. */
  with(...labels: readonly string[]): V {
    const key = labels.length === 1 ? (labels[0] as string) : labels.join('\u0000');
    const known = this.#children.get(key);
    if (known) return known.value;
    if (this.#children.size >= MAX_CHILDREN) return this.#child(this.labels.map(() => OVERFLOW));
    return this.#add(key, labels);
  }

  delete(...labels: readonly string[]): void {
    this.#children.delete(labels.join('\u0000'));
  }

  clear(): void {
    this.#children.clear();
  }

  /** Counting begins anew; whoever holds a value goes on with it. */
  reset(): void {
    for (const { value } of this.#children.values()) value.reset();
  }

  *samples(): Iterable<{ readonly labels: readonly string[]; readonly value: MetricValue }> {
    for (const { labels, value } of this.#children.values()) yield { labels, value: value instanceof Histogram ? value : value.value };
  }

  #child(labels: readonly string[]): V {
    const key = labels.join('\u0000');
    return this.#children.get(key)?.value ?? this.#add(key, labels);
  }

  #add(key: string, labels: readonly string[]): V {
    const value = this.#make();
    this.#children.set(key, { labels, value });
    return value;
  }
}
