import { MetricVector, type MetricDescription, type MetricFamily, type MetricType, type MetricValue, type Stability } from './metric-family.ts';
import { Counter, Gauge, Histogram } from './metric-values.ts';
import { formatMetrics } from './prometheus-text.ts';

export interface Sample {
  readonly labels?: readonly string[];
  readonly value: MetricValue;
}

/** The metrics of one process. Parts of it add theirs; one page shows all. */
export class MetricsRegistry {
  readonly #families = new Map<string, MetricFamily>();

  counter(description: MetricDescription): MetricVector<Counter> {
    return this.#add(new MetricVector('counter', description, () => new Counter()));
  }

  gauge(description: MetricDescription): MetricVector<Gauge> {
    return this.#add(new MetricVector('gauge', description, () => new Gauge()));
  }

  histogram(description: MetricDescription & { readonly bounds: readonly number[] }): MetricVector<Histogram> {
    return this.#add(new MetricVector('histogram', description, () => new Histogram(description.bounds)));
  }

  /** A metric that is computed when somebody reads it, for what is counted elsewhere already. */
  collect(type: MetricType, description: MetricDescription & { readonly bounds?: readonly number[] }, samples: () => Iterable<Sample>): void {
    this.#add({
      ...description,
      type,
      *samples() {
        for (const { labels = [], value } of samples()) yield { labels, value };
      },
    });
  }

  /** How many metrics there are of each stability; those without one count for nothing. */
  countByStability(): ReadonlyMap<Stability, number> {
    const counts = new Map<Stability, number>();
    for (const { stability } of this.#families.values()) if (stability) counts.set(stability, (counts.get(stability) ?? 0) + 1);
    return counts;
  }

  /** The exposition; `only` picks metrics by name. */
  text(options: { readonly only?: (name: string) => boolean } = {}): string {
    const families = [...this.#families.values()].filter(({ name }) => options.only?.(name) ?? true);
    return formatMetrics(families);
  }

  /** Counters and histograms begin anew. */
  reset(): void {
    for (const family of this.#families.values()) family.reset?.();
  }

  #add<F extends MetricFamily>(family: F): F {
    if (this.#families.has(family.name)) throw new Error(`metric "${family.name}" is registered twice`);
    this.#families.set(family.name, family);
    return family;
  }
}

/** `first`, `first·factor`, …, multiplied one after the other as upstream: readers compare the bounds' texts. */
export function exponentialBounds(first: number, factor: number, count: number): number[] {
  const bounds: number[] = [];
  for (let bound = first; bounds.length < count; bound *= factor) bounds.push(bound);
  return bounds;
}
