import { describe, expect, test } from 'vitest';
import { TimingHistogram } from './metric-values.ts';
import { exponentialBounds, MetricsRegistry } from './metrics-registry.ts';
import { goFloat } from './prometheus-text.ts';

describe('the exposition', () => {
  test('sorts families by name and lines by label values, and escapes what needs it', () => {
    const registry = new MetricsRegistry();
    const requests = registry.counter({ name: 'requests_total', help: 'Requests.', stability: 'STABLE', labels: ['verb', 'code'] });
    requests.with('LIST', '200').inc();
    requests.with('GET', '404').inc(2);
    requests.with('GE"T\n', '200').inc();
    registry.gauge({ name: 'in_flight', help: 'Now.' }).with().set(3);
    expect(registry.text()).toBe(
      `# HELP in_flight Now.
# TYPE in_flight gauge
in_flight 3
# HELP requests_total [STABLE] Requests.
# TYPE requests_total counter
requests_total{code="200",verb="GE\\"T\\n"} 1
requests_total{code="200",verb="LIST"} 1
requests_total{code="404",verb="GET"} 2
`,
    );
  });

  test('sums a histogram up over its buckets', () => {
    const registry = new MetricsRegistry();
    const sizes = registry.histogram({ name: 'sizes', help: 'Sizes.', labels: ['kind'], bounds: [1, 10] }).with('a');
    for (const size of [0.5, 1, 5, 500]) sizes.observe(size);
    expect(registry.text().split('\n').slice(2)).toEqual([
      'sizes_bucket{kind="a",le="1"} 2', 'sizes_bucket{kind="a",le="10"} 3', 'sizes_bucket{kind="a",le="+Inf"} 4', 'sizes_sum{kind="a"} 506.5', 'sizes_count{kind="a"} 4', '',
    ]);
  });

  test('leaves out a metric that has no values yet', () => {
    const registry = new MetricsRegistry();
    registry.counter({ name: 'never_total', help: 'Never.', labels: ['why'] });
    expect(registry.text()).toBe('');
  });

  test('counts label sets beyond the limit together', () => {
    const registry = new MetricsRegistry();
    const names = registry.counter({ name: 'names_total', help: 'Names.', labels: ['name'] });
    for (let index = 0; index < 10_500; index++) names.with(`n${index}`).inc();
    expect(registry.text()).toContain('names_total{name="overflow"} 500\n');
  });

  test('refuses a second metric of one name', () => {
    const registry = new MetricsRegistry();
    registry.gauge({ name: 'twice', help: '' });
    expect(() => registry.gauge({ name: 'twice', help: '' })).toThrow('"twice" is registered twice');
  });
});

test.each([
  [0, '0'], [1, '1'], [0.005, '0.005'], [123_456, '123456'], [1_234_567, '1.234567e+06'], [1e9, '1e+09'], [0.00001, '1e-05'], [0.0001, '0.0001'], [Infinity, '+Inf'], [NaN, 'NaN'], [-2.5, '-2.5'],
])('the number %d is written %s, as Go writes it', (value, want) => {
  expect(goFloat(value)).toBe(want);
});

test('a timing histogram weighs each ratio by how long it lasted', () => {
  const timing = new TimingHistogram([0, 0.5, 1], 0);
  timing.setDenominator(4, 0);
  timing.set(2, 1);
  timing.set(4, 3);
  timing.settle(4);
  expect([...timing.histogram.counts]).toEqual([1e6, 2e6, 1e6, 0]);
});

test('exponential bounds multiply', () => {
  expect(exponentialBounds(1000, 10, 3)).toEqual([1000, 10_000, 100_000]);
});
