import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../kube/apimachinery/virtual-clock.ts';
import { MemoryBackend, MemoryLog } from './backend/memory.ts';
import { openMemoryStore } from './memory-store.ts';
import { prefixRange } from './mvcc/key-range.ts';
import { bytes, text } from './store.contract.ts';
import { CompactedError, type Operation, type Store, StoreUnavailableError, type TxnRequest, type WatchBatch } from './store.ts';

const keys = ['/a', '/a/b', '/a/c', '/b', '/b/x', '/c'];

type Write = { readonly key: string; readonly value: string | undefined };
type Step =
  | { readonly type: 'txn'; readonly expectMissing: string | undefined; readonly writes: readonly Write[]; readonly failing: boolean }
  | { readonly type: 'burst'; readonly writes: readonly Write[] }
  | { readonly type: 'compact'; readonly back: number }
  | { readonly type: 'watch'; readonly prefix: string; readonly back: number }
  | { readonly type: 'reopen' };

const key = fc.constantFrom(...keys);
const write = fc.record({ key, value: fc.option(fc.constantFrom('1', '2', '3'), { nil: undefined }) });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('txn' as const), expectMissing: fc.option(key, { nil: undefined }), writes: fc.uniqueArray(write, { selector: (one) => one.key, maxLength: 3 }), failing: fc.nat(4).map((n) => n === 0) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('burst' as const), writes: fc.array(write, { maxLength: 6 }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('compact' as const), back: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('watch' as const), prefix: fc.constantFrom('/', '/a', '/b/'), back: fc.nat(8) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('reopen' as const) }) },
);

/** The simplest store there is: the whole state at every revision, and a line per event. */
class Model {
  readonly states: ReadonlyMap<string, string>[] = [new Map(), new Map()];
  readonly events: { readonly revision: number; readonly key: string; readonly line: string }[] = [];
  compactRevision = 0;

  get revision(): number {
    return this.states.length - 1;
  }
  get newest(): ReadonlyMap<string, string> {
    return this.states[this.revision]!;
  }

  apply(writes: readonly Write[]): void {
    const next = new Map(this.newest);
    const effective = writes.filter((one) => one.value !== undefined || next.has(one.key));
    if (effective.length === 0) return;
    const revision = this.revision + 1;
    for (const { key, value } of effective) {
      if (value === undefined) next.delete(key);
      else next.set(key, value);
      this.events.push({ revision, key, line: `${revision} ${key} ${value ?? 'deleted'}` });
    }
    this.states.push(next);
  }
}

/** A store and a model side by side. */
class Run {
  readonly model = new Model();
  readonly #log = new MemoryLog();
  readonly #clock = new VirtualClock();
  #backend = new MemoryBackend(this.#log);
  #store!: Store;
  #watches: { readonly prefix: string; readonly start: number; readonly seen: string[]; readonly done: Promise<unknown>; readonly stop: AbortController }[] = [];

  async open(): Promise<void> {
    this.#backend = new MemoryBackend(this.#log);
    this.#store = await openMemoryStore({ clock: this.#clock, backend: this.#backend });
  }

  async take(step: Step): Promise<void> {
    const { model } = this;
    switch (step.type) {
      case 'txn':
        return this.#txn(step);
      case 'burst':
        await Promise.all(step.writes.map((one) => this.#store.txn(requestOf([one], undefined))));
        for (const one of step.writes) model.apply([one]);
        return;
      case 'compact': {
        const revision = model.revision - step.back;
        if (revision <= model.compactRevision) return;
        // Who watches has seen everything by then, so nobody is overtaken.
        await this.#checkWatches();
        await this.#store.compact(revision);
        model.compactRevision = revision;
        return;
      }
      case 'watch':
        return this.#watch(step.prefix, Math.max(model.revision - step.back, 1, model.compactRevision));
      case 'reopen':
        await this.#checkWatches();
        await this.#stopWatches();
        await this.#store[Symbol.asyncDispose]();
        await this.open();
    }
  }

  async #txn({ expectMissing, writes, failing }: Extract<Step, { type: 'txn' }>): Promise<void> {
    const request = requestOf(writes, expectMissing);
    if (failing) {
      this.#backend.failWith(new StoreUnavailableError('ioError', 'broken'));
      const first = this.#store.txn(request).catch(() => undefined);
      await Promise.all([first, this.#store.txn(requestOf([{ key: '/zzz', value: '9' }], undefined)).catch(() => undefined)]);
      this.#backend.failWith();
      return;
    }
    const holds = expectMissing === undefined || !this.model.newest.has(expectMissing);
    const result = await this.#store.txn(request);
    if (holds) this.model.apply(writes);
    expect([result.succeeded, result.revision]).toEqual([holds, this.model.revision]);
  }

  #watch(prefix: string, start: number): void {
    const stop = new AbortController();
    const seen: string[] = [];
    const watch = this.#store.watch(prefixRange(prefix), { startRevision: start, signal: stop.signal });
    const done = collect(watch, seen).catch((error: unknown) => error);
    this.#watches.push({ prefix, start, seen, done, stop });
  }

  async #checkWatches(): Promise<void> {
    await this.#clock.advance(0);
    for (const { prefix, start, seen } of this.#watches) {
      const expected = this.model.events.filter((event) => event.revision >= start && event.key.startsWith(prefix));
      expect(seen).toEqual(expected.map(({ line }) => line));
    }
  }

  async #stopWatches(): Promise<void> {
    for (const { stop } of this.#watches) stop.abort();
    await Promise.all(this.#watches.map(({ done }) => done));
    this.#watches = [];
  }

  async finish(): Promise<void> {
    await this.#checkWatches();
    await this.#stopWatches();
    const { model } = this;
    expect([this.#store.revision, this.#store.compactRevision]).toEqual([model.revision, model.compactRevision]);
    for (let revision = 1; revision <= model.revision; revision++) {
      const read = this.#store.range(prefixRange('/'), { revision });
      if (revision < model.compactRevision) {
        await expect(read).rejects.toThrow(CompactedError);
        continue;
      }
      const found = (await read).kvs.map((kv): [string, string] => [kv.key, text(kv.value)]);
      expect(found).toEqual([...model.states[revision]!].toSorted(([a], [b]) => (a < b ? -1 : 1)));
    }
    await this.#store[Symbol.asyncDispose]();
  }
}

async function collect(watch: AsyncIterable<WatchBatch>, seen: string[]): Promise<void> {
  for await (const { events, revision } of watch) {
    for (const event of events) {
      seen.push(event.type === 'put' ? `${revision} ${event.kv.key} ${text(event.kv.value)}` : `${revision} ${event.key} deleted`);
    }
  }
}

function requestOf(writes: readonly Write[], expectMissing: string | undefined): TxnRequest {
  const success = writes.map(({ key, value }): Operation => (value === undefined ? { type: 'delete', range: { start: key } } : { type: 'put', key, value: bytes(value) }));
  return { compare: expectMissing === undefined ? [] : [{ key: expectMissing, target: 'version', operator: '=', value: 0 }], success };
}

describe('a store under random use', () => {
  it('behaves as a list of whole states does', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const run = new Run();
        await run.open();
        for (const one of steps) await run.take(one);
        await run.finish();
      }),
      { numRuns: Number(process.env['MODEL_RUNS'] ?? 150), ...(process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) }) },
    );
  });
});
