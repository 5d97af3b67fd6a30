import { expect, test } from 'vitest';
import { FlushPace } from './flush-pace.ts';

test('a disk that always is slow is waited for once in ten seconds', () => {
  const pace = new FlushPace();
  const waits: number[] = [];
  for (let nowMs = 0; nowMs < 60_000; nowMs += 10) {
    if (!pace.isQuick(nowMs)) continue;
    waits.push(nowMs);
    pace.note({ tookMs: 8, nowMs });
  }
  expect(waits.slice(0, 4)).toEqual([0, 50, 150, 350]);
  expect(waits.slice(-3).map((at, index, all) => at - (all[index - 1] ?? at))).toEqual([0, 10_000, 10_000]);
});

test('a disk that was slow once is waited for again, and is forgiven by quick flushes', () => {
  const pace = new FlushPace();
  pace.note({ tookMs: 8, nowMs: 0 });
  expect([pace.isQuick(49), pace.isQuick(50)]).toEqual([false, true]);
  pace.note({ tookMs: 0.1, nowMs: 50 });
  pace.note({ tookMs: 8, nowMs: 60 });
  expect([pace.isQuick(109), pace.isQuick(110)]).toEqual([false, true]);
});
