import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFieldSelector } from '../../../kube/apimachinery/field-selector.ts';
import { parseLabelSelector } from '../../../kube/apimachinery/label-selector-parser.ts';
import { isAlreadyExists, isNotFound } from '../../../kube/apimachinery/status.ts';
import type { Selection } from './object-storage.ts';
import { type TestStorage, openTestStorage, pod } from './test-storage.fixture.ts';

const selections: readonly Selection[] = [
  {},
  { namespace: 'n1' },
  { namespace: 'n1', name: 'a' },
  { labels: parseLabelSelector('app=x') },
  { fields: parseFieldSelector('spec.nodeName=x') },
  { namespace: 'n2', fields: parseFieldSelector('spec.nodeName=y'), labels: parseLabelSelector('app!=x') },
];

type Step =
  | { readonly type: 'write'; readonly namespace: string; readonly name: string; readonly value: string; readonly remove: boolean }
  | { readonly type: 'follow'; readonly selection: number; readonly way: 'list' | 'paged' | 'stream' }
  | { readonly type: 'compact' };

const letter = (...letters: string[]): fc.Arbitrary<string> => fc.constantFrom(...letters);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ type: fc.constant('write' as const), namespace: letter('n1', 'n2'), name: letter('a', 'b', 'c'), value: letter('x', 'y', ''), remove: fc.nat(3).map((n) => n === 0) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('follow' as const), selection: fc.nat(selections.length - 1), way: fc.constantFrom('list' as const, 'paged' as const, 'stream' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('compact' as const) }) },
);

/** A client's copy: what an informer holds. */
interface Follower {
  readonly selection: Selection;
  readonly copy: Map<string, string>;
}

async function write({ pods }: TestStorage, { namespace, name, value, remove }: Extract<Step, { type: 'write' }>): Promise<void> {
  try {
    if (remove) {
      await pods.delete({ namespace, name });
      return;
    }
    await pods.create(pod(name, { namespace, labels: { app: value }, nodeName: value }));
  } catch (error) {
    if (isNotFound(error)) return;
    if (!isAlreadyExists(error)) throw error;
    const change = { labels: { app: value }, nodeName: value };
    await pods.guaranteedUpdate({ namespace, name }, () => pod(name, { namespace, ...change })).catch((cause: unknown) => {
      if (!isNotFound(cause)) throw cause;
    });
  }
}

async function follow({ pods, stop }: TestStorage, selection: Selection, way: Extract<Step, { type: 'follow' }>['way']): Promise<Follower> {
  const copy = new Map<string, string>();
  let resourceVersion: string | undefined;
  if (way !== 'stream') {
    let page = await pods.list({ ...selection, ...(way === 'paged' ? { limit: 1 } : {}) });
    for (;;) {
      for (const item of page.items) copy.set(`${item.namespace}/${item.name}`, item.resourceVersion);
      if (page.continue === undefined) break;
      page = await pods.list({ ...selection, limit: 1, continue: page.continue });
    }
    ({ resourceVersion } = page);
  }
  const watch = await pods.watch({ ...selection, resourceVersion, signal: stop.signal });
  const apply = async (): Promise<void> => {
    for await (const batch of watch) {
      for (const event of batch) {
        if (event.type === 'BOOKMARK') continue;
        const name = `${event.stored.namespace}/${event.stored.name}`;
        expect(copy.has(name), `${event.type} ${name}`).toBe(event.type !== 'ADDED');
        if (event.type === 'DELETED') copy.delete(name);
        else copy.set(name, event.stored.resourceVersion);
      }
    }
  };
  const following = apply();
  following.catch(() => undefined);
  return { selection, copy };
}

describe('clients that list and watch', () => {
  it('end with what a list shows, whatever happens meanwhile', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.boolean(), async (steps, concurrent) => {
        const test = await openTestStorage();
        const followers: Promise<Follower>[] = [];
        const writes: Promise<void>[] = [];
        for (const one of steps) {
          if (one.type === 'follow') followers.push(follow(test, selections[one.selection]!, one.way));
          else if (one.type === 'write') writes.push(write(test, one));
          // A page that compaction overtakes is another test's matter.
          else if (!concurrent && test.store.revision > test.store.compactRevision) await Promise.all(followers).then(() => test.store.compact(test.store.revision));
          if (!concurrent) await writes.at(-1);
        }
        await Promise.all(writes);
        const all = await Promise.all(followers);
        await test.pods.list();
        await test.clock.advance(0);
        for (const { selection, copy } of all) {
          // An exact list reads the store, past the cache.
          const { items } = await test.pods.list({ ...selection, resourceVersion: String(test.store.revision), resourceVersionMatch: 'Exact' });
          expect([...copy].toSorted()).toEqual(items.map((item) => [`${item.namespace}/${item.name}`, item.resourceVersion]).toSorted());
        }
        await test.dispose();
      }),
      { numRuns: Number(process.env['MODEL_RUNS'] ?? 200), ...(process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) }) },
    );
  });
});
