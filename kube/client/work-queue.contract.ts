import { describe, expect, it } from 'vitest';
import { settle, VirtualClock } from '../apimachinery/virtual-clock.ts';
import type { WorkQueue } from './work-queue.ts';

/** What every WorkQueue promises. */
export function describeWorkQueue(name: string, open: (clock: VirtualClock) => WorkQueue<string>): void {
  const setUp = (): { readonly clock: VirtualClock; readonly queue: WorkQueue<string>; readonly signal: AbortSignal } => {
    const clock = new VirtualClock();
    return { clock, queue: open(clock), signal: new AbortController().signal };
  };

  describe(name, () => {
    it('holds a key once and hands keys out in order', async () => {
      const { queue, signal } = setUp();
      queue.add('a');
      queue.add('b');
      queue.add('a');
      expect(queue.length).toBe(2);
      expect([await queue.get(signal), await queue.get(signal)]).toEqual(['a', 'b']);
    });

    it('hands a key that was added while processed out again after done', async () => {
      const { queue, signal } = setUp();
      queue.add('a');
      const key = await queue.get(signal);
      queue.add('a');
      expect(queue.length).toBe(0);
      queue.done(key);
      expect(await queue.get(signal)).toBe('a');
    });

    it('backs off exponentially until forgotten', async () => {
      const { clock, queue, signal } = setUp();
      for (const delayMs of [5, 10, 20]) {
        queue.addRateLimited('a');
        await clock.advance(delayMs - 1);
        expect(queue.length).toBe(0);
        await clock.advance(1);
        queue.done(await queue.get(signal));
      }
      expect(queue.numRequeues('a')).toBe(3);
      queue.forget('a');
      expect(queue.numRequeues('a')).toBe(0);
    });

    it('keeps the earlier of two delays', async () => {
      const { clock, queue } = setUp();
      queue.addAfter('a', 100);
      queue.addAfter('a', 10);
      queue.addAfter('a', 50);
      await clock.advance(10);
      expect(queue.length).toBe(1);
      expect(clock.pendingTimers).toBe(0);
    });

    it('rejects waiters with the reason of their signal, and all of them once disposed', async () => {
      const { clock, queue, signal } = setUp();
      const stop = new AbortController();
      const aborted = queue.get(stop.signal);
      const waiting = queue.get(signal);
      stop.abort(new Error('enough'));
      await expect(aborted).rejects.toThrow('enough');
      queue.addAfter('later', 1000);
      queue[Symbol.dispose]();
      await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
      await expect(queue.get(signal)).rejects.toMatchObject({ name: 'AbortError' });
      await settle();
      expect(clock.pendingTimers).toBe(0);
    });
  });
}
