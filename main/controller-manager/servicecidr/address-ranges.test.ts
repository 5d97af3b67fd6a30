import { expect, test } from 'vitest';
import { cidrContains } from './address-ranges.ts';

test.each([
  { cidr: '10.96.0.0/16', other: '10.96.3.4', contains: true },
  { cidr: '10.96.0.0/16', other: '10.97.0.1', contains: false },
  { cidr: '10.96.0.0/16', other: '10.96.128.0/17', contains: true },
  { cidr: '10.96.0.0/16', other: '10.96.0.0/16', contains: true },
  { cidr: '10.96.128.0/17', other: '10.96.0.0/16', contains: false },
  { cidr: 'fd00::/112', other: 'fd00::1', contains: true },
  { cidr: 'fd00::/112', other: 'fd01::1', contains: false },
  { cidr: 'fd00::/112', other: '10.96.0.1', contains: false },
])('whether $cidr contains $other: $contains', ({ cidr, other, contains }) => {
  expect(cidrContains(cidr, other)).toBe(contains);
});
