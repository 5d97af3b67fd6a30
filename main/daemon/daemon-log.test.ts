import { expect, test } from 'vitest';
import { VirtualClock } from '../../kube/apimachinery/virtual-clock.ts';
import { DaemonLog } from './daemon-log.ts';

function started(): { clock: VirtualClock; log: DaemonLog; lines: Record<string, unknown>[] } {
  const clock = new VirtualClock();
  const lines: Record<string, unknown>[] = [];
  const log = new DaemonLog({ write: (text) => lines.push(JSON.parse(text) as Record<string, unknown>) }, clock);
  return { clock, log, lines };
}

test('a line has its time, level, message and fields', () => {
  const { clock, log, lines } = started();
  log.warn('cannot compact the store', { revision: 7 });
  expect(lines).toEqual([{ time: new Date(clock.now()).toISOString(), level: 'warn', message: 'cannot compact the store', revision: 7 }]);
});

test('a message that comes without end is written twenty times a minute, then counted', async () => {
  const { clock, log, lines } = started();
  for (let i = 0; i < 1000; i += 1) log.warn('controller watch failed', { i });
  log.error('the cluster did not start');
  expect(lines.map(({ message }) => message)).toEqual([...Array.from({ length: 20 }, () => 'controller watch failed'), 'the cluster did not start']);
  await clock.advance(60_000);
  log.warn('controller watch failed', { i: 1000 });
  log.warn('controller watch failed', { i: 1001 });
  expect(lines.slice(21)).toMatchObject([{ i: 1000, suppressed: 980 }, { i: 1001 }]);
  expect(lines.at(-1)).not.toHaveProperty('suppressed');
});
