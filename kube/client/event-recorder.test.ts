import { describe, expect, it } from 'vitest';
import { events } from '../api/generated/core/v1.ts';
import { leases } from '../api/generated/coordination/v1.ts';
import { SeededRandom } from '../apimachinery/seeded-random.ts';
import { settle, VirtualClock } from '../apimachinery/virtual-clock.ts';
import { ClientEventRecorder } from './event-recorder.ts';
import { FakeClient } from './fake-client.ts';
import { runLeaderElection } from './leader-election.ts';

const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'n', uid: 'u' } };

describe('ClientEventRecorder', () => {
  const setUp = () => {
    const clock = new VirtualClock();
    const client = new FakeClient({ clock });
    const recorder = new ClientEventRecorder({ client, clock, random: new SeededRandom(1), source: { component: 'kubelet', host: 'h' } });
    return { clock, client, recorder };
  };

  it('counts the same event again', async () => {
    const { clock, client, recorder } = setUp();
    recorder.event({ object: pod, type: 'Normal', reason: 'Pulled', message: 'image' });
    await clock.advance(5000);
    recorder.event({ object: pod, type: 'Normal', reason: 'Pulled', message: 'image' });
    await recorder.flush();
    const { items } = await client.list(events, {});
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ count: 2, firstTimestamp: '2026-01-01T00:00:00Z', lastTimestamp: '2026-01-01T00:00:05Z', source: { component: 'kubelet', host: 'h' } });
    expect(items[0]?.metadata.name).toMatch(/^p\.[0-9a-f]{16}$/);
  });

  it('combines ten that differ in their message only, and stops a flood', async () => {
    const { clock, client, recorder } = setUp();
    for (let index = 0; index < 40; index += 1) {
      recorder.event({ object: pod, type: 'Warning', reason: 'Failed', message: `message ${index}` });
      await clock.advance(1);
    }
    await recorder.flush();
    const { items } = await client.list(events, {});
    expect(items).toHaveLength(10);
    expect(items.at(-1)?.message).toMatch(/^\(combined from similar events\): message /);
    expect(items.reduce((sum, { count = 0 }) => sum + count, 0)).toBe(25);
  });

  it('still tells what happens after the clock was set back by a day', async () => {
    const { clock, client, recorder } = setUp();
    recorder.event({ object: pod, type: 'Normal', reason: 'Pulled', message: 'image' });
    clock.set(-86_400_000);
    recorder.event({ object: pod, type: 'Normal', reason: 'Started', message: 'container' });
    await recorder.flush();
    expect((await client.list(events, {})).items.map(({ reason }) => reason)).toEqual(['Pulled', 'Started']);
  });
});

describe('runLeaderElection', () => {
  it('lets one lead at a time and the next one take over a released lease', async () => {
    const clock = new VirtualClock();
    const client = new FakeClient({ clock });
    const led: string[] = [];
    const stops = [new AbortController(), new AbortController()];
    const run = (identity: string, stop: AbortController): Promise<void> =>
      runLeaderElection(
        {
          client,
          clock,
          random: new SeededRandom(3),
          lease: { namespace: 'kube-system', name: 'x' },
          identity,
          lead: async (signal) => {
            led.push(identity);
            await clock.sleep(3_600_000, signal);
          },
        },
        stop.signal,
      );
    const runs = [run('one', stops[0] as AbortController), run('two', stops[1] as AbortController)];
    await clock.advance(60_000);
    expect(led).toEqual(['one']);
    stops[0]?.abort();
    await settle();
    await clock.advance(10_000);
    expect(led).toEqual(['one', 'two']);
    const lease = await client.get(leases, { namespace: 'kube-system', name: 'x' });
    expect(lease.spec).toMatchObject({ holderIdentity: 'two' });
    stops[1]?.abort();
    await Promise.all(runs);
    expect(clock.pendingTimers).toBe(0);
  });
});
