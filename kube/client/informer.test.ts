import { describe, expect, it } from 'vitest';
import type { Resource } from '../apimachinery/gvr.ts';
import type { KubernetesObject } from '../apimachinery/object-meta.ts';
import { SeededRandom } from '../apimachinery/seeded-random.ts';
import { settle, VirtualClock } from '../apimachinery/virtual-clock.ts';
import { FakeClient } from './fake-client.ts';
import { SharedInformerFactory } from './shared-informer-factory.ts';

const things: Resource<KubernetesObject> = { group: '', version: 'v1', resource: 'things', kind: 'Thing', namespaced: true };
const thing = (name: string, labels: Record<string, string> = {}): KubernetesObject => ({ apiVersion: 'v1', kind: 'Thing', metadata: { name, namespace: 'n', labels } });

function setUp() {
  const clock = new VirtualClock();
  const client = new FakeClient({ clock });
  const errors: unknown[] = [];
  const factory = new SharedInformerFactory({ client, clock, random: new SeededRandom(1), onError: (error) => errors.push(error) });
  const seen: string[] = [];
  const stop = new AbortController();
  return { clock, client, errors, factory, seen, stop };
}

describe('SharedInformerFactory', () => {
  it('lists, then follows changes, and indexes them', async () => {
    const { client, factory, seen, stop } = setUp();
    await client.create(things, thing('a', { on: 'x' }));
    const informer = factory.informer(things, { indexers: { on: ({ metadata }) => [metadata.labels?.['on'] ?? ''] } });
    informer.onEvent((event) => seen.push(`${event.type} ${event.object.metadata.name}`));
    factory.start(stop.signal);
    await informer.waitForSync(stop.signal);
    const b = await client.create(things, thing('b', { on: 'x' }));
    await settle();
    expect(informer.lister.byIndex('on', 'x').map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
    await client.update(things, { ...b, metadata: { ...b.metadata, labels: { on: 'y' } } });
    await client.delete(things, { namespace: 'n', name: 'a' });
    await settle();
    expect(seen).toEqual(['add a', 'add b', 'update b', 'delete a']);
    expect(informer.lister.byIndex('on', 'x')).toEqual([]);
    expect(informer.lister.list({ namespace: 'n' })).toHaveLength(1);
    await factory[Symbol.asyncDispose]();
  });

  it('tells a late handler of all that is known', async () => {
    const { client, factory, seen, stop } = setUp();
    await client.create(things, thing('a'));
    const informer = factory.informer(things);
    factory.start(stop.signal);
    await informer.waitForSync(stop.signal);
    using _subscription = informer.onEvent((event) => seen.push(`${event.type} ${event.object.metadata.name}`));
    expect(seen).toEqual(['add a']);
    await factory[Symbol.asyncDispose]();
  });

  it('lists again after 410 and reports what it missed', async () => {
    const { clock, client, errors, factory, seen, stop } = setUp();
    await client.create(things, thing('a'));
    const informer = factory.informer(things);
    informer.onEvent((event) => seen.push(`${event.type} ${event.object.metadata.name} ${event.type === 'delete' && event.finalStateUnknown}`));
    let breakWatch = true;
    client.intercept(({ verb }) => {
      if (verb !== 'watch' || !breakWatch) return;
      breakWatch = false;
      throw new Error('connection lost');
    });
    factory.start(stop.signal);
    await informer.waitForSync(stop.signal);
    await settle();
    await client.delete(things, { namespace: 'n', name: 'a' });
    await client.create(things, thing('b'));
    client.compact();
    await clock.advance(10_000);
    expect(seen).toEqual(['add a false', 'add b false', 'delete a true']);
    expect(errors).toHaveLength(2);
    await factory[Symbol.asyncDispose]();
    expect(clock.pendingTimers).toBe(0);
  });

  it('shares one informer between callers and isolates a handler that throws', async () => {
    const { client, errors, factory, seen, stop } = setUp();
    const informer = factory.informer(things);
    expect(factory.informer(things)).toBe(informer);
    informer.onEvent(() => {
      throw new Error('bad handler');
    });
    informer.onEvent((event) => seen.push(event.type));
    factory.start(stop.signal);
    await informer.waitForSync(stop.signal);
    await client.create(things, thing('a'));
    await settle();
    expect(seen).toEqual(['add']);
    expect(errors).toHaveLength(1);
    await factory[Symbol.asyncDispose]();
  });
});
