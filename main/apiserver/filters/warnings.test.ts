import { expect, test } from 'vitest';
import { addWarningTo, warningHeaders } from './warnings.ts';

test('a warning is told once', () => {
  const warnings: string[] = [];
  for (const text of ['a', 'b', 'a', '', 'two\nlines']) addWarningTo(warnings, text);
  expect(warningHeaders(warnings)).toEqual(['299 - "a"', '299 - "b"']);
});

test('quotes, control characters and text outside Latin-1 survive the header', () => {
  expect(warningHeaders(['a "b" \\ \n'])).toEqual(['299 - "a \\"b\\" \\\\  "']);
  expect(Buffer.from(warningHeaders(['ü'])[0] ?? '', 'latin1').toString('utf8')).toBe('299 - "ü"');
});

test('warnings beyond 4096 characters are cut to 256 each and then left out', () => {
  const warnings = Array.from({ length: 30 }, (_, index) => `${index}`.padEnd(300, 'x'));
  const headers = warningHeaders(warnings);
  expect(headers).toHaveLength(16);
  expect(headers[0]).toBe(`299 - "${'0'.padEnd(256, 'x')}"`);
  expect(warningHeaders(warnings.slice(0, 13))[0]).toBe(`299 - "${'0'.padEnd(300, 'x')}"`);
});

test('a million warnings cost no more than those that are told', () => {
  const warnings: string[] = [];
  const startedMs = performance.now();
  for (let index = 0; index < 1_000_000; index++) addWarningTo(warnings, `unknown field "spec.field${index}"`);
  expect(warnings.length).toBeLessThan(1000);
  expect(performance.now() - startedMs).toBeLessThan(5000);
});
