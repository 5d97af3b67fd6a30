import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test.each([['help'], ['--help'], ['up', '--help'], ['status', '-h']])('coracle %s %s tells how it is used', (...args) => {
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  expect(execFileSync(process.execPath, [main, ...args.filter((arg) => arg !== undefined)], { encoding: 'utf8' })).toContain('up takes [--workers N]');
});
