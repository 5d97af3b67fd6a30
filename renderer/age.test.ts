import { describe, expect, it } from 'vitest';
import { formatAge } from './age.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

describe('ages are written as kubectl writes them', () => {
  it.each([
    { ms: 0, text: '0s' },
    { ms: 119_000, text: '119s' },
    { ms: 2 * minute, text: '2m' },
    { ms: 3 * minute + 12_000, text: '3m12s' },
    { ms: 45 * minute, text: '45m' },
    { ms: 179 * minute, text: '179m' },
    { ms: 3 * hour, text: '3h' },
    { ms: 5 * hour + 7 * minute, text: '5h7m' },
    { ms: 30 * hour, text: '30h' },
    { ms: 2 * day, text: '2d' },
    { ms: 3 * day + 4 * hour, text: '3d4h' },
    { ms: 100 * day, text: '100d' },
    { ms: 800 * day, text: '2y' },
    { ms: -5_000, text: '0s' },
  ])('$ms ms → $text', ({ ms, text }) => {
    expect(formatAge(1_000_000, 1_000_000 + ms)).toBe(text);
  });
});
