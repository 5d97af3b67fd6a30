import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseFieldSelector } from '../../../kube/apimachinery/field-selector.ts';
import { parseLabelSelector } from '../../../kube/apimachinery/label-selector-parser.ts';
import type { ChangeEvent, WatchQuery } from './object-storage.ts';
import { type TestPod, type TestStorage, eventLine, openTestStorage, pod, podHead, takeEvents } from './test-storage.fixture.ts';

describe('a watch', () => {
  let test: TestStorage;
  beforeEach(async () => {
    test = await openTestStorage();
  });
  afterEach(() => test.dispose());

  const watch = (query: Omit<WatchQuery, 'signal'> = {}) => test.pods.watch({ ...query, signal: test.stop.signal });
  const update = (name: string, change: (current: TestPod) => TestPod) => test.pods.guaranteedUpdate({ namespace: 'default', name }, change);
  const remove = (name: string) => test.pods.delete({ namespace: 'default', name });
  const relabel = (name: string, labels: Record<string, string>) => update(name, (current) => ({ ...current, metadata: { ...current.metadata, labels } }));

  it('without a resourceVersion gives the state first, then what changes', async () => {
    await test.pods.create(pod('a'));
    await test.pods.create(pod('b', { namespace: 'other' }));
    const watching = await watch();
    await update('a', (current) => ({ ...current, spec: { image: 'x' } }));
    await remove('a');
    expect(await takeEvents(watching, 4)).toEqual(['ADDED default/a@2', 'ADDED other/b@3', 'MODIFIED default/a@4', 'DELETED default/a@5']);
  });

  it('from a resourceVersion gives exactly what came after it, before the first list too', async () => {
    const { resourceVersion } = await test.pods.create(pod('a'));
    await test.pods.create(pod('b'));
    await test.pods.create(pod('c', { namespace: 'other' }));
    const watching = await watch({ resourceVersion, namespace: 'default' });
    await test.pods.create(pod('d'));
    expect(await takeEvents(watching, 2)).toEqual(['ADDED default/b@3', 'ADDED default/d@5']);
  });

  it('with sendInitialEvents marks the end of the state by a bookmark', async () => {
    await test.pods.create(pod('a'));
    const watching = await watch({ sendInitialEvents: true, allowWatchBookmarks: true });
    await test.pods.create(pod('b'));
    expect(await takeEvents(watching, 3)).toEqual(['ADDED default/a@2', 'SYNCED @2', 'ADDED default/b@3']);
    const changesOnly = await watch({ sendInitialEvents: false });
    await test.pods.create(pod('c'));
    expect(await takeEvents(changesOnly, 1)).toEqual(['ADDED default/c@4']);
  });

  it.each([
    { what: 'labels', selection: { labels: parseLabelSelector('app=x') } },
    { what: 'the indexed field', selection: { fields: parseFieldSelector('spec.nodeName=x') } },
    { what: 'another field', selection: { namespace: 'default', fields: parseFieldSelector('spec.nodeName!=,spec.nodeName!=y') } },
  ])('that selects by $what sees objects come and go as they begin and cease to match', async ({ selection }) => {
    const watching = await watch(selection);
    const set = (value: string) => update('a', (current) => ({ ...current, metadata: { ...current.metadata, labels: { app: value } }, spec: { nodeName: value } }));
    await test.pods.create(pod('a'));
    await set('x');
    await update('a', (current) => ({ ...current, spec: { ...current.spec, image: 'new' } }));
    await set('y');
    await set('x');
    await remove('a');
    expect(await takeEvents(watching, 5)).toEqual(['ADDED default/a@3', 'MODIFIED default/a@4', 'DELETED default/a@5', 'ADDED default/a@6', 'DELETED default/a@7']);
  });

  it('gives the last matching state with an object that no longer matches', async () => {
    await test.pods.create(pod('a', { labels: { app: 'x' } }));
    const watching = await watch({ labels: parseLabelSelector('app=x'), resourceVersion: '2' });
    await relabel('a', { app: 'y' });
    for await (const [event] of watching) {
      expect(event?.type === 'DELETED' && event.stored.object.metadata).toMatchObject({ labels: { app: 'x' }, resourceVersion: '3' });
      break;
    }
  });

  it('of one object sees that object only', async () => {
    const watching = await watch({ namespace: 'default', name: 'b' });
    await test.pods.create(pod('a'));
    await test.pods.create(pod('b'));
    await test.pods.create(pod('b', { namespace: 'other' }));
    await remove('b');
    expect(await takeEvents(watching, 2)).toEqual(['ADDED default/b@3', 'DELETED default/b@5']);
  });

  it('shares events and frames among watchers', async () => {
    const streams = [await watch(), await watch({ namespace: 'default' })];
    await test.pods.create(pod('a'));
    const events = await Promise.all(streams.map(async (stream) => (await stream[Symbol.asyncIterator]().next()).value?.[0]));
    expect(events[0]).toBe(events[1]);
    const [event] = events;
    const frame = event?.type === 'ADDED' ? event.jsonFrame(podHead) : undefined;
    expect(event?.type === 'ADDED' && event.jsonFrame(podHead)).toBe(frame);
    expect(JSON.parse(Buffer.from(frame!).toString())).toEqual({ type: 'ADDED', object: (await test.pods.get({ namespace: 'default', name: 'a' })).object });
    expect(frame?.at(-1)).toBe(0x0a);
  });

  it('that batches by turn gets all that a turn brings at once, in bytes that watchers in step share', async () => {
    const streams = await Promise.all([watch({ batchByTurn: true }), watch({ batchByTurn: true })]);
    const batches = streams.map(async (stream) => (await stream[Symbol.asyncIterator]().next()).value ?? []);
    await Promise.all(['a', 'b', 'c'].map((name) => test.pods.create(pod(name))));
    const [one, other] = await Promise.all(batches);
    expect(one?.map(eventLine)).toEqual(['ADDED default/a@2', 'ADDED default/b@3', 'ADDED default/c@4']);
    const frames = (batch: typeof one = []) => (batch[0] as ChangeEvent<TestPod>).jsonFrames(podHead, batch as ChangeEvent<TestPod>[]);
    expect(frames(other)).toBe(frames(one));
    expect(Buffer.from(frames(one)).toString().trimEnd().split('\n').map((line) => JSON.parse(line).object.metadata.name)).toEqual(['a', 'b', 'c']);
  });

  it('from a resourceVersion that is forgotten is refused in upstream words', async () => {
    await test.pods.create(pod('a'));
    await test.pods.create(pod('b'));
    await test.store.compact(test.store.revision);
    await expect(watch({ resourceVersion: '2' })).rejects.toMatchObject({ status: { code: 410, reason: 'Expired', message: 'too old resource version: 2 (3)' } });
    await expect(watch({ resourceVersion: 'x' })).rejects.toMatchObject({ status: { code: 500, message: 'resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax' } });
  });

  it('gets a bookmark a minute, and one before its time is over', async () => {
    const watching = await watch({ allowWatchBookmarks: true, timeoutMs: 90_000 });
    const lines: string[] = [];
    const done = (async () => {
      for await (const batch of watching) lines.push(...batch.map(eventLine));
    })();
    await test.store.txn({ compare: [], success: [{ type: 'put', key: '/elsewhere', value: new Uint8Array(1) }] });
    await test.clock.advance(61_000);
    expect(lines).toEqual(['BOOKMARK @2']);
    await test.pods.create(pod('a'));
    await test.clock.advance(40_000);
    await done;
    expect(lines).toEqual(['BOOKMARK @2', 'ADDED default/a@3', 'BOOKMARK @3']);
    expect(test.clock.pendingTimers).toBe(0);
  });

  it('that is not read is ended instead of filling the memory, and others go on', async () => {
    const slow = await watch();
    const quick = await watch();
    let seen = 0;
    const reading = (async () => {
      for await (const batch of quick) if ((seen += batch.length) === 9000) break;
    })();
    await test.pods.create(pod('a'));
    for (let i = 1; i < 9000; i++) await update('a', (current) => ({ ...current, spec: { image: String(i) } }));
    await reading;
    let got = 0;
    for await (const batch of slow) got += batch.length;
    expect(got).toBe(8192);
  });

  it('rejects with the reason of its signal', async () => {
    const watching = await watch();
    test.stop.abort(new Error('client gone'));
    await expect(takeEvents(watching, 1)).rejects.toThrow('client gone');
  });

  it('does not decode objects that nobody selects by or asks for', async () => {
    let decoded = 0;
    const other = await openTestStorage({ store: test.store, selectableFields: () => (decoded++, {}), indexedField: undefined });
    const watching = await other.pods.watch({ signal: other.stop.signal });
    await test.pods.create(pod('a'));
    await takeEvents(watching, 1);
    await other.pods.list({ namespace: 'default' });
    expect(decoded).toBe(0);
    other.stop.abort();
    await other.pods[Symbol.asyncDispose]();
  });

  it('gives a reader that has fallen behind what waits for it in batches of bounded size', async () => {
    for (let i = 0; i < 8; i++) await test.pods.create(pod(`old-${i}`, { image: 'x'.repeat(20_000) }));
    const watching = await watch();
    for (let i = 0; i < 8; i++) await test.pods.create(pod(`new-${i}`, { image: 'x'.repeat(20_000) }));
    await test.pods.list();
    const sizes: number[] = [];
    let seen = 0;
    for await (const batch of watching) {
      sizes.push(batch.reduce((size, event) => size + (event.type === 'BOOKMARK' ? 0 : event.stored.jsonSize(podHead)), 0));
      seen += batch.length;
      if (seen === 16) break;
    }
    expect(Math.max(...sizes)).toBeLessThan(100_000);
    expect(sizes.length).toBeLessThan(16);
  });
});
