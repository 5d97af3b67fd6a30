import { expect, test } from 'vitest';
import { formatText } from './format-text.ts';

/** What a running Kubernetes 1.36.2 makes of these. */
test.each([
  { pattern: '%.2f', value: 0.125, text: '0.12' },
  { pattern: '%.2f', value: 0.375, text: '0.38' },
  { pattern: '%.2f', value: 1.005, text: '1.00' },
  { pattern: '%.0f', value: 2.5, text: '2' },
  { pattern: '%.1f', value: 1_234_567.25, text: '1,234,567.2' },
  { pattern: '%.3f', value: -1.0005, text: '-1.000' },
  { pattern: '%f', value: 1e21, text: '1,000,000,000,000,000,000,000.000000' },
  { pattern: '%e', value: 1234.5678, text: '1.234568×10⁰³' },
  { pattern: '%.1e', value: 0.0001, text: '1.000000×10⁻⁰⁴' },
])('$value formatted as $pattern is $text', ({ pattern, value, text }) => {
  expect(formatText(pattern, [value])).toBe(text);
});
